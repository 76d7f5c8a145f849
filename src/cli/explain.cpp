// interlock explain: would this device be allowed to do this, and why not? Offline, by the same
// functions that decide in the gateway.
#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/explanation.h"
#include "control/configuration.h"
#include "files/posix_files.h"
#include "net/loop.h"
#include "policy/admit.h"
#include "policy/units.h"
#include "wire/http1/grammar.h"
#include "wire/http1/target.h"

namespace interlock::cli {
namespace {

int complain(const std::string& what) {
  fmt::print(stderr, "interlock explain: {}\n", what);
  return kExitError;
}

// Holds the text that its operation points into.
struct Asked {
  std::string method, content_type, upgrade;
  http1::Target target;
  std::optional<std::uint64_t> body_bytes = 0;

  [[nodiscard]] HttpOperation operation() const {
    return {method, target.path, body_bytes, content_type, upgrade};
  }
};

// Splits "METHOD /path" and reads the path as the gateway would.
std::optional<Asked> parse_operation(const std::string& text, Explanation& out) {
  const std::size_t space = text.find(' ');
  Asked asked{.method = text.substr(0, space)};
  const bool shaped = space != std::string::npos && text.substr(space + 1).starts_with('/') &&
                      text.find(' ', space + 1) == std::string::npos &&
                      http1::is_token(asked.method);
  if (!shaped) {
    complain(
        fmt::format("--http takes a method and a path, such as 'GET /v1/status', not '{}'", text));
    return std::nullopt;
  }
  const auto target = http1::parse_target(std::string_view(text).substr(space + 1));
  if (target) {
    asked.target = *target;
  } else {
    out.decision.reason = target.error().reason;
    out.detail = target.error().what;
  }
  return asked;
}

bool parse_body(const ExplainOptions& options, Asked& asked) {
  if (options.content_type) {
    asked.content_type = http1::trim_ows(*options.content_type);
    asked.body_bytes.reset();
  }
  if (!options.body) return true;
  asked.body_bytes = policy::parse_size(*options.body);
  if (asked.body_bytes) return true;
  complain(fmt::format("--body '{}' is no size: {}", *options.body, policy::kSizeHint));
  return false;
}

// Finds the device that `cert` would be, as the listener would find it.
std::optional<policy::Admission> admit_certificate(port::Files& files,
                                                   const policy::Snapshot& snapshot,
                                                   const ExplainOptions& options) {
  const policy::Listener* listener = options.listener.empty() && snapshot.listeners.size() == 1
                                         ? &snapshot.listeners.front()
                                         : snapshot.listener(options.listener);
  if (listener == nullptr) {
    complain(options.listener.empty() ? "name the listener with --listener: there is more than one"
                                      : fmt::format("there is no listener '{}'", options.listener));
    return std::nullopt;
  }
  const auto pem = files.read(options.cert, limits::kAuthorityFileBytesMax);
  if (!pem) {
    complain(fmt::format("cannot read {}: {}", options.cert,
                         pem.error().sys != 0 ? errno_text(pem.error().sys) : pem.error().what));
    return std::nullopt;
  }
  const auto ders = pki::pem_certificates(*pem);
  if (!ders) {
    complain(fmt::format("{}: {}", options.cert, ders.error().what));
    return std::nullopt;
  }
  const std::vector<Bytes> chain(ders->begin(), ders->end());
  return policy::admit(snapshot, listener->trusts, chain, net::SystemClock().wall());
}

}  // namespace

int explain(const ExplainOptions& options) {
  files::PosixFiles files;
  const policy::Loaded loaded =
      control::load_configuration(files, options.config, net::SystemClock().wall());
  for (const policy::Problem& problem : loaded.problems) {
    fmt::print(stderr, "{}\n", policy::to_string(problem));
  }
  if (!options.denial_id.empty()) return explain_denial(options, loaded.snapshot.get());
  if (loaded.snapshot == nullptr) return complain("the configuration is not in order");
  const policy::Snapshot& snapshot = *loaded.snapshot;
  Explanation out{.asked = options.http};
  auto asked = parse_operation(options.http, out);
  if (!asked || !parse_body(options, *asked)) return kExitError;
  asked->upgrade = options.upgrade;

  std::optional<Millis> lifetime;
  int assurance = kUniqueKeyAssurance;
  if (!options.cert.empty()) {
    const auto admission = admit_certificate(files, snapshot, options);
    if (!admission) return kExitError;
    lifetime = admission->certificate_lifetime();
    assurance = admission->assurance();
    out.certificate_judged = true;
    out.device = admission->device;
    // Who is calling is judged before what it asks for.
    if (!admission->admitted()) {
      out.decision.reason = admission->reason;
      out.detail = admission->detail;
    }
    if (admission->facts->leaf) {
      out.identity =
          fmt::format("{} (trust {})", admission->facts->leaf->subject, admission->facts->trust);
    }
  } else if ((out.device = snapshot.device(options.device)) == nullptr) {
    return complain(fmt::format("the inventory has no device '{}'", options.device));
  }
  if (out.decision.allowed()) {
    decide(snapshot,
           {.device = *out.device, .certificate_lifetime = lifetime, .assurance = assurance},
           asked->operation(), out);
  } else {
    out.proposal.note = "no permit would help";
  }
  if (options.json) {
    fmt::print("{}\n", to_json(out));
  } else {
    print_text(out);
  }
  return out.decision.allowed() ? kExitOk : kExitDenied;
}

}  // namespace interlock::cli
