// Notices when an endpoint of a service stops or begins to answer, so that it is said once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/admin.h"
#include "session/service_table.h"

namespace interlock::control {

// reports_of says how the services of a configuration fare.
std::vector<ServiceReport> reports_of(const policy::Snapshot& snapshot,
                                      session::ServiceTable& table);

// ServiceChange is an endpoint that is not as it was.
struct ServiceChange {
  std::string service, endpoint;
  bool up = false;
  std::string why;  // Where it is not up.
};

// ServiceWatch belongs to one thread. Endpoints that it has not seen before count as up.
class ServiceWatch {
 public:
  std::vector<ServiceChange> look(const policy::Snapshot& snapshot, session::ServiceTable& table);

 private:
  std::map<std::string, bool> up_;  // By service and endpoint.
};

}  // namespace interlock::control
