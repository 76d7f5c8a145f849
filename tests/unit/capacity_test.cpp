// Is a place given back whatever becomes of its holder, and to whom does an address belong?
#include "session/capacity.h"

#include <boost/test/unit_test.hpp>

using namespace interlock;
using namespace interlock::session;

BOOST_AUTO_TEST_SUITE(capacity)

BOOST_AUTO_TEST_CASE(network_is_an_address_or_a_64) {
  BOOST_TEST((network_of("192.0.2.1:1") == network_of("192.0.2.1:65535")));
  BOOST_TEST((network_of("192.0.2.1:1") != network_of("192.0.2.2:1")));
  BOOST_TEST((network_of("[2001:db8::1]:1") == network_of("[2001:db8::ffff:0:0:2]:9")));
  BOOST_TEST((network_of("[2001:db8::1]:1") != network_of("[2001:db8:0:1::1]:1")));
  // The same bits, of another kind.
  BOOST_TEST((network_of("1.0.0.0:1") != network_of("[100::]:1")));
  for (const char* odd : {"", "x", ":", "[", "[]:1", "[x]:1", "1.2.3:4", "1.2.3.4"}) {
    BOOST_TEST((network_of(odd) == Network{}));
  }
}

BOOST_AUTO_TEST_CASE(place_is_given_back_once) {
  Capacity shared;
  shared.configure({.connections = 2,
                    .connections_per_address = 2,
                    .handshakes = 2,
                    .handshakes_per_address = 2});
  {
    Place first, second, third;
    BOOST_TEST(!shared.enter("192.0.2.1:1", first));
    BOOST_TEST(!shared.identify(first, "a"));
    shared.handshake_over(first);
    shared.handshake_over(first);
    BOOST_TEST(!shared.enter("192.0.2.1:2", second));
    BOOST_TEST((shared.enter("192.0.2.1:3", third).value().limit == Limit::kConnections));
    const Place moved = std::move(first);
    BOOST_TEST(shared.connections() == 2U);
  }
  BOOST_TEST(shared.connections() == 0U);
  std::array<Place, 2> again;
  for (Place& place : again) BOOST_TEST(!shared.enter("192.0.2.1:1", place));
}

BOOST_AUTO_TEST_CASE(place_moves_from_one_device_to_another) {
  Capacity shared;
  policy::ClientLimits limits;
  limits.connections_per_device = 1;
  shared.configure(limits);
  Place first, second;
  BOOST_TEST(!shared.enter("192.0.2.1:1", first));
  BOOST_TEST(!shared.enter("192.0.2.1:2", second));
  BOOST_TEST(!shared.identify(first, "a"));
  BOOST_TEST(!shared.identify(first, "a"));
  BOOST_TEST((shared.identify(second, "a").value().limit == Limit::kConnectionsPerDevice));
  BOOST_TEST(!shared.identify(first, "b"));
  BOOST_TEST(!shared.identify(second, "a"));
}

BOOST_AUTO_TEST_SUITE_END()
