#include "sim/world.h"

#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

namespace interlock::sim {
namespace {

// How often a worker looks at its deadlines.
constexpr Millis kWorkerTick{500};

}  // namespace

bool RecordingAudit::append(const AuditRecord& record) {
  if (ledger_.call_fails() || full) {
    ++num_unwritten;
    return false;
  }
  if (record.event == AuditEvent::kOperation && record.reason == Reason::kNone)
    ledger_.must(record.policy == ledger_.policy, "allowed under a configuration of before");
  entries.push_back({.event = record.event,
                     .reason = record.reason,
                     .session = record.session,
                     .status = record.status,
                     .denial_id = std::string(record.denial_id),
                     .peer = std::string(record.peer),
                     .device = std::string(record.device),
                     .method = std::string(record.method),
                     .path = std::string(record.path),
                     .service = std::string(record.service),
                     .permit = std::string(record.permit),
                     .detail = std::string(record.detail),
                     .suppressed = record.suppressed});
  const char* what = record.event == AuditEvent::kService     ? "service"
                     : record.suppressed > 0                  ? "counted"
                     : record.reason == Reason::kNone         ? "allow"
                     : record.event == AuditEvent::kHandshake ? "refuse"
                                                              : "deny";
  ledger_.trail.push_back(
      fmt::format("{} {} {} {}", what, record.method, record.path, to_string(record.reason)));
  return true;
}

const std::shared_ptr<const policy::Snapshot>& first_snapshot() {
  static const auto made = plant_snapshot();
  return made;
}

World::World(std::uint64_t seed, std::shared_ptr<const policy::Snapshot> snapshot)
    : chance(seed), slot(snapshot) {
  ledger.policy = snapshot->id;
  capacity.configure(snapshot->limits);
  dialer.services = {{"10.20.0.5:8080", &historian},
                     {"10.20.0.6:8080", &mes},
                     {"10.20.0.7:8080", &second},
                     {"10.20.0.8:8080", &third}};
}

World::~World() {
  for (const std::string& law : ledger.violations) BOOST_ERROR("broken law: " << law);
}

FakeClient& World::connect(const std::string& name) { return connect(name, FakeClient{}.steps); }

FakeClient& World::connect(const std::string& name, std::deque<port::Handshake> script) {
  FakeClient& client = clients.emplace_back();
  client.name = name;
  client.chain = chain_of(name);
  client.steps = std::move(script);
  session::Session* session =
      table.open(fmt::format("{}:{}", address, 40000 + clients.size()), "telemetry");
  if (session == nullptr) {
    client.closed = true;
    return client;
  }
  client.observer = session;
  session->start(make_stream(client, ledger));
  return client;
}

FakeClient& World::served(const std::string& name) {
  FakeClient& client = connect(name);
  settle();
  return client;
}

bool World::tick() {
  bool moved = false;
  const auto turn = [&](auto& end, Pipe& pipe) {
    moved |= end.observer != nullptr && pipe.deliver(chance);
    if (!end.ready()) return;
    moved = true;
    end.observer->on_stream_ready();
  };
  for (FakeClient& client : clients) turn(client, client.in);
  for (FakeService* service : {&historian, &mes, &second, &third}) {
    // By number: a turn may dial, and so add a connection.
    for (std::size_t i = 0; i < service->connections.size(); ++i)
      turn(service->connections[i], service->connections[i].out);
  }
  if (std::exchange(wakeup.requested, false)) {
    moved = true;
    pool.on_wakeup();
    table.on_wakeup();
  }
  return moved;
}

void World::settle() {
  constexpr int kTicksMax = 200'000;
  for (int ticks = 0; tick(); ++ticks) {
    if (ticks == kTicksMax) throw std::runtime_error("the world does not come to rest");
  }
}

void World::pass(Millis by) {
  for (std::int64_t passed = 0; passed < by.ms; passed += kWorkerTick.ms) {
    clock.pass(kWorkerTick);
    table.judge_expired();
    table.on_tick();
    pool.on_tick();
    checks.on_tick();
    settle();
  }
}

void World::publish(std::shared_ptr<const policy::Snapshot> next) {
  ledger.policy = next->id;
  slot.publish(next);
  capacity.configure(next->limits);
}

}  // namespace interlock::sim
