// Names, files, tiers and listeners.
#include "policy/compile.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "pki/digest.h"
#include "pki/key_pair.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

std::string reason_of(const Error& error) {
  return std::string(error.sys != 0 ? errno_text(error.sys) : error.what);
}

}  // namespace

std::string name_hint(std::string_view name) {
  if (name.ends_with('.')) return "a name has no dot at its end, because it may stand in a path";
  return fmt::format("use up to {} letters, digits, dots, underscores and dashes",
                     limits::kNameBytesMax);
}

std::string resolve(const std::string& file, const std::string& path) {
  if (path.starts_with('/')) return path;
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? path : file.substr(0, slash + 1) + path;
}

void Compiling::add(Problem problem) {
  const bool room = result_.problems.size() < limits::kConfigErrorsMax;
  if (room || (!problem.warning && !full())) {
    result_.problems.push_back(std::move(problem));
  } else {
    ++num_left_out_;
  }
}

bool Compiling::full() const {
  return result_.problems.size() >= limits::kConfigErrorsMax && has_errors(result_.problems);
}

void Compiling::error(const Position& at, std::string message, std::string hint) {
  add({at, std::move(message), std::move(hint), false});
}

void Compiling::warning(const Position& at, std::string message, std::string hint) {
  add({at, std::move(message), std::move(hint), true});
}

bool Compiling::require(const Node& block, const char* field, const std::string& example) {
  const Node* found = block.field(field);
  if (found != nullptr && (found->kind() != Node::Kind::kString || !found->value().empty())) {
    return true;
  }
  const std::string what = block.name().empty() ? "the configuration" : std::string(block.name());
  error(found != nullptr ? found->value_at() : block.name_at(),
        fmt::format("{} needs {}", what, field), "write " + example);
  return false;
}

bool Compiling::define(Names& names, const char* kind, const Node& block, const std::string& name) {
  if (!require(block, "name", fmt::format("name: \"...\""))) return false;
  const Position at = block.field("name")->value_at();
  if (!is_path_name(name)) {
    error(at, fmt::format("{} is no name", quoted(name)), name_hint(name));
    return false;
  }
  const auto [first, fresh] = names.emplace(name, at);
  if (fresh) return true;
  error(at, fmt::format("{} \"{}\" is defined twice", kind, name),
        fmt::format("it is first defined at {}", to_string(first->second)));
  return false;
}

void Compiling::unknown_name(const Position& at, const char* kind, std::string_view name,
                             const Names& names) {
  std::vector<std::string_view> known;
  if (!full()) {  // Else nobody reads the hint, and rows may be a million.
    for (const auto& [each, place] : names) known.push_back(each);
  }
  unknown_name(at, kind, name, std::move(known));
}

void Compiling::unknown_name(const Position& at, const char* kind, std::string_view name,
                             std::vector<std::string_view> known) {
  constexpr std::size_t kListedMax = 10;
  std::sort(known.begin(), known.end());
  const std::string_view meant = nearest(name, known);
  std::string hint;
  if (!meant.empty()) {
    hint = fmt::format("did you mean \"{}\"?", meant);
  } else if (known.empty()) {
    hint = fmt::format("no {} is defined", kind);
  } else {
    const bool more = known.size() > kListedMax;
    if (more) known.resize(kListedMax);
    hint = fmt::format("defined are: {}{}", fmt::join(known, ", "), more ? ", ..." : "");
  }
  error(at, fmt::format("there is no {} {}", kind, quoted(name)), std::move(hint));
}

void Compiling::remember(const std::string& path, std::string_view text) {
  out().files.push_back({path, pki::sha256(as_bytes(text))});
}

void Compiling::remember_glob(const std::string& pattern) { out().globs.push_back(pattern); }

std::optional<std::string> Compiling::read_file(const std::string& path, const Position& at,
                                                std::size_t bytes_max) {
  auto content = files_.read(path, bytes_max);
  if (!content) {
    error(at, fmt::format("cannot read {}: {}", path, reason_of(content.error())),
          "paths are relative to the file that names them");
    return std::nullopt;
  }
  remember(path, *content);
  return std::move(*content);
}

std::optional<Millis> Compiling::duration(const Node& block, const char* field) {
  const Node& given = *block.field(field);
  const auto parsed = parse_duration(given.value());
  if (!parsed) {
    error(given.value_at(), fmt::format("{} is no duration", quoted(given.value())),
          std::string(kDurationHint));
  }
  return parsed;
}

void Compiling::compile_tiers(const Unit& unit) {
  for (int i = 0; i < unit.text.message.tier_size(); ++i) {
    const config::Tier& tier = unit.text.message.tier(i);
    const Node& block = *unit.text.tree.root().field("tier", static_cast<std::size_t>(i));
    Tier made{.name = tier.name(),
              .hardware_backed_key = tier.hardware_backed_key(),
              .attestation = tier.has_attestation()};
    if (tier.has_max_certificate_lifetime()) {
      made.max_certificate_lifetime = duration(block, "max_certificate_lifetime");
    }
    if (const Node* attestation = block.field("attestation")) {
      require(*attestation, "accept", "accept: TPM2");
      if (tier.attestation().has_max_age()) duration(*attestation, "max_age");
    }
    if (tier.has_attestation() || tier.hardware_backed_key()) {
      warning(
          block.field(tier.has_attestation() ? "attestation" : "hardware_backed_key")->name_at(),
          "devices cannot attest to this version yet, so every operation of this tier's devices is "
          "refused",
          "put devices that are to work into another tier");
    }
    if (define(tiers_, "tier", block, tier.name())) {
      out().tiers.push_back(std::make_unique<const Tier>(std::move(made)));
    }
  }
}

