// Where the configuration in force is published.
#pragma once

#include "policy/snapshot.h"
#include "session/slot.h"

namespace interlock::session {

using SnapshotPtr = std::shared_ptr<const policy::Snapshot>;
using SnapshotSlot = Slot<policy::Snapshot>;
using SnapshotReader = SlotReader<policy::Snapshot>;

}  // namespace interlock::session
