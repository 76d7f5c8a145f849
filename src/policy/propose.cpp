#include "policy/propose.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "policy/describe.h"
#include "policy/path_relations.h"
#include "policy/units.h"
#include "wire/http1/media_type.h"

namespace interlock::policy {
namespace {

constexpr std::uint64_t kSmallestBody = 1024;
// Where the body comes in chunks, nobody knows how large it is going to be.
constexpr std::uint64_t kUnknownBody = 64 * kSmallestBody;

Proposal nothing(std::string note) { return {.note = std::move(note)}; }

// A round size that holds `bytes`: a device whose message grows by a byte is to work tomorrow.
std::uint64_t roomy(std::optional<std::uint64_t> bytes) {
  constexpr std::uint64_t kLargestPower = 1ULL << 63;
  if (!bytes) return kUnknownBody;
  if (*bytes == 0 || *bytes > kLargestPower) return *bytes;
  return std::max(std::bit_ceil(*bytes), kSmallestBody);
}

// The template that stands for this segment when this device asks, else the segment itself.
std::string generalised(std::string_view segment, const Device& device) {
  const auto own = [&](std::string_view name) { return binds(device.attribute(name), segment); };
  if (own("id")) return "{device.id}";
  if (own("site")) return "{device.site}";
  for (const auto& [name, value] : device.attributes) {
    if (own(name)) return fmt::format("{{device.{}}}", name);
  }
  return std::string(segment);
}

// The pattern that covers this path; nothing where no pattern can: "*" in a path is a name, in a
// pattern it is not.
std::optional<std::string> pattern_of(std::string_view path, const Device& device) {
  if (!path.starts_with('/') || path.find('*') != std::string_view::npos) return std::nullopt;
  std::string pattern;
  for (const std::string_view segment : split_path(path)) {
    pattern += '/';
    pattern += generalised(segment, device);
  }
  if (!parse_path_pattern(pattern)) return std::nullopt;
  return pattern;
}

// Whether loading would hold the two against each other.
bool may_meet(const PathPattern& mine, const Permit& other) {
  if (other.regex.empty()) return may_intersect(mine, other.pattern);
  const auto regex = PathRegex::parse(other.regex);
  return !regex || may_intersect(*regex, mine);
}

// The service of a new permit: that of the permits it may meet, because one path never has two;
// else the nearest permit's, or the only one there is. False where it would meet two.
bool choose_service(const Snapshot& snapshot, const Function& function, const Permit* nearest,
                    Proposal& made) {
  made.service = nearest != nullptr              ? nearest->service
                 : snapshot.services.size() == 1 ? snapshot.services.front().get()
                                                 : nullptr;
  const auto pattern = parse_path_pattern(made.path);
  const Service* met = nullptr;
  for (const Permit& permit : function.permits) {
    if (!permit.permits_method(made.method) || !may_meet(*pattern, permit)) continue;
    if (met != nullptr && met != permit.service) return false;
    met = permit.service;
  }
  if (met != nullptr) made.service = met;
  return true;
}

// "post-readings": the method and the last name of the path, unlike every other permit's.
std::string new_name(const Function& function, const Proposal& made) {
  std::string last;
  for (const std::string_view segment : split_path(made.path)) {
    if (!segment.empty() && segment.front() != '{') last = segment;
  }
  std::string name = to_lower(made.method) + (last.empty() ? "" : "-" + last);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        return !plain;
      },
      '-');
  constexpr std::size_t kRoomForNumber = 8;
  name.resize(std::min(name.size(), limits::kNameBytesMax - kRoomForNumber));
  const auto taken = [&](const std::string& wanted) {
    return std::any_of(function.permits.begin(), function.permits.end(),
                       [&](const Permit& permit) { return permit.name == wanted; });
  };
  std::string unlike = name;
  for (int n = 2; taken(unlike); ++n) unlike = fmt::format("{}-{}", name, n);
  return unlike;
}

// Whether nothing but the method, kind or size of the body, whichever the decision names, would
// change: then the nearest permit itself is changed, and no second one is needed beside it.
bool is_small_change(const Proposal& made, const HttpOperation& operation,
                     const Decision& decision) {
  const Permit& nearest = *decision.permit;
  if (nearest.path != made.path || nearest.service != made.service) return false;
  const bool kind_fits =
      !operation.has_body() || nearest.permits_content_type(operation.content_type);
  const bool size_fits = operation.body_bytes.value_or(0) <= nearest.body_bytes_max;
  switch (decision.difference) {
    case Difference::kMethod:
      return kind_fits && size_fits && made.upgrade.empty();
    case Difference::kUpgrade:
      return nearest.methods.size() == 1 && nearest.upgrade.empty() && !operation.has_body();
    case Difference::kContentType:
      return nearest.methods.size() == 1 && size_fits;
    case Difference::kBody:
      return nearest.methods.size() == 1;
    default:
      return false;  // open set: any other difference is one of the path.
  }
}

