// What devices may be let through to.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"
#include "policy/units.h"
#include "wire/http1/target.h"

namespace interlock::policy {

// A duration within bounds; `otherwise` where it is not given.
Millis Compiling::bounded(const Node& block, const char* field, Millis least, Millis most,
                          Millis otherwise) {
  const Node* given = block.field(field);
  if (given == nullptr) return otherwise;
  const auto parsed = duration(block, field);
  if (!parsed) return otherwise;
  if (*parsed >= least && *parsed <= most) return *parsed;
  error(given->value_at(),
        fmt::format("{} is {} to {}, and not {}", field, format_duration(least),
                    format_duration(most), format_duration(*parsed)),
        fmt::format("write {}: \"{}\", which is also what holds without it", field,
                    format_duration(otherwise)));
  return otherwise;
}

std::vector<Endpoint> Compiling::service_endpoints(const config::Service& service,
                                                   const Node& block) {
  std::vector<Endpoint> endpoints;
  for (int i = 0; i < service.endpoint_size(); ++i) {
    const Node& given = *block.field("endpoint", static_cast<std::size_t>(i));
    const auto endpoint = parse_endpoint(service.endpoint(i));
    if (!endpoint) {
      error(given.value_at(), endpoint.error().what, std::string(kEndpointHint));
    } else if (std::find(endpoints.begin(), endpoints.end(), *endpoint) != endpoints.end()) {
      error(given.value_at(), fmt::format("{} is given twice", endpoint->to_string()),
            "remove one of the two");
    } else {
      endpoints.push_back(*endpoint);
    }
  }
  if (endpoints.size() > limits::kServiceEndpointsMax) {
    error(block.field("endpoint", limits::kServiceEndpointsMax)->value_at(),
          fmt::format("a service has at most {} endpoints", limits::kServiceEndpointsMax),
          "put a load balancer's address here");
    endpoints.clear();
  }
  return endpoints;
}

std::string Compiling::health_path(const config::Service& service, const Node& block) {
  if (!service.has_health_path()) {
    if (const Node* interval = block.field("health_interval")) {
      error(interval->name_at(), "health_interval without health_path",
            "write health_path: \"/healthz\", or remove the line");
    }
    return {};
  }
  const Node& given = *block.field("health_path");
  const auto target = http1::parse_target(service.health_path());
  if (target) return service.health_path();
  error(given.value_at(), fmt::format("{} is no path", quoted(service.health_path())),
        "write a path of the service that answers 200 when all is well: \"/healthz\"");
  return {};
}

void Compiling::compile_services(const Unit& unit) {
  for (int i = 0; i < unit.text.message.service_size(); ++i) {
    const config::Service& service = unit.text.message.service(i);
    const Node& block = *unit.text.tree.root().field("service", static_cast<std::size_t>(i));
    const bool named = define(services_, "service", block, service.name());
    if (!require(block, "endpoint", "endpoint: \"10.20.0.5:8080\"")) continue;
    Service made{.name = service.name(), .endpoints = service_endpoints(service, block)};
    made.key = made.name;
    for (const Endpoint& each : made.endpoints) made.key += ' ' + each.to_string();
    compile_service_tls(unit, service, block, made);
    made.health_path = health_path(service, block);
    made.health_interval = bounded(block, "health_interval", limits::kHealthIntervalMin,
                                   limits::kHealthIntervalMax, limits::kHealthInterval);
    made.queue_wait = bounded(block, "queue_wait", Millis{0}, limits::kServiceQueueWaitMax,
                              limits::kServiceQueueWait);
    made.connect_timeout = bounded(block, "connect_timeout", Millis{100},
                                   limits::kServiceTimeoutMax, limits::kDialTimeout);
    made.response_timeout = bounded(block, "response_timeout", Millis{100},
                                    limits::kServiceTimeoutMax, limits::kServiceTimeout);
    if (service.has_max_connections()) {
      made.connections_max = service.max_connections();
      if (made.connections_max == 0 || made.connections_max > limits::kServiceConnectionsMax) {
        error(block.field("max_connections")->value_at(),
              fmt::format("max_connections is 1 to {}", limits::kServiceConnectionsMax),
              fmt::format("write max_connections: {}, which is also what holds without it",
                          limits::kServiceConnectionsDefault));
      }
    }
    if (!named || made.endpoints.empty()) continue;
    out().services.push_back(std::make_unique<const Service>(std::move(made)));
  }
}

}  // namespace interlock::policy
