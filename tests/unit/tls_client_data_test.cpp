// Does what goes to and from a service through TLS behave like any other stream: whole, in order,
// with back-pressure, and with an end that is known to be the end?
#include <boost/test/unit_test.hpp>

#include "support/tls_service.h"

using namespace interlock;
using namespace interlock::test;
using port::IoState;

BOOST_FIXTURE_TEST_SUITE(tls_client_data, TlsServiceCase)

BOOST_AUTO_TEST_CASE(nothing_moves_before_the_handshake_is_done) {
  stream = dialer.dial(as, as.endpoints.front()).value();
  BOOST_TEST((stream->write(as_bytes("GET")).state == IoState::kBlocked));
  const PipeStream& socket = *service.last().gateway_end;
  // It waits for the service, and not for room: a socket with room would wake it for ever.
  stream->want(false, true);
  BOOST_TEST(socket.wants_read());
  BOOST_TEST(!socket.wants_write());
  service.last().move();
  std::uint8_t piece[16];
  BOOST_TEST((stream->read(piece).state == IoState::kBlocked));  // This ends the handshake.
  // Whoever waits to write is told so.
  stream->want(true, true);
  BOOST_TEST(socket.wants_write());
  BOOST_TEST((stream->write(as_bytes("GET")).state == IoState::kProgress));
}

BOOST_AUTO_TEST_CASE(a_hello_that_finds_no_room_waits_for_it) {
  stream = dialer.dial(as, as.endpoints.front()).value();
  service.last().pipe.up->room = 10;
  BOOST_TEST((stream->write(as_bytes("GET")).state == IoState::kBlocked));
  stream->want(true, false);
  BOOST_TEST(service.last().gateway_end->wants_write());
  service.last().pipe.up->room = Flow::kNoLimit;
  drive();
  BOOST_TEST((stream->write(as_bytes("GET")).state == IoState::kProgress));
}

BOOST_AUTO_TEST_CASE(large_bodies_move_both_ways_in_pieces_of_any_size) {
  BOOST_REQUIRE(connect());
  TlsService::Connection& peer = service.last();
  peer.received.clear();
  peer.pipe.up->bytes_per_call = 777;
  peer.pipe.down->bytes_per_call = 333;
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += static_cast<char>('a' + i % 23);
  std::size_t done = 0;
  while (done < sent.size()) {
    const port::IoResult moved = stream->write(as_bytes(sent).subspan(done));
    BOOST_REQUIRE((moved.state == IoState::kProgress));
    done += moved.bytes;
    drive();
  }
  BOOST_TEST((peer.received == sent));
  for (std::size_t at = 0; at < sent.size(); at += 10'000) {
    peer.send(sent.substr(at, 10'000));
    drive();
  }
  BOOST_TEST((received == sent));
}

BOOST_AUTO_TEST_CASE(a_service_that_reads_nothing_holds_up_the_writer) {
  BOOST_REQUIRE(connect());
  TlsService::Connection& peer = service.last();
  peer.pipe.up->room = 1'000;
  const std::string much(200'000, 'x');
  std::size_t done = 0;
  port::IoResult moved;
  while ((moved = stream->write(as_bytes(much).subspan(done))).state == IoState::kProgress) {
    done += moved.bytes;
  }
  BOOST_TEST((moved.state == IoState::kBlocked));
  BOOST_TEST(done <= limits::kServiceOutBytesMax);
  stream->want(false, true);
  BOOST_TEST(peer.gateway_end->wants_write());
  peer.received.clear();
  while (done < much.size()) {
    drive();
    moved = stream->write(as_bytes(much).subspan(done));
    BOOST_REQUIRE((moved.state == IoState::kProgress || moved.state == IoState::kBlocked));
    done += moved.bytes;
  }
  peer.pipe.up->room = Flow::kNoLimit;
  BOOST_TEST((stream->write({}).state == IoState::kProgress));
  drive();
  BOOST_TEST(peer.received.size() == much.size());
}

BOOST_AUTO_TEST_CASE(what_found_no_room_is_sent_without_another_write) {
  BOOST_REQUIRE(connect());
  TlsService::Connection& peer = service.last();
  peer.received.clear();
  peer.pipe.up->room = 10;
  BOOST_TEST((stream->write(as_bytes("the end of a request")).state == IoState::kProgress));
  BOOST_TEST((stream->flush().state == IoState::kBlocked));
  stream->want(false, false);
  BOOST_TEST(peer.gateway_end->wants_write());
  peer.pipe.up->room = Flow::kNoLimit;
  BOOST_TEST((stream->flush().state == IoState::kProgress));
  stream->want(false, false);
  BOOST_TEST(!peer.gateway_end->wants_write());
  peer.move();
  BOOST_TEST(peer.received == "the end of a request");
}

BOOST_AUTO_TEST_CASE(an_end_counts_only_where_the_service_has_said_it) {
  BOOST_REQUIRE(connect());
  service.last().send("all of it");
  SSL_shutdown(service.last().ssl.get());
  service.last().pipe.down->ended = true;
  drive();
  BOOST_TEST(received == "all of it");
  BOOST_TEST((last_read == IoState::kEof));

  BOOST_REQUIRE(connect());
  service.last().send("half of it");
  service.last().pipe.down->ended = true;
  drive();
  BOOST_TEST(received == "half of it");
  BOOST_TEST((last_read == IoState::kFailed));
  BOOST_TEST(stream->failure().find("cut TLS off") != std::string::npos, stream->failure());
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_or_lies_has_failed) {
  BOOST_REQUIRE(connect());
  service.last().pipe.down->bytes = "HTTP/1.1 200 OK\r\n\r\n";
  drive();
  BOOST_TEST((last_read == IoState::kFailed));
  BOOST_TEST(received == "");
  BOOST_TEST((stream->write(as_bytes("x")).state == IoState::kFailed));

  BOOST_REQUIRE(connect());
  service.last().pipe.down->cut = service.last().pipe.up->cut = true;
  drive();
  BOOST_TEST((last_read == IoState::kFailed));
}

BOOST_AUTO_TEST_CASE(what_is_no_tls_is_named) {
  stream = dialer.dial(as, as.endpoints.front()).value();
  service.last().pipe.down->bytes = "HTTP/1.1 400 Bad Request\r\n\r\n";
  std::uint8_t piece[16];
  BOOST_TEST((stream->read(piece).state == IoState::kFailed));
  BOOST_TEST(stream->failure() == "the service does not speak TLS on this port");
}

BOOST_AUTO_TEST_CASE(the_service_is_told_when_the_gateway_is_done) {
  BOOST_REQUIRE(connect());
  stream->shutdown_write();
  service.last().move();
  BOOST_TEST((SSL_get_shutdown(service.last().ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0);
  BOOST_TEST((stream->write(as_bytes("x")).state == IoState::kFailed));
  service.last().send("still answering");
  drive();
  BOOST_TEST(received == "still answering");

  BOOST_REQUIRE(connect());
  stream.reset();
  service.last().move();
  BOOST_TEST((SSL_get_shutdown(service.last().ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