std::optional<Certificate> Compiling::compile_certificate(const Unit& unit, const Node& block) {
  if (!require(block, "chain_file", "chain_file: \"tls/gateway.pem\"")) return std::nullopt;
  if (!require(block, "key_file", "key_file: \"tls/gateway.key\"")) return std::nullopt;
  const Node* chain = block.field("chain_file");
  const Node* key = block.field("key_file");
  const std::string chain_file = resolve(unit.file, chain->value());
  const std::string key_file = resolve(unit.file, key->value());
  auto chain_pem = read_file(chain_file, chain->value_at(), limits::kAuthorityFileBytesMax);
  auto key_pem = read_file(key_file, key->value_at(), limits::kAuthorityFileBytesMax);
  if (!chain_pem || !key_pem) return std::nullopt;
  const auto pair = pki::check_key_pair(*chain_pem, *key_pem);
  if (!pair) {
    const bool bad_chain = !pki::pem_certificates(*chain_pem);
    error((bad_chain ? chain : key)->value_at(), pair.error().what,
          "chain_file begins with the gateway's own certificate; key_file is its key");
    return std::nullopt;
  }
  if (pair->not_after < now_) {
    warning(chain->value_at(),
            fmt::format("the gateway's certificate expired at {}", format_utc(pair->not_after)),
            "devices that check it will not connect: renew it");
  }
  return Certificate{chain_file,          std::move(*chain_pem), key_file,
                     std::move(*key_pem), pair->not_after,       pair->purpose};
}

void Compiling::compile_listeners(const Unit& unit) {
  for (int i = 0; i < unit.text.message.listener_size(); ++i) {
    const config::Listener& listener = unit.text.message.listener(i);
    const Node& block = *unit.text.tree.root().field("listener", static_cast<std::size_t>(i));
    const bool named = define(listeners_, "listener", block, listener.name());
    Listener made{.name = listener.name(),
                  .allows_tls_1_2 = listener.min_tls() == config::Listener::V1_2};
    require(block, "protocol", "protocol: HTTP");
    if (require(block, "address", "address: \"192.0.2.1:8443\"")) {
      const auto address = parse_endpoint(listener.address());
      if (!address) {
        error(block.field("address")->value_at(), address.error().what, std::string(kEndpointHint));
      }
      if (address) made.address = *address;
      made.at = block.field("address")->value_at();
      if (address && out().admin_metrics == *address) {
        error(block.field("address")->value_at(), "metrics are served at this address",
              fmt::format("give one of the two another port; the other is at {}",
                          to_string(out().places.admin_metrics)));
      }
      for (const Listener& other : out().listeners) {
        if (address && other.address == *address) {
          error(block.field("address")->value_at(),
                fmt::format("listener \"{}\" has this address already", other.name),
                "give it another address or port");
        }
      }
    }
    require(block, "trust", "trust: \"plant\", the name of a trust");
    for (int t = 0; t < listener.trust_size(); ++t) {
      const Node* field = block.field("trust", static_cast<std::size_t>(t));
      const auto at =
          std::find_if(out().trusts.begin(), out().trusts.end(),
                       [&](const auto& trust) { return trust->name() == listener.trust(t); });
      if (at != out().trusts.end()) {
        made.trusts.push_back(*at);
      } else if (!trusts_.contains(listener.trust(t))) {
        unknown_name(field->value_at(), "trust", listener.trust(t), trusts_);
      }
      if (at != out().trusts.end() && (*at)->enrolment_only()) {
        error(field->value_at(),
              fmt::format("trust \"{}\" is ENROLMENT_ONLY and cannot admit to operations",
                          (*at)->name()),
              "name a trust of devices in operation");
      }
      if (at != out().trusts.end() && (*at)->for_services()) {
        error(field->value_at(),
              fmt::format("trust \"{}\" is for SERVICES and vouches for no device", (*at)->name()),
              "name a trust of devices in operation");
      }
    }
    if (listener.has_certificate()) {
      if (auto own = compile_certificate(unit, *block.field("certificate"))) {
        made.certificate = std::move(*own);
      }
    } else if (default_certificate_) {
      made.certificate = *default_certificate_;
    } else if (!has_default_certificate_) {
      error(block.name_at(), "the listener has no certificate",
            "write certificate { chain_file: \"tls/gateway.pem\" key_file: \"tls/gateway.key\" } "
            "at the top of the configuration");
    }
    if (named) out().listeners.push_back(std::move(made));
  }
}

std::shared_ptr<const Snapshot> Compiling::finish() {
  // One line for each file, however often it was read and in whichever order it was named.
  std::vector<ReadFile>& files = out().files;
  std::sort(files.begin(), files.end(), [](const ReadFile& a, const ReadFile& b) {
    return std::tie(a.path, a.sha256) < std::tie(b.path, b.sha256);
  });
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::string contents;
  for (const ReadFile& file : files) {
    contents += fmt::format("{} {}\n", file.path, to_hex(file.sha256));
  }
  out().id = to_hex(pki::sha256(as_bytes(contents))).substr(0, 16);
  return snapshot_;
}

}  // namespace interlock::policy
