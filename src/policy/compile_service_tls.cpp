// TLS to services: who a service must be, and what the gateway shows it.
#include <algorithm>

#include <fmt/format.h>

#include "policy/compile.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

// Everything a connection or a session depends on. Keys come in as their digest alone.
pki::Sha256 digest_of(const ServiceTls& tls) {
  std::vector<Bytes> parts = {tls.trust->identity(), as_bytes(tls.server_name.text),
                              as_bytes(tls.allows_tls_1_2 ? std::string_view("1.2") : "1.3")};
  for (const pki::CrlFacts& list : tls.trust->crls()) {
    parts.emplace_back(list.sha256);
    // It depends on max_age, too.
    parts.push_back(
        {reinterpret_cast<const std::uint8_t*>(&list.fresh_until.ms), sizeof list.fresh_until.ms});
  }
  if (tls.certificate) {
    parts.push_back(as_bytes(tls.certificate->chain_pem));
    parts.push_back(as_bytes(tls.certificate->key_pem));
  }
  return pki::sha256_of_list(parts);
}

}  // namespace

std::shared_ptr<const pki::Trust> Compiling::service_trust(const config::Service::Tls& tls,
                                                           const Node& block) {
  if (!require(block, "trust", "trust: \"services\", the name of a trust with usage: SERVICES")) {
    return nullptr;
  }
  const Position at = block.field("trust")->value_at();
  const auto found = std::ranges::find_if(
      out().trusts, [&](const auto& trust) { return trust->name() == tls.trust(); });
  if (found == out().trusts.end()) {
    // One that is defined and not there has its own complaint.
    if (!trusts_.contains(tls.trust())) unknown_name(at, "trust", tls.trust(), trusts_);
    return nullptr;
  }
  if ((*found)->for_services()) return *found;
  error(at, fmt::format("trust \"{}\" vouches for devices and not for services", tls.trust()),
        "name a trust with usage: SERVICES");
  return nullptr;
}

std::optional<Certificate> Compiling::shown_certificate(const Unit& unit,
                                                        const config::Service::Tls& tls,
                                                        const Node& block) {
  if (tls.has_certificate() && tls.use_gateway_certificate()) {
    error(block.field("use_gateway_certificate")->name_at(),
          "the gateway shows one certificate, not two",
          "remove this line or the certificate block");
    return std::nullopt;
  }
  std::optional<Certificate> shown;
  const Node* at = nullptr;
  if (tls.has_certificate()) {
    at = block.field("certificate");
    shown = compile_certificate(unit, *at);
  } else if (tls.use_gateway_certificate()) {
    at = block.field("use_gateway_certificate");
    shown = default_certificate_;
    if (!has_default_certificate_) {
      error(at->name_at(), "the gateway has no certificate of its own",
            "write certificate { chain_file: \"tls/gateway.pem\" key_file: \"tls/gateway.key\" } "
            "at the top of the configuration");
    }
  }
  if (shown && shown->purpose == pki::Purpose::kOther) {
    warning(at->name_at(),
            "this certificate is not meant for TLS clients (its extended key usage lacks "
            "clientAuth)",
            "services may refuse it: have one issued with clientAuth");
  }
  return shown;
}

void Compiling::compile_service_tls(const Unit& unit, const config::Service& service,
                                    const Node& block, Service& made) {
  if (!service.has_tls()) return;
  const config::Service::Tls& tls = service.tls();
  const Node& inner = *block.field("tls");
  auto out = std::make_shared<ServiceTls>();
  out->at = inner.name_at();
  out->trust = service_trust(tls, inner);
  out->certificate = shown_certificate(unit, tls, inner);
  out->allows_tls_1_2 = tls.min_tls() == config::Listener::V1_2;
  if (!require(inner, "server_name", "server_name: \"mes.plant.example\"")) return;
  auto name = pki::parse_server_name(tls.server_name());
  if (!name) {
    error(inner.field("server_name")->value_at(),
          fmt::format("{}: {}", quoted(tls.server_name()), name.error().what),
          "write the name in the service's certificate: \"mes.plant.example\" or \"10.20.0.6\"");
    return;
  }
  out->server_name = std::move(*name);
  if (out->trust == nullptr) return;
  out->digest = digest_of(*out);
  made.key += ' ' + to_hex(out->digest);
  made.tls = std::move(out);
}

}  // namespace interlock::policy
