#include "session/gate.h"

#include <fmt/format.h>

#include "lifecycle/intent_of.h"
#include "policy/describe.h"
#include "session/answer.h"
#include "session/identity_fields.h"

namespace interlock::session {
namespace {

constexpr HttpOperation kNoOperation{};

void name_permit(AuditRecord& written, const policy::Permit& permit) {
  written.permit = permit.name;
  written.service = permit.service->name;
}

}  // namespace

void Gate::look_again() {
  generation_ = context_.snapshots.generation();
  snapshot_ = context_.snapshots.current();
  const policy::Listener* listener = snapshot_->listener(origin_.listener);
  const std::span<const std::shared_ptr<const pki::Trust>> trusts =
      listener ? std::span(listener->trusts) : std::span<const std::shared_ptr<const pki::Trust>>{};
  admission_ = policy::admit(*snapshot_, trusts, chain_, context_.clock.wall(), context_.chains);
  if (listener == nullptr) {
    admission_.reason = Reason::listener_removed;
    admission_.detail = "the configuration has no listener \"" + origin_.listener + "\" any more";
  }
  if (proved_) remember();
  // Without a listener there are no facts, and the key is still the same.
  if (admission_.facts->leaf) spki_hex_ = to_hex(admission_.facts->leaf->spki_sha256);
  identity_fields_.clear();
  look_at_facts();
}

void Gate::look_at_facts() {
  facts_generation_ = context_.facts.generation();
  const FactsView& view = *context_.facts.current();
  standing_ = Standing();  // Nothing is in force: state_unavailable.
  known_ = nullptr;
  if (admission_.device == nullptr || !view.available()) return;
  known_ = view.find(admission_.device->id);
  standing_ = lifecycle::standing_of(known_.get(), lifecycle::intent_of(*admission_.device), {},
                                     context_.clock.wall());
}

std::string_view Gate::identity_fields() {
  if (identity_fields_.empty()) {
    identity_fields_ = session::identity_fields(admission_, chain_.front(), origin_.peer);
  }
  return identity_fields_;
}

void Gate::remember() {
  for (policy::Inspected& each : admission_.inspected) context_.chains.insert(std::move(each));
  admission_.inspected = {};
}

Reason Gate::admit(std::vector<Bytes> chain) {
  chain_ = std::move(chain);
  look_again();
  if (!admission_.admitted()) {
    AuditRecord refused = record(AuditEvent::kHandshake, kNoOperation);
    deny(refused, admission_.reason, admission_.detail);
  }
  return admission_.reason;
}

void Gate::refuse_handshake(Reason reason, std::string_view detail) {
  AuditRecord refused = record(AuditEvent::kHandshake, kNoOperation);
  deny(refused, reason, std::string(detail));
}

bool Gate::admission_outdated() const {
  return context_.snapshots.generation() != generation_ ||
         !policy::still_admitted(admission_, context_.clock.wall());
}

bool Gate::facts_outdated() const {
  return context_.facts.generation() != facts_generation_ ||
         (standing_.changes_at && *standing_.changes_at <= context_.clock.wall());
}

bool Gate::is_outdated() const { return admission_outdated() || facts_outdated(); }

Reason Gate::readmit() {
  if (admission_outdated()) {
    look_again();
  } else if (facts_outdated()) {
    look_at_facts();
  }
  return admission_.reason;
}

policy::Facts Gate::facts() const {
  return {.device = *admission_.device,
          .certificate_lifetime = admission_.certificate_lifetime(),
          .assurance = admission_.assurance(),
          .standing = &standing_,
          .remediation = snapshot_->remediation};
}

Judgement Gate::judge_again(const HttpOperation& operation) {
  if (const Reason standing = readmit(); standing != Reason::kNone) {
    return {.reason = standing, .detail = admission_.detail};
  }
  const policy::Facts facts = this->facts();
  const Decision decision = policy::decide(facts, operation);
  if (decision.allowed()) return {.permit = decision.permit};
  return {.reason = decision.reason, .detail = policy::describe(decision, facts, operation)};
}

Judgement Gate::judge_under_way(const HttpOperation& operation) {
  Judgement again = judge_again(operation);
  if (again.allowed()) return again;
  AuditRecord written = record(AuditEvent::kOperation, operation);
  if (!admission_.admitted()) return deny_standing(written);
  return deny(written, again.reason, std::move(again.detail));
}

Judgement Gate::judge(const HttpOperation& operation) {
  const Reason standing = readmit();
  AuditRecord written = record(AuditEvent::kOperation, operation);
  if (standing != Reason::kNone) return deny_standing(written);

  RateTable::Hold budgets(context_.rates, *admission_.device, context_.clock.now());
  policy::Facts facts = this->facts();
  facts.budgets = &budgets;
  const Decision decision = policy::decide(facts, operation);
  if (!decision.allowed()) {
    budgets.release();
    if (decision.permit != nullptr) name_permit(written, *decision.permit);
    Judgement judgement =
        deny(written, decision.reason, policy::describe(decision, facts, operation));
    judgement.retry_after_s = (decision.wait_ms + 999) / 1000;
    return judgement;
  }
  name_permit(written, *decision.permit);
  std::string goes_on;
  if (!operation.upgrade.empty()) {
    goes_on = fmt::format("may go on in {}", decision.permit->upgrade);
    written.detail = goes_on;
  }
  // What does not happen, because nobody can write it down, spends nothing.
  if (!context_.audit.append(written)) return deny(written, Reason::audit_unavailable, {});
  if (decision.spends_rate) budgets.spend(*decision.permit);
  context_.meter.decided(Reason::kNone);
  return {.permit = decision.permit, .body_bytes_max = decision.body_bytes_max};
}

Judgement Gate::refuse(Reason reason, std::string_view detail, const HttpOperation& operation,
                       int status) {
  AuditRecord written = record(AuditEvent::kOperation, operation);
  written.status = status;
  return deny(written, reason, std::string(detail));
}

std::string Gate::service_failed(const policy::Permit& permit, const HttpOperation& operation,
                                 Reason reason, std::string_view detail, int status) {
  AuditRecord written = record(AuditEvent::kService, operation);
  name_permit(written, permit);
  written.reason = reason;
  written.detail = detail;
  written.status = status;
  context_.meter.services.of(written.service).failures.add();
  // The operation itself is on record already; a full queue changes nothing about its outcome.
  return context_.refusals.write(written);
}

void Gate::tunnel_ended(const policy::Device& device, const policy::Permit& permit,
                        const HttpOperation& operation, Reason reason, std::string_view detail) {
  AuditRecord written = record(AuditEvent::kTunnelEnd, operation);
  name_device(written, device);
  name_permit(written, permit);
  written.reason = reason;
  written.detail = detail;
  const std::string id =
      reason == Reason::kNone ? std::string() : context_.refusals.new_denial_id();
  written.denial_id = id;
  if (reason != Reason::kNone) context_.meter.cut[static_cast<std::size_t>(reason)].add();
  // What has passed has passed, whether or not it can be written down.
  static_cast<void>(context_.audit.append(written));
}

// What is known of certificates is for the record; who has become a stranger is told no reason.
Judgement Gate::deny_standing(AuditRecord& written) {
  const Reason standing = admission_.reason;
  Judgement judgement = deny(written, standing, admission_.detail);
  judgement.detail = standing == Reason::unknown_device ? "denied" : what_happened(standing);
  return judgement;
}

Judgement Gate::deny(AuditRecord& written, Reason reason, std::string detail) {
  Judgement judgement{.reason = reason, .detail = std::move(detail)};
  if (judgement.detail.empty()) judgement.detail = what_happened(reason);
  written.reason = reason;
  written.detail = judgement.detail;
  if (written.event == AuditEvent::kOperation && written.status == 0) {
    written.status = http_status(reason);
  }
  count(written);
  if (reason == Reason::too_large) {
    const bool body = written.status == http_status(Reason::too_large);
    context_.meter.reached(body ? Limit::kBody : Limit::kHead);
  }
  // A refusal stands whether or not it could be written down.
  judgement.denial_id = context_.refusals.write(written);
  return judgement;
}

void Gate::count(const AuditRecord& refusal) const {
  Meter& meter = context_.meter;
  if (refusal.event == AuditEvent::kOperation) {
    meter.decided(refusal.reason);
  } else {
    (proved_ ? meter.cut : meter.handshakes_refused)[static_cast<std::size_t>(refusal.reason)]
        .add();
  }
}

void Gate::name_device(AuditRecord& written, const policy::Device& device) {
  written.device = device.id;
  written.function = device.function->name;
  if (device.tier != nullptr) written.tier = device.tier->name;
}

AuditRecord Gate::record(AuditEvent event, const HttpOperation& operation) const {
  AuditRecord written;
  written.event = event;
  written.time = context_.clock.wall();
  written.session = origin_.session;
  written.peer = origin_.peer;
  written.listener = origin_.listener;
  if (!admission_.facts->path.empty()) written.trust = admission_.facts->trust;
  written.spki = spki_hex_;
  if (admission_.facts->leaf) written.serial = admission_.facts->leaf->serial_hex;
  if (admission_.device != nullptr && proved_) {
    name_device(written, *admission_.device);
  }
  if (!operation.method.empty()) written.protocol = "http";
  written.method = operation.method;
  written.path = operation.path;
  if (snapshot_ != nullptr) written.policy = snapshot_->id;
  return written;
}

}  // namespace interlock::session
