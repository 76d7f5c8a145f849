// interlock explain: would this device be allowed to do this, and why not? Offline, by the same
// functions that decide in the gateway.
#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/json.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "control/configuration.h"
#include "files/posix_files.h"
#include "net/loop.h"
#include "policy/admit.h"
#include "policy/describe.h"
#include "wire/http1/grammar.h"
#include "wire/http1/target.h"

namespace interlock::cli {
namespace {

// Explanation is everything that is said, in the order in which it is said.
struct Explanation {
  std::string asked;
  std::string identity;
  bool certificate_judged = false;
  const policy::Device* device = nullptr;
  const policy::Permit* permit = nullptr;
  Reason reason = Reason::kNone;
  std::string detail;
};

int complain(const std::string& what) {
  fmt::print(stderr, "interlock explain: {}\n", what);
  return kExitError;
}

struct Operation {
  std::string method;
  http1::Target target;
};

// Splits "METHOD /path" and reads the path as the gateway would.
std::optional<Operation> parse_operation(const std::string& text, Explanation& out) {
  const std::size_t space = text.find(' ');
  Operation operation{.method = text.substr(0, space), .target = {}};
  const bool shaped = space != std::string::npos && text.substr(space + 1).starts_with('/') &&
                      text.find(' ', space + 1) == std::string::npos &&
                      http1::is_token(operation.method);
  if (!shaped) {
    complain(
        fmt::format("--http takes a method and a path, such as 'GET /v1/status', not '{}'", text));
    return std::nullopt;
  }
  const auto target = http1::parse_target(std::string_view(text).substr(space + 1));
  if (target) {
    operation.target = *target;
  } else {
    out.reason = target.error().reason;
    out.detail = target.error().what;
  }
  return operation;
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
    complain(
        fmt::format("cannot read {}: {}", options.cert,
                    pem.error().sys != 0 ? strerrordesc_np(pem.error().sys) : pem.error().what));
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

void print_text(const Explanation& out) {
  const auto line = [](const char* name, std::string_view value) {
    if (!value.empty()) fmt::print("{:<10} {}\n", name, value);
  };
  line("operation", out.asked);
  line("identity", out.identity);
  if (out.device != nullptr) {
    line("device", fmt::format("{} (inventory line {})", out.device->id, out.device->line));
    line("function", out.device->function->name);
    if (out.device->tier != nullptr) line("tier", out.device->tier->name);
  }
  line("decision",
       out.reason == Reason::kNone ? "allow" : fmt::format("deny: {}", to_string(out.reason)));
  line("because", out.detail);
  if (!out.certificate_judged) {
    line("assuming", "the device shows a good certificate of its own; --cert FILE judges that too");
  }
  if (out.reason == Reason::kNone) {
    line("forwarded", fmt::format("to {} at {}", out.permit->service->name,
                                  out.permit->service->endpoint.to_string()));
  } else {
    line("what to do", what_to_do(out.reason));
  }
}

void print_json(const Explanation& out) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("operation", out.asked);
  json.member("decision", out.reason == Reason::kNone ? "allow" : "deny");
  if (out.reason != Reason::kNone) json.member("reason", to_string(out.reason));
  json.member("detail", out.detail).member("certificate_judged", out.certificate_judged);
  if (!out.identity.empty()) json.member("identity", out.identity);
  if (out.device != nullptr) {
    json.member("device", out.device->id).member("function", out.device->function->name);
    if (out.device->tier != nullptr) json.member("tier", out.device->tier->name);
  }
  if (out.permit != nullptr) {
    json.member(out.reason == Reason::kNone ? "permit" : "nearest_permit", out.permit->name);
    json.member("service", out.permit->service->name);
  }
  json.end_object();
  fmt::print("{}\n", text);
}

}  // namespace

int explain(const ExplainOptions& options) {
  files::PosixFiles files;
  const policy::Loaded loaded =
      control::load_configuration(files, options.config, net::SystemClock().wall());
  for (const policy::Problem& problem : loaded.problems) {
    fmt::print(stderr, "{}\n", policy::to_string(problem));
  }
  if (loaded.snapshot == nullptr) return complain("the configuration is not in order");
  const policy::Snapshot& snapshot = *loaded.snapshot;
  Explanation out{.asked = options.http};
  const auto operation = parse_operation(options.http, out);
  if (!operation) return kExitError;

  std::optional<Millis> lifetime;
  if (!options.cert.empty()) {
    const auto admission = admit_certificate(files, snapshot, options);
    if (!admission) return kExitError;
    lifetime = admission->certificate_lifetime();
    out.certificate_judged = true;
    out.device = admission->device;
    // Who is calling is judged before what it asks for.
    if (!admission->admitted()) {
      out.reason = admission->reason;
      out.detail = admission->detail;
    }
    if (admission->facts->leaf) {
      out.identity =
          fmt::format("{} (trust {})", admission->facts->leaf->subject, admission->facts->trust);
    }
  } else if ((out.device = snapshot.device(options.device)) == nullptr) {
    return complain(fmt::format("the inventory has no device '{}'", options.device));
  }
  if (out.reason == Reason::kNone) {
    const policy::Facts facts{*out.device, lifetime};
    const HttpOperation asked{.method = operation->method, .path = operation->target.path};
    const Decision decision = policy::decide(facts, asked);
    out.reason = decision.reason;
    out.permit = decision.permit;
    out.detail = policy::describe(decision, facts, asked);
  }
  options.json ? print_json(out) : print_text(out);
  return out.reason == Reason::kNone ? kExitOk : kExitDenied;
}

}  // namespace interlock::cli
