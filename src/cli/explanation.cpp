#include "cli/explanation.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/json.h"
#include "policy/describe.h"

namespace interlock::cli {
namespace {

std::string permit_line(const policy::Permit& permit) {
  return fmt::format("{} ({} {} on {})", permit.name, fmt::join(permit.methods, "|"),
                     policy::path_text(permit), permit.service->name);
}

}  // namespace

void decide(const policy::Snapshot& snapshot, const policy::Facts& facts,
            const HttpOperation& operation, Explanation& out) {
  out.decision = policy::decide(facts, operation);
  out.detail = policy::describe(out.decision, facts, operation);
  if (!out.decision.allowed()) {
    out.proposal = policy::propose(snapshot, facts, operation, out.decision);
  }
}

void print_text(const Explanation& out) {
  const auto line = [](const char* name, std::string_view value) {
    if (!value.empty()) fmt::print("{:<10} {}\n", name, value);
  };
  const bool allowed = out.decision.allowed();
  const policy::Permit* permit = out.decision.permit;
  line("operation", out.asked);
  line("identity", out.identity);
  if (out.device != nullptr) {
    line("device", fmt::format("{} (inventory line {})", out.device->id, out.device->line));
    line("function", out.device->function->name);
    if (out.device->tier != nullptr) line("tier", out.device->tier->name);
  }
  line("decision", allowed ? "allow" : fmt::format("deny: {}", to_string(out.decision.reason)));
  if (permit != nullptr) line(allowed ? "permit" : "nearest", permit_line(*permit));
  line("because", out.detail);
  if (!out.certificate_judged) {
    line("assuming", "the device shows a good certificate of its own; --cert FILE judges that too");
  }
  if (allowed && permit != nullptr) {
    if (permit->rate) line("rate", policy::rate_text(*permit->rate) + ", taken as not used up");
    line("forwarded",
         fmt::format("to {} at {}", permit->service->name, permit->service->authority()));
    return;
  }
  line("what to do", what_to_do(out.decision.reason));
  line("smallest", policy::to_text(out.proposal));
  line("note", out.proposal.note);
}

std::string to_json(const Explanation& out) {
  std::string text;
  JsonWriter json(text);
  const bool allowed = out.decision.allowed();
  json.begin_object().member("operation", out.asked);
  json.member("decision", allowed ? "allow" : "deny");
  if (!allowed) json.member("reason", to_string(out.decision.reason));
  json.member("detail", out.detail).member("certificate_judged", out.certificate_judged);
  if (!out.identity.empty()) json.member("identity", out.identity);
  if (out.device != nullptr) {
    json.member("device", out.device->id).member("function", out.device->function->name);
    if (out.device->tier != nullptr) json.member("tier", out.device->tier->name);
  }
  if (const policy::Permit* permit = out.decision.permit) {
    json.member(allowed ? "permit" : "nearest_permit", permit->name);
    json.member("service", permit->service->name);
  }
  const std::string proposed = policy::to_text(out.proposal);
  if (!proposed.empty()) {
    const bool change = out.proposal.kind == policy::Proposal::Kind::kChange;
    json.member(change ? "smallest_change" : "smallest_permit", proposed);
  }
  if (!out.proposal.note.empty()) json.member("note", out.proposal.note);
  json.end_object();
  return text;
}

}  // namespace interlock::cli
