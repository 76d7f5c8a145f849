// Devices and what is decided about them, as messages of the admin socket. Internal to the codec.
#pragma once

#include <interlock/admin.pb.h>

#include "control/admin.h"

namespace interlock::control {

void put(const StatusRequest& from, admin::Request& into);
void put(const ReloadRequest& from, admin::Request& into);
void put(const DevicesRequest& from, admin::Request& into);
void put(const QuarantineRequest& from, admin::Request& into);
void put(const ReleaseRequest& from, admin::Request& into);
// get returns what is asked; of a message that asks nothing, the status.
AdminRequest get(const admin::Request& from);

void put(const DevicesReport& from, admin::Devices& into);
DevicesReport get(const admin::Devices& from);

}  // namespace interlock::control
