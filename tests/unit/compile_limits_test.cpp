// Is limits { } read as it is written, and is each value out of bounds named at its place? "@"
// marks where complaints must point.
#include <boost/test/unit_test.hpp>

#include "support/complaints.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

const std::string kLeaveOut = "\n  leave the line out for a value that suits most plants";

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_limits)

BOOST_AUTO_TEST_CASE(what_is_left_out_has_the_value_of_limits_h) {
  for (const char* text : {"", "limits { }"}) {
    const Loaded loaded = load_policy(text);
    BOOST_REQUIRE(loaded.snapshot != nullptr);
    const ClientLimits& made = loaded.snapshot->limits;
    BOOST_TEST(made.connections == limits::kConnectionsMax);
    BOOST_TEST(!made.connections_per_address.has_value());
    BOOST_TEST(!made.handshakes.has_value());
    BOOST_TEST((made.idle_timeout == limits::kIdleTimeout));
    BOOST_TEST(loaded.snapshot->places.connections.file.empty());
  }
}

BOOST_AUTO_TEST_CASE(each_field_is_read) {
  const Loaded loaded = load_policy(R"(limits {
    connections: 1 connections_per_address: 2 connections_per_device: 3
    handshakes: 4 handshakes_per_address: 65536 memory: "1MiB"
    handshake_timeout: "1s" head_timeout: "60s" idle_timeout: "1h"
    transfer_timeout: "1500ms" transfer_rate: "1kB" })");
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  const ClientLimits& made = loaded.snapshot->limits;
  BOOST_TEST(made.connections == 1U);
  BOOST_TEST(made.connections_per_address.value() == 2U);
  BOOST_TEST(made.connections_per_device == 3U);
  BOOST_TEST(made.handshakes.value() == 4U);
  BOOST_TEST(made.handshakes_per_address.value() == 65'536U);
  BOOST_TEST(made.buffer_bytes == limits::kMiB);
  BOOST_TEST(made.handshake_timeout.ms == 1'000);
  BOOST_TEST(made.head_timeout.ms == 60'000);
  BOOST_TEST(made.idle_timeout.ms == 3'600'000);
  BOOST_TEST(made.transfer_timeout.ms == 1'500);
  BOOST_TEST(made.transfer_bytes() == 1'500U);
  BOOST_TEST(loaded.snapshot->places.connections.line == 2);
}

BOOST_AUTO_TEST_CASE(counts_out_of_bounds) {
  complain(
      "limits { connections: @0 connections_per_address: @65537 connections_per_device: @0\n"
      "handshakes: @4294967295 handshakes_per_address: @0 }",
      {"connections is from 1 to 65536, not 0" + kLeaveOut,
       "connections_per_address is from 1 to 65536, not 65537" + kLeaveOut,
       "connections_per_device is from 1 to 65536, not 0" + kLeaveOut,
       "handshakes is from 1 to 65536, not 4294967295" + kLeaveOut,
       "handshakes_per_address is from 1 to 65536, not 0" + kLeaveOut});
}

BOOST_AUTO_TEST_CASE(sizes_out_of_bounds) {
  complain(R"(limits { memory: @"1023KiB" transfer_rate: @"0B" })",
           {"memory is from \"1MiB\" to \"64GiB\", not \"1023KiB\"" + kLeaveOut,
            "transfer_rate is from \"1B\" to \"1MiB\", not \"0B\"" + kLeaveOut});
  complain(R"(limits { memory: @"65GiB" transfer_rate: @"2MiB" })",
           {"memory is from \"1MiB\" to \"64GiB\", not \"65GiB\"" + kLeaveOut,
            "transfer_rate is from \"1B\" to \"1MiB\", not \"2MiB\"" + kLeaveOut});
  complain(R"(limits { memory: @"much" })",
           {"\"much\" is no size\n  write a number and a unit, such as \"512B\", \"4KiB\" or "
            "\"1MiB\" (B, kB, KiB, MB, MiB, GB, GiB)"});
}

BOOST_AUTO_TEST_CASE(times_out_of_bounds) {
  complain(R"(limits { handshake_timeout: @"61s" head_timeout: @"999ms" idle_timeout: @"61m"
    transfer_timeout: @"301s" })",
           {"handshake_timeout is from \"1s\" to \"1m\", not \"61s\"" + kLeaveOut,
            "head_timeout is from \"1s\" to \"1m\", not \"999ms\"" + kLeaveOut,
            "idle_timeout is from \"1s\" to \"1h\", not \"61m\"" + kLeaveOut,
            "transfer_timeout is from \"1s\" to \"5m\", not \"301s\"" + kLeaveOut});
  complain(R"(limits { idle_timeout: @"1.5h" })",
           {"\"1.5h\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
            "\"30d\" (ms, s, m, h, d, w)"});
}

BOOST_AUTO_TEST_SUITE_END()
