// Can bytes from a client get past the decision? From bytes to decision to bytes, as a session does
// it: whatever is forwarded was permitted, and the service reads exactly the request that was
// judged, with exactly its body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/hex.h"
#include "base/result.h"
#include "base/text.h"
#include "policy/describe.h"
#include "wire/http1/encoder.h"
#include "wire/http1/media_type.h"
#include "wire/http1/request_decoder.h"

namespace {

using namespace interlock;
using namespace interlock::http1;

// A function with a permit of each kind, and its device.
class Plant {
 public:
  Plant() {
    add("any", {"GET"}, "/v1/parts/*", 0);
    add("list", {"GET", "HEAD"}, "/v1/", 0);
    add("own", {"POST", "PUT"}, "/v1/devices/{device.id}/readings", 16);
    add("root", {"GET"}, "/", 0);
    add("spaced", {"GET"}, "/files/a%20b", 0);
    add("upload", {"PUT"}, "/{device.line}/*/{device.id}", 4096);
    // In name order behind those above, and of the kinds that ask more.
    add("w_json", {"POST"}, "/v1/typed", 64);
    function_.permits.back().content_types = {"application/json", "text/csv"};
    add("x_rated", {"POST"}, "/v1/typed", 64);
    function_.permits.back().rate = policy::Rate{};
    function_.permits.back().content_types = {"text/html"};
    add("y_live", {"GET"}, "/v1/live", 16);
    function_.permits.back().upgrade = "websocket";
    for (std::uint32_t i = 0; i < function_.permits.size(); ++i)
      function_.paths.add(function_.permits[i].pattern, i);
  }
  [[nodiscard]] policy::Facts facts() const { return {device_, {}}; }
  [[nodiscard]] policy::Facts facts(policy::Budgets& budgets) const {
    return {.device = device_, .certificate_lifetime = {}, .budgets = &budgets};
  }

 private:
  void add(const char* name, std::vector<std::string> methods, const char* path,
           std::uint64_t body_bytes_max) {
    function_.permits.push_back({.name = name,
                                 .service = &service_,
                                 .methods = std::move(methods),
                                 .path = path,
                                 .pattern = *policy::parse_path_pattern(path),
                                 .body_bytes_max = body_bytes_max});
  }