std::string caution(const Snapshot& snapshot, const Facts& facts, const HttpOperation& operation,
                    const Proposal& made) {
  const auto asked = split_path(operation.path), written = split_path(made.path);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i] != written[i] || snapshot.device(asked[i]) == nullptr) continue;
    return fmt::format(
        "\"{}\" is another device: every device of function \"{}\" could then act for it; rather "
        "let the client use its own name",
        asked[i], facts.device.function->name);
  }
  if (made.service == nullptr) return "write the name of the service in place of \"...\"";
  if (!operation.body_bytes) {
    return "the body comes in chunks, so that its size is a guess: write as much as it needs";
  }
  return {};
}

// The protocol of a permit for what the request asks for; nothing where no permit can name it.
std::optional<std::string> upgrade_of(const HttpOperation& operation) {
  if (operation.upgrade.empty()) return std::string();
  if (!is_upgrade(operation.upgrade) || operation.method != "GET" || operation.has_body()) {
    return std::nullopt;
  }
  return to_lower(operation.upgrade);
}

Proposal propose_permit(const Snapshot& snapshot, const Facts& facts,
                        const HttpOperation& operation, const Decision& decision) {
  const Function& function = *facts.device.function;
  if (!is_permittable_method(operation.method)) {
    return nothing("no permit can name this method: correct the client");
  }
  const auto pattern = pattern_of(operation.path, facts.device);
  if (!pattern) return nothing("no path of a permit can name exactly this one: correct the client");
  const auto upgrade = upgrade_of(operation);
  if (!upgrade) return nothing("no permit can name this upgrade: correct the client");
  Proposal made{.kind = Proposal::Kind::kPermit,
                .method = std::string(operation.method),
                .path = *pattern,
                .upgrade = *upgrade,
                .body_bytes_max = roomy(operation.body_bytes)};
  if (operation.has_body()) {
    made.content_type = to_lower(http1::media_type(operation.content_type));
    if (made.content_type.find('*') != std::string::npos) made.content_type.clear();
  }
  if (!choose_service(snapshot, function, decision.permit, made)) {
    return nothing(
        "permits on two services stand close to this path: only a person can say where it belongs");
  }
  made.note = caution(snapshot, facts, operation, made);
  if (decision.reason != Reason::no_permit) {
    made.rate = decision.permit->rate;  // What covers nearly the same is as often allowed.
    if (is_small_change(made, operation, decision)) {
      made.kind = Proposal::Kind::kChange;
      made.nearest = decision.permit;
      made.change = decision.difference;
    }
  }
  made.name = new_name(function, made);
  return made;
}

std::string change_text(const Proposal& proposal) {
  std::string what;
  if (proposal.change == Difference::kMethod) {
    what = fmt::format("add method: \"{}\" to", proposal.method);
  } else if (proposal.change == Difference::kContentType) {
    what = fmt::format("add content_type: \"{}\" to", proposal.content_type);
  } else if (proposal.change == Difference::kUpgrade) {
    what = fmt::format("add upgrade: \"{}\" to", proposal.upgrade);
  } else {
    what = fmt::format("write max_body: \"{}\" in", format_size(proposal.body_bytes_max));
  }
  return fmt::format("{} the http block of permit \"{}\"", what, proposal.nearest->name);
}

}  // namespace

Proposal propose(const Snapshot& snapshot, const Facts& facts, const HttpOperation& operation,
                 const Decision& decision) {
  const bool has_type = !http1::media_type(operation.content_type).empty();
  switch (decision.reason) {
    case Reason::content_type_not_permitted:
      if (!has_type) {
        return nothing(fmt::format("let the client send one well-formed Content-Type: {}",
                                   fmt::join(decision.permit->content_types, " or ")));
      }
      return propose_permit(snapshot, facts, operation, decision);
    case Reason::no_permit:
    case Reason::method_not_permitted:
    case Reason::upgrade_not_permitted:
    case Reason::too_large:
      return propose_permit(snapshot, facts, operation, decision);
    case Reason::rate_limited:
      return nothing(fmt::format("no other permit is needed: wait {} ms, or raise the rate of {}",
                                 decision.wait_ms, rate_text(*decision.permit->rate)));
    default:  // open set: every other reason is about the caller, or the gateway itself.
      return nothing(fmt::format("no permit would help. {}", what_to_do(decision.reason)));
  }
}

std::string to_text(const Proposal& proposal) {
  if (proposal.kind == Proposal::Kind::kNone) return {};
  if (proposal.kind == Proposal::Kind::kChange) return change_text(proposal);
  std::string kind_and_size;
  if (!proposal.content_type.empty()) {
    kind_and_size = fmt::format("content_type: \"{}\" ", proposal.content_type);
  }
  kind_and_size += fmt::format("max_body: \"{}\"", format_size(proposal.body_bytes_max));
  if (!proposal.upgrade.empty()) {
    kind_and_size += fmt::format(" upgrade: \"{}\"", proposal.upgrade);
  }
  std::string rate;
  if (proposal.rate) {
    rate = fmt::format(" rate {{ limit: {} per: \"{}\" burst: {} }}", proposal.rate->limit,
                       format_duration(proposal.rate->per), proposal.rate->burst);
  }
  return fmt::format(
      "permit {{ name: \"{}\" service: \"{}\" http {{ method: \"{}\" path: \"{}\" {} }}{} }}",
      proposal.name, proposal.service != nullptr ? proposal.service->name : "...", proposal.method,
      proposal.path, kind_and_size, rate);
}

}  // namespace interlock::policy
