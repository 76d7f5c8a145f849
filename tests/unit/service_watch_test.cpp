// Does a person learn of an endpoint that stops and begins to answer, once each time?
#include "control/service_watch.h"

#include <boost/test/unit_test.hpp>

using namespace interlock;
using control::ServiceWatch;

namespace {

struct Fixture {
  policy::Snapshot snapshot;
  session::ServiceTable table;
  ServiceWatch watch;

  Fixture() {
    auto service = std::make_unique<policy::Service>();
    service->name = "historian";
    service->endpoints = {{"10.0.0.1", 80, false}, {"10.0.0.2", 80, false}};
    service->key = "historian";
    snapshot.services.push_back(std::move(service));
  }
  session::EndpointState& endpoint(std::size_t number) {
    return *table.find(*snapshot.services[0])->endpoints[number];
  }
  void fail(std::size_t number) {
    for (std::uint32_t i = 0; i < limits::kEndpointFailuresMax; ++i)
      endpoint(number).failed({0}, "Connection refused");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(service_watch, Fixture)

BOOST_AUTO_TEST_CASE(all_is_well_and_nothing_is_said) {
  BOOST_TEST(watch.look(snapshot, table).empty());
}

BOOST_AUTO_TEST_CASE(each_change_is_said_once) {
  fail(1);
  const auto down = watch.look(snapshot, table);
  BOOST_TEST_REQUIRE(down.size() == 1U);
  BOOST_TEST(down[0].service == "historian");
  BOOST_TEST(down[0].endpoint == "10.0.0.2:80");
  BOOST_TEST(!down[0].up);
  BOOST_TEST(down[0].why == "Connection refused");
  BOOST_TEST(watch.look(snapshot, table).empty());
  endpoint(1).answered();
  const auto up = watch.look(snapshot, table);
  BOOST_TEST_REQUIRE(up.size() == 1U);
  BOOST_TEST(up[0].up);
  BOOST_TEST(watch.look(snapshot, table).empty());
}

BOOST_AUTO_TEST_CASE(what_fails_from_the_start_is_said) {
  fail(0);
  fail(1);
  BOOST_TEST(watch.look(snapshot, table).size() == 2U);
}

BOOST_AUTO_TEST_CASE(reports_say_how_each_endpoint_fares) {
  fail(0);
  for (std::uint32_t i = 0; i < limits::kHealthChecksDown; ++i)
    endpoint(1).checked(false, "its health check was answered 500");
  const auto reports = control::reports_of(snapshot, table);
  BOOST_TEST_REQUIRE(reports.size() == 1U);
  BOOST_TEST(reports[0].endpoints[0].health == "failing");
  BOOST_TEST(reports[0].endpoints[1].health == "down");
  BOOST_TEST(reports[0].endpoints[1].last_failure == "its health check was answered 500");
}

BOOST_AUTO_TEST_SUITE_END()
