#include "control/status.h"

namespace interlock::control {
namespace {

ListenerReport report_of(const policy::Listener& listener) {
  ListenerReport report{.name = listener.name,
                        .address = listener.address.to_string(),
                        .protocol = "HTTP",
                        .tls = {"TLS 1.3"},
                        .trusts = {},
                        .certificate_until = listener.certificate.not_after};
  if (listener.allows_tls_1_2) report.tls.insert(report.tls.begin(), "TLS 1.2");
  for (const auto& trust : listener.trusts) report.trusts.push_back(trust->name());
  return report;
}

TrustReport report_of(const pki::Trust& trust) {
  TrustReport report{.name = trust.name(), .no_revocation = trust.no_revocation(), .lists = {}};
  for (const pki::CrlFacts& list : trust.crls()) {
    report.lists.push_back({list.issuer, list.file, list.entries, list.fresh_until});
  }
  return report;
}

}  // namespace

StatusReport status_of(const policy::Snapshot& snapshot) {
  StatusReport report;
  report.gateway_id = snapshot.gateway_id;
  report.policy = snapshot.id;
  for (const policy::Listener& each : snapshot.listeners) {
    report.listeners.push_back(report_of(each));
  }
  for (const auto& each : snapshot.trusts) report.trusts.push_back(report_of(*each));
  report.num_devices = snapshot.devices.size();
  report.num_functions = snapshot.functions.size();
  report.audit_file = snapshot.audit_file;
  return report;
}

}  // namespace interlock::control
