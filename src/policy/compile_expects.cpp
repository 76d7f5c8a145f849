// Expectations: tests of the policy that stand in the configuration and are run whenever it is
// loaded.
#include <fmt/format.h>

#include "policy/compile.h"
#include "policy/describe.h"
#include "policy/units.h"
#include "wire/http1/target.h"

namespace interlock::policy {

const Device* Compiling::expected_device(const config::Expect& expect, const Node& block) {
  const Device* device = out().device(expect.device());
  if (device == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& each : out().devices) known.push_back(each->id);
    unknown_name(block.field("device")->value_at(), "device", expect.device(), std::move(known));
    return nullptr;
  }
  if (expect.has_service() && !services_.contains(expect.service())) {
    unknown_name(block.field("service")->value_at(), "service", expect.service(), services_);
    return nullptr;
  }
  return device;
}

std::optional<HttpOperation> Compiling::expected_operation(const config::Expect::Http& http,
                                                           const Node& block) {
  if (!require(block, "method", "method: \"GET\"") ||
      !require(block, "path", "path: \"/v1/status\"")) {
    return std::nullopt;
  }
  HttpOperation operation{.method = http.method(), .upgrade = http.upgrade()};
  if (http.has_content_type()) {
    // Broken or not, a device may send it: the test says what then happens.
    operation.content_type = http.content_type();
    operation.body_bytes.reset();
  }
  if (http.has_body()) {
    operation.body_bytes = parse_size(http.body());
    if (!operation.body_bytes) {
      error(block.field("body")->value_at(), fmt::format("{} is no size", quoted(http.body())),
            std::string(kSizeHint));
      return std::nullopt;
    }
  }
  return operation;
}

void Compiling::run_expect(const config::Expect& expect, const Node& block) {
  const Device* device = expected_device(expect, block);
  if (device == nullptr) return;
  const Node& http = *block.field("http");
  auto operation = expected_operation(expect.http(), http);
  if (!operation) return;
  const auto target = http1::parse_target(expect.http().path());
  if (!target) {
    error(http.field("path")->value_at(),
          fmt::format("no request can have this path: {}", target.error().what),
          "write it as a device would send it");
    return;
  }
  operation->path = target->path;
  ++result_.num_expects;
  const Facts facts{.device = *device, .certificate_lifetime = {}, .trusted = true};
  const Decision decision = decide(facts, *operation);
  const bool elsewhere = decision.allowed() && expect.has_service() &&
                         decision.permit->service->name != expect.service();
  const bool allowed = decision.allowed() && !elsewhere;
  if (allowed == (expect.decision() == config::Expect::ALLOW)) return;
  const std::string outcome =
      elsewhere ? fmt::format("allowed on service \"{}\"", decision.permit->service->name)
                : std::string(allowed ? "allowed" : to_string(decision.reason));
  error(block.name_at(),
        fmt::format("expected {} but {} {} by {} is {}: {}", allowed ? "DENY" : "ALLOW",
                    operation->method, operation->path, device->id, outcome,
                    describe(decision, facts, *operation)),
        "correct the policy, or the expectation if this is what it should do");
}

void Compiling::run_expects(const Unit& unit) {
  for (int i = 0; i < unit.text.message.expect_size(); ++i) {
    const Node& block = *unit.text.tree.root().field("expect", static_cast<std::size_t>(i));
    if (require(block, "device", "device: \"press-07\"") &&
        require(block, "http", "http { method: \"GET\" path: \"/\" }") &&
        require(block, "decision", "decision: DENY")) {
      run_expect(unit.text.message.expect(i), block);
    }
  }
}

}  // namespace interlock::policy
