// Is every mistake in what holds in quarantine named at its place?
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "support/complaints.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

constexpr const char* kWrites =
    "permit \"p\" holds in quarantine and permits more than GET and HEAD\n  put what is essential "
    "into a "
    "permit of its own; POST of measured values may be essential with essential_telemetry: true";

std::string function(const std::string& permit) {
  return "service { name: \"s\" endpoint: \"10.0.0.1:80\" }\nfunction { name: \"f\" permit { name: "
         "\"p\" service: \"s\" " +
         permit + " } }\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_quarantine)

BOOST_AUTO_TEST_CASE(what_only_reads_may_be_essential) {
  const Loaded loaded = load_policy(
      function("essential: true http { method: \"GET\" method: \"HEAD\" path: \"/level\" }") +
      "quarantine { function: \"f\" }");
  BOOST_TEST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.snapshot->function("f")->permits.at(0).essential);
  BOOST_TEST(loaded.snapshot->remediation == loaded.snapshot->function("f"));
}

BOOST_AUTO_TEST_CASE(reports_are_essential_where_that_is_said) {
  const Loaded loaded = load_policy(
      function("essential: true essential_telemetry: true http { method: \"POST\" path: "
               "\"/level\" }"));
  BOOST_TEST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.snapshot->function("f")->permits.at(0).essential);
  complain(function("essential: @true http { method: \"POST\" path: \"/level\" }"), {kWrites});
}

BOOST_AUTO_TEST_CASE(what_writes_is_never_essential) {
  for (const char* http : {"method: \"PUT\"", "method: \"GET\" method: \"DELETE\""}) {
    complain(function(fmt::format("essential: @true essential_telemetry: true http {{ {} path: "
                                  "\"/level\" }}",
                                  http)),
             {kWrites});
  }
  complain(function("essential: @true http { method: \"GET\" path: \"/live\" upgrade: "
                    "\"websocket\" }"),
           {kWrites});
  complain(function("@essential_telemetry: true http { method: \"POST\" path: \"/level\" }"),
           {"essential_telemetry says something of essential permits alone\n  write essential: "
            "true as well, or leave it out"});
}

BOOST_AUTO_TEST_CASE(remediation_only_reads_and_is_named_once) {
  const std::string reads = function("http { method: \"GET\" path: \"/firmware\" }");
  complain(
      function("http { method: \"POST\" path: \"/box\" }") + "quarantine { function: @\"f\" }",
      {"a device in quarantine only reads, and permit \"p\" of function \"f\" permits more than "
       "GET and HEAD\n  name a function of permits with GET and HEAD alone"});
  complain(reads + "quarantine { function: @\"g\" }",
           {"there is no function \"g\"\n  did you mean \"f\"?"});
}

BOOST_AUTO_TEST_SUITE_END()
