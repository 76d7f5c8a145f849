// What every session of one data thread shares: the world, through its ports.
#pragma once

#include <array>
#include <cstdint>

#include "base/limits.h"
#include "policy/chain_cache.h"
#include "port/audit_sink.h"
#include "port/clock.h"
#include "port/dialer.h"
#include "port/wakeup.h"
#include "session/capacity.h"
#include "session/facts_view.h"
#include "session/meter.h"
#include "session/rate_table.h"
#include "session/refusals.h"
#include "session/service_pool.h"
#include "session/snapshot_slot.h"

namespace interlock::session {

// Context belongs to one data thread and outlives its sessions. Nothing in it is shared with
// another thread but the rates, the capacity and what the ports themselves share.
struct Context {
  port::Clock& clock;
  port::Random& random;
  port::AuditSink& audit;
  port::Wakeup& wakeup;
  ServicePool& services;
  SnapshotReader& snapshots;
  FactsReader& facts;
  RateTable& rates;
  Capacity& capacity;
  // Where bytes are read into before they are queued; used only within one call.
  std::array<std::uint8_t, limits::kClientInBytesMax> scratch{};
  policy::ChainCache chains{};
  Meter meter{};  // Other threads may read it.
  Refusals refusals{audit, random, clock, meter};
};

}  // namespace interlock::session
