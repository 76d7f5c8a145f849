// The plant of the simulation: its certificates, made once, and its configuration, compiled from
// text as the daemon would.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/snapshot.h"
#include "support/test_pki.h"

namespace interlock::sim {

// Intent is what changes from one configuration to the next.
struct Intent {
  // Rows of the inventory: device, function, and whose certificate it is recognised by.
  struct Row {
    std::string device, function, identity;
  };
  std::vector<Row> devices = {{"press-07", "press", "press-07"},
                              {"press-08", "press", "press-08"},
                              {"press-09", "press", "press-09"},
                              {"expired-01", "press", "expired-01"},
                              {"revoked-01", "press", "revoked-01"}};
  std::vector<std::string> revoked = {"revoked-01"};
  Millis crl_lifetime = test::kDay;    // From test::kNow on.
  bool another_authority = false;      // The trust names one that issued nobody's but a stranger's.
  std::string listener = "telemetry";  // Its name.
  bool permits_status = true;          // Whether function "press" has permit "status".
  std::string alarms_rate = R"(limit: 1 per: "10s" burst: 2)";  // Of function "press".
  std::string functions = {};                                   // More of them, as text.
  std::string historian = R"(endpoint: "10.20.0.5:8080")";      // What stands in that service.
};

// plant_snapshot compiles a configuration with listener "telemetry", services "historian"
// (10.20.0.5:8080) and "mes" (10.20.0.6:8080), and two functions. "press": POST
// /v1/devices/{device.id}/readings (1 MiB), POST /small (4 KiB) and GET and HEAD /status/* on the
// historian, and POST /alarms there with a body of application/json and Intent::alarms_rate; GET,
// PUT and POST /orders/* on the mes. "observer": GET /status/* alone.
std::shared_ptr<const policy::Snapshot> plant_snapshot(const Intent& intent = {});

// chain_of returns the certificates of a client: a name of the inventory, or "nobody" (of our
// authority, in no inventory) or "stranger" (of another authority). press-09's ends an hour after
// test::kNow.
std::vector<test::Der> chain_of(const std::string& name);
const test::Issued& issued_of(const std::string& name);

}  // namespace interlock::sim
