// World: the session layer as a worker thread has it, with everything around it faked. Nothing
// moves unless a test lets it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "session/health_checks.h"
#include "session/session_table.h"
#include "sim/fake_client.h"
#include "sim/fake_service.h"
#include "sim/plant.h"

namespace interlock::sim {

// first_snapshot is plant_snapshot({}), compiled once.
const std::shared_ptr<const policy::Snapshot>& first_snapshot();

class World {
 public:
  explicit World(std::uint64_t seed = 1,
                 std::shared_ptr<const policy::Snapshot> snapshot = first_snapshot());
  ~World();  // Fails the test where a law was broken (Ledger::violations).
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // connect opens a connection with `name`'s certificate; the session begins, and settle() lets it
  // go on. With a `script` the handshake goes that way.
  FakeClient& connect(const std::string& name = "press-07");
  FakeClient& connect(const std::string& name, std::deque<port::Handshake> script);

  // Where clients connect from, unless a test says otherwise.
  std::string address = "192.0.2.7";

  // served connects and lets the handshake come to its end.
  FakeClient& served(const std::string& name = "press-07");

  // tick lets bytes arrive, tells whoever waits for them, and then lets sessions come back; false
  // where nothing was left to do.
  bool tick();

  // settle ticks until nothing moves any more. It throws where that never comes: somebody spins.
  void settle();

  // pass lets time go by, in the worker's steps, and settles after each.
  void pass(Millis by);
  // pass_short_of lets time go by until the last step before `by` is over.
  void pass_short_of(Millis by) { pass({by.ms - 500}); }

  // publish puts a configuration in force, and tell lets the sessions look, as the daemon does one
  // after the other.
  void publish(std::shared_ptr<const policy::Snapshot> next);
  void tell() {
    services.retain(*snapshots.current());
    pool.retain(*snapshots.current());
    checks.configure(snapshots.current());
    table.on_snapshot_changed();
  }

  // Declared in the order in which they need each other.
  Ledger ledger;
  Chance chance;
  VirtualClock clock;
  RecordingAudit audit{ledger};
  FakeWakeup wakeup;
  FakeService historian, mes, second, third;  // The last two for services with several endpoints.
  FakeDialer dialer{ledger, chance};
  std::deque<FakeClient> clients;
  session::ServiceTable services;
  session::HealthChecks checks{dialer, clock, services};
  session::ServicePool pool{dialer, clock, wakeup, services};
  session::SnapshotSlot slot;
  session::SnapshotReader snapshots{slot};
  session::FactsSlot facts_slot{std::make_shared<const session::FactsView>()};
  session::FactsReader facts{facts_slot};
  session::RateTable rates;
  session::Capacity capacity;
  session::Context context{clock,     chance, audit, wakeup,   pool,
                           snapshots, facts,  rates, capacity, {}};
  session::SessionTable table{context};
};

}  // namespace interlock::sim
