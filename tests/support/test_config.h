// A gateway's configuration in memory: a good one, which a test then changes in one place.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/load.h"
#include "support/test_pki.h"

namespace interlock::test {

// TestConfig is a file system that holds a configuration. Every file may be changed at will.
struct TestConfig {
  std::map<std::string, std::string> files;
  std::set<std::string> unreadable;  // Reading one of these says EACCES.

  // The files that tests change most. `policy` is included by `main`.
  std::string& main() { return files["etc/main"]; }
  std::string& policy() { return files["etc/policy.d/p"]; }
  std::string& inventory() { return files["etc/devices.csv"]; }

  // replace changes the one place where `from` stands in `file`; throws where there is none.
  TestConfig& replace(const std::string& file, std::string_view from, std::string_view to);

  // access reads these files, for as long as this lives.
  policy::FileAccess access() const;

  // load loads "etc/main".
  policy::Loaded load(WallTime now = kNow) const;
};

// Authority is a CA with a revocation list, made once for all tests.
struct Authority {
  Issued ca;
  std::string crl_pem;
};
const Authority& plant_authority();
const Authority& vendor_authority();

// plant_config returns a configuration without any problem: gateway "gate" at site "hall", trust
// "plant" of plant_authority(), service "historian", and an inventory without rows.
TestConfig plant_config();

// snapshot_of loads a configuration that must be good: throws with its problems where it is not.
std::shared_ptr<const policy::Snapshot> snapshot_of(const TestConfig& config);

// complaints returns each problem as policy::to_string has it.
std::vector<std::string> complaints(const policy::Loaded& loaded);

// Marked is a text in which "@" marked the places that a loader must complain about.
struct Marked {
  std::string text;
  std::vector<std::string> places;  // "line:column" each, in the order of the text.

  explicit Marked(std::string_view marked);

  // complaints returns "file:line:column: message" for each place; throws unless there are as many
  // messages.
  std::vector<std::string> complaints(const std::string& file,
                                      const std::vector<std::string>& messages) const;
};

}  // namespace interlock::test
