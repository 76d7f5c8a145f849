// What a policy file of the plant is refused for, at the places that "@" marks in it.
#pragma once

#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "support/test_config.h"

namespace interlock::test {

// load_policy loads plant_config() with this policy file.
inline policy::Loaded load_policy(std::string_view policy) {
  TestConfig config = plant_config();
  config.policy() = policy;
  return config.load();
}

// complain checks that the policy gets these messages, at these places and no others, and that what
// is more than a warning refuses it.
inline void complain(std::string_view marked, const std::vector<std::string>& messages) {
  const Marked policy(marked);
  const policy::Loaded loaded = load_policy(policy.text);
  BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == policy::has_errors(loaded.problems));
}

}  // namespace interlock::test
