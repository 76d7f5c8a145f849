#include "control/service_watch.h"

namespace interlock::control {
namespace {

std::string_view to_string(session::EndpointState::Health health) {
  switch (health) {
    case session::EndpointState::Health::kUp:
      return "up";
    case session::EndpointState::Health::kResting:
      return "failing";
    case session::EndpointState::Health::kDown:
      return "down";
  }
  return "";
}

}  // namespace

std::vector<ServiceReport> reports_of(const policy::Snapshot& snapshot,
                                      session::ServiceTable& table) {
  std::vector<ServiceReport> reports;
  for (const auto& service : snapshot.services) {
    const auto state = table.find(*service);
    ServiceReport report{.name = service->name,
                         .connections = state->num_connections.load(std::memory_order_relaxed),
                         .waiting = static_cast<std::uint32_t>(state->line.size()),
                         .endpoints = {}};
    for (std::size_t i = 0; i < service->endpoints.size(); ++i) {
      const session::EndpointState& endpoint = *state->endpoints[i];
      report.endpoints.push_back({.address = service->endpoints[i].to_string(),
                                  .health = std::string(to_string(endpoint.health())),
                                  .last_failure = endpoint.last_failure()});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<ServiceChange> ServiceWatch::look(const policy::Snapshot& snapshot,
                                              session::ServiceTable& table) {
  std::vector<ServiceChange> changes;
  std::map<std::string, bool> now;
  for (const ServiceReport& service : reports_of(snapshot, table)) {
    for (const EndpointReport& endpoint : service.endpoints) {
      const std::string key = service.name + ' ' + endpoint.address;
      const bool up = endpoint.up();
      const auto before = up_.find(key);
      if (up != (before == up_.end() || before->second)) {
        changes.push_back({service.name, endpoint.address, up, up ? "" : endpoint.last_failure});
      }
      now[key] = up;
    }
  }
  up_ = std::move(now);
  return changes;
}

}  // namespace interlock::control
