// Is every mistake in a service named at its place, and does a service without settings get those
// that are documented?
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "policy/units.h"
#include "support/complaints.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

std::string service(const std::string& settings) {
  return "service { name: \"s\" endpoint: \"10.0.0.1:80\" " + settings + " }";
}

const Service& last(const Loaded& loaded) { return *loaded.snapshot->services.back(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_services)

BOOST_AUTO_TEST_CASE(what_is_not_said_is_as_documented) {
  const Loaded loaded = load_policy(service(""));
  const Service& made = last(loaded);
  BOOST_TEST(made.health_path == "");
  BOOST_TEST((made.health_interval == limits::kHealthInterval));
  BOOST_TEST(made.connections_max == limits::kServiceConnectionsDefault);
  BOOST_TEST((made.queue_wait == limits::kServiceQueueWait));
  BOOST_TEST((made.connect_timeout == limits::kDialTimeout));
  BOOST_TEST((made.response_timeout == limits::kServiceTimeout));
}

BOOST_AUTO_TEST_CASE(what_is_said_counts) {
  const Loaded loaded = load_policy(service(
      "endpoint: \"[::1]:81\" health_path: \"/up?deep=1\" health_interval: \"1m\" "
      "max_connections: 4 queue_wait: \"0s\" connect_timeout: \"250ms\" response_timeout: \"2m\""));
  const Service& made = last(loaded);
  BOOST_TEST(made.endpoints.size() == 2U);
  BOOST_TEST(made.authority() == "10.0.0.1:80");
  BOOST_TEST(made.key == "s 10.0.0.1:80 [::1]:81");
  BOOST_TEST(made.health_path == "/up?deep=1");
  BOOST_TEST(made.health_interval.ms == 60'000);
  BOOST_TEST(made.connections_max == 4U);
  BOOST_TEST(made.queue_wait.ms == 0);
  BOOST_TEST(made.connect_timeout.ms == 250);
  BOOST_TEST(made.response_timeout.ms == 120'000);
}

BOOST_AUTO_TEST_CASE(endpoints_are_bounded_and_differ) {
  std::string many;
  for (std::size_t i = 2; i <= limits::kServiceEndpointsMax; ++i)
    many += fmt::format(" endpoint: \"10.0.0.{}:80\"", i);
  complain(service(many), {});
  complain(service(many + " endpoint: @\"10.0.1.1:80\""),
           {fmt::format("a service has at most {} endpoints\n  put a load balancer's address here",
                        limits::kServiceEndpointsMax)});
  complain(service("endpoint: @\"10.0.0.1:80\""),
           {"10.0.0.1:80 is given twice\n  remove one of the two"});
}

BOOST_AUTO_TEST_CASE(a_health_path_is_a_path) {
  const std::string hint =
      "\n  write a path of the service that answers 200 when all is well: \"/healthz\"";
  for (const std::string bad : {"healthz", "http://10.0.0.1/healthz", "/a/../b", ""})
    complain(service("health_path: @\"" + bad + "\""), {"\"" + bad + "\" is no path" + hint});
  complain(service("@health_interval: \"5s\""),
           {"health_interval without health_path\n  write health_path: \"/healthz\", or remove "
            "the line"});
}

BOOST_AUTO_TEST_CASE(times_and_numbers_are_bounded) {
  struct Bound {
    const char* field;
    Millis least, most, otherwise;
  };
  const Bound bounds[] = {
      {"health_interval", limits::kHealthIntervalMin, limits::kHealthIntervalMax,
       limits::kHealthInterval},
      {"queue_wait", {0}, limits::kServiceQueueWaitMax, limits::kServiceQueueWait},
      {"connect_timeout", {100}, limits::kServiceTimeoutMax, limits::kDialTimeout},
      {"response_timeout", {100}, limits::kServiceTimeoutMax, limits::kServiceTimeout}};
  for (const Bound& each : bounds) {
    const std::string path =
        each.field == std::string("health_interval") ? "health_path: \"/up\" " : "";
    const auto with = [&](Millis value) {
      return service(path + fmt::format("{}: @\"{}\"", each.field, format_duration(value)));
    };
    const auto refused = [&](Millis value) {
      complain(with(value),
               {fmt::format("{0} is {1} to {2}, and not {3}\n  write {0}: \"{4}\", which is also "
                            "what holds without it",
                            each.field, format_duration(each.least), format_duration(each.most),
                            format_duration(value), format_duration(each.otherwise))});
    };
    refused({each.most.ms + 1});
    if (each.least.ms > 0) refused({each.least.ms - 1});
    for (const Millis good : {each.least, each.most}) {
      std::string text = with(good);
      text.erase(text.find('@'), 1);
      complain(text, {});
    }
  }
  for (const std::uint32_t bad : {0U, limits::kServiceConnectionsMax + 1})
    complain(service(fmt::format("max_connections: @{}", bad)),
             {fmt::format("max_connections is 1 to {}\n  write max_connections: {}, which is also "
                          "what holds without it",
                          limits::kServiceConnectionsMax, limits::kServiceConnectionsDefault)});
  complain(service("queue_wait: @\"soon\""),
           {"\"soon\" is no duration\n  " + std::string(kDurationHint)});
}

BOOST_AUTO_TEST_SUITE_END()