  policy::Service service_{"historian", {{"10.20.0.5", 8080, false}}};
  policy::Function function_{.name = "f"};
  policy::Device device_{.id = "d1", .function = &function_, .attributes = {{"line", "3"}}};
};

HttpOperation operation_of(const RequestHead& head) {
  return {head.method, head.path,
          head.framing == Framing::kChunked ? std::nullopt : std::optional(head.content_length),
          head.content_type, head.upgrade};
}

// Budgets that are used up, or cannot be counted.
struct NoBudget final : policy::Budgets {
  explicit NoBudget(policy::Budget::State always) : state(always) {}
  policy::Budget left(const policy::Permit& permit) override {
    IL_ASSERT(permit.rate.has_value());
    return {state, Millis{7}};
  }
  policy::Budget::State state;
};

// Without budget nothing more is allowed, and what has no rate is allowed as before.
void check_budgets(const Plant& plant, const HttpOperation& operation, const Decision& full) {
  using State = policy::Budget::State;
  for (const State state : {State::kSpent, State::kUnknown}) {
    NoBudget budgets(state);
    const policy::Facts facts = plant.facts(budgets);
    const Decision decision = policy::decide(facts, operation);
    IL_ASSERT(decision.allowed() == (full.allowed() && !full.spends_rate));
    if (decision.allowed() || !full.allowed()) continue;
    IL_ASSERT(decision.reason ==
              (state == State::kSpent ? Reason::rate_limited : Reason::overloaded));
    IL_ASSERT(decision.permit == full.permit && decision.difference == Difference::kRate);
    IL_ASSERT(!policy::describe(decision, facts, operation).empty());
  }
}

// Judged is a request that was permitted, with what has been forwarded of it.
struct Judged {
  std::string method, path, query, content_type, upgrade;
  bool has_query = false;
  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;
  const policy::Permit* permit = nullptr;
  std::uint64_t body_bytes_max = 0;
  std::string body, forwarded;
};

// The laws of one decision, however it goes.
std::optional<Judged> judge(const Plant& plant, const RequestHead& head) {
  const HttpOperation operation = operation_of(head);
  const Decision decision = policy::decide(plant.facts(), operation);
  IL_ASSERT(!policy::describe(decision, plant.facts(), operation).empty());
  check_budgets(plant, operation, decision);
  if (!decision.allowed()) return std::nullopt;
  const policy::Permit& permit = *decision.permit;
  const auto segments = policy::split_path(head.path);
  IL_ASSERT(permit.permits_method(head.method) && segments.size() == permit.pattern.size());
  IL_ASSERT(policy::common_segments(permit.pattern, segments, plant.facts().device) ==
            segments.size());
  IL_ASSERT(operation.body_bytes.value_or(0) <= decision.body_bytes_max);
  IL_ASSERT(decision.spends_rate == permit.rate.has_value());
  IL_ASSERT(head.upgrade.empty() ||
            (to_lower(head.upgrade) == permit.upgrade && !operation.has_body()));
  if (operation.has_body() && !permit.content_types.empty()) {
    IL_ASSERT(std::count(permit.content_types.begin(), permit.content_types.end(),
                         to_lower(media_type(head.content_type))) > 0);
  }
  Judged judged{std::string(head.method),
                std::string(head.path),
                std::string(head.query),
                std::string(head.content_type),
                std::string(head.upgrade),
                head.has_query,
                head.framing,
                head.content_length,
                &permit,
                decision.body_bytes_max};
  encode_request(judged.forwarded, head, "10.20.0.5:8080", "Interlock-Device: d1\r\n");
  return judged;
}

// What the gateway alone may say is there once, in its own words, and nothing of the client's.
void check_fields(const RequestHead& head) {
  const auto count = [&head](std::string_view name) {
    return std::count_if(head.fields.begin(), head.fields.end(),
                         [name](const Field& field) { return same_field(field.name, name); });
  };
  const long num_asked = head.upgrade.empty() ? 0 : 1;
  IL_ASSERT(count("Host") == 1 && head.host == "10.20.0.5:8080");
  IL_ASSERT(count("Connection") == num_asked && count("Upgrade") == num_asked);
  IL_ASSERT(count("Content-Length") == (head.framing == Framing::kLength ? 1 : 0));
  IL_ASSERT(count("Transfer-Encoding") == (head.framing == Framing::kChunked ? 1 : 0));
  for (const Field& field : head.fields) {
    if (field.traits.reach == FieldReach::kEndToEnd) continue;
    const bool is_ours = field.name == "Host" || field.name == "Connection" ||
                         field.name == "Upgrade" || field.name == "Content-Length" ||
                         field.name == "Transfer-Encoding" ||
                         (field.name == "Interlock-Device" && field.value == "d1") ||
                         (field.name == "Via" && field.value.ends_with(" interlock"));
    IL_ASSERT(is_ours && count(field.name) == 1);
  }
}

// What the service makes of the bytes that reach it.
void check_service_reads_it(const Plant& plant, const Judged& judged) {
  RequestDecoder service;
  std::string body;
  for (std::string_view rest = judged.forwarded;;) {
    const auto decoded = service.decode(rest, false);
    if (!decoded) {  // The gateway's own fields may be the ones that are too many.
      IL_ASSERT(decoded.error().reason == Reason::too_large && rest == judged.forwarded);
      return;
    }
    rest.remove_prefix(decoded->consumed);
    if (const auto* head = std::get_if<RequestHead>(&decoded->event)) {
      IL_ASSERT(head->method == judged.method && head->path == judged.path);
      IL_ASSERT(head->query == judged.query && head->has_query == judged.has_query);
      IL_ASSERT(head->framing == judged.framing && head->content_length == judged.content_length);
      const Decision again = policy::decide(plant.facts(), operation_of(*head));
      IL_ASSERT(again.allowed() && again.permit == judged.permit);
      IL_ASSERT(head->content_type == judged.content_type && head->upgrade == judged.upgrade);
      check_fields(*head);
    } else if (const auto* piece = std::get_if<BodyBytes>(&decoded->event)) {
      body += piece->bytes;
    } else if (std::holds_alternative<MessageEnd>(decoded->event)) {
      IL_ASSERT(body == judged.body && rest.empty());
      return;
    } else {
      IL_ASSERT(false);  // A request that was forwarded to its end has one.
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Plant plant;
  RequestDecoder client;
  std::optional<Judged> judged;
  for (std::string_view rest = as_text({data, size});;) {
    const auto decoded = client.decode(rest, false);
    if (!decoded || std::holds_alternative<NeedMore>(decoded->event)) return 0;
    if (const auto* head = std::get_if<RequestHead>(&decoded->event)) {
      judged = judge(plant, *head);
    } else if (const auto* piece = std::get_if<BodyBytes>(&decoded->event); piece && judged) {
      judged->body += piece->bytes;
      if (judged->body.size() > judged->body_bytes_max) return 0;  // The session ends here.
      if (judged->framing == Framing::kChunked) {
        encode_chunk(judged->forwarded, piece->bytes);
      } else {
        judged->forwarded += piece->bytes;
      }
    } else if (std::holds_alternative<MessageEnd>(decoded->event) && judged) {
      if (judged->framing == Framing::kChunked) encode_last_chunk(judged->forwarded);
      check_service_reads_it(plant, *judged);
    }
    rest.remove_prefix(decoded->consumed);
  }
}
