// Goal: whoever resumes a session is judged as of now, whatever held when it began.
// Method: real TLS, in 1.2 and 1.3, under real sessions; between two connections the world changes.
#include <boost/test/unit_test.hpp>

#include "sim/world.h"
#include "support/pipe_stream.h"
#include "support/tls_client.h"
#include "tls/server.h"

using namespace interlock;
using namespace interlock::sim;

namespace {

constexpr std::uint16_t kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

// ServerEnd tells whether the session that owns it is still there.
class ServerEnd final : public port::ByteStream {
 public:
  ServerEnd(std::unique_ptr<port::ByteStream> end, bool& open) : end_(std::move(end)), open_(open) {
    open_ = true;
  }
  ~ServerEnd() override { open_ = false; }
  port::IoResult read(std::span<std::uint8_t> into) override { return end_->read(into); }
  port::IoResult write(std::span<const std::uint8_t> from) override { return end_->write(from); }
  void shutdown_write() override { end_->shutdown_write(); }
  void want(bool, bool) override {}
  void observe(port::StreamObserver*) override {}

 private:
  std::unique_ptr<port::ByteStream> end_;
  bool& open_;
};

// TlsWorld is a world whose clients speak TLS.
struct TlsWorld : World {
  explicit TlsWorld(std::uint16_t tls_version) : version(tls_version) { remake(keyring); }

  // remake makes the server of the configuration in force.
  void remake(tls::TicketKeyring& with) {
    policy::Listener listener = *snapshots.current()->listener("telemetry");
    listener.allows_tls_1_2 = true;
    server = tls::Server::make(listener, with).value();
  }

  std::uint16_t version;
  tls::TicketKeyring keyring{clock};
  tls::Worker worker;
  std::unique_ptr<tls::Server> server;
};

// TlsCaller is one connection, and asks once it is there.
class TlsCaller {
 public:
  TlsCaller(TlsWorld& world, const std::string& name, SSL_SESSION* offered = nullptr)
      : world_(world), client(pipe_.client(), options(world, name, offered)) {
    session_ = world.table.open("192.0.2.7:40001", "telemetry");
    BOOST_REQUIRE(session_ != nullptr);
    session_->start(
        world.server->accept(world.worker, std::make_unique<ServerEnd>(pipe_.server(), open_)));
    drive();
    if (client.established()) client.write("GET /status/a HTTP/1.1\r\nHost: gateway\r\n\r\n");
    drive();
  }
  TlsCaller(const TlsCaller&) = delete;
  TlsCaller& operator=(const TlsCaller&) = delete;
  ~TlsCaller() {
    pipe_.up->vanish();
    drive();
    BOOST_TEST(!open_);
  }

  [[nodiscard]] bool served() { return client.received().starts_with("HTTP/1.1 200 "); }

 private:
  static test::TlsClientOptions options(const TlsWorld& world, const std::string& name,
                                        SSL_SESSION* offered) {
    test::TlsClientOptions with = test::options_of(issued_of(name), world.version);
    with.session = offered;
    return with;
  }
  void drive() {
    std::size_t before = 0;
    do {
      before = pipe_.bytes_moved();
      client.move();
      if (open_) session_->on_stream_ready();
      world_.settle();
    } while (pipe_.bytes_moved() != before);
  }

  TlsWorld& world_;
  test::Pipe pipe_;
  bool open_ = false;
  session::Session* session_ = nullptr;

 public:
  test::TlsClient client;
};

bssl::UniquePtr<SSL_SESSION> session_of(TlsWorld& world, const std::string& name) {
  TlsCaller first(world, name);
  BOOST_REQUIRE(first.served());
  BOOST_REQUIRE(first.client.sessions_offered() == 1U);
  return bssl::UpRef(first.client.last_session());
}

// Resumes after `change`, and is refused with one record and the alert of the reason.
void check_refused(const std::string& name, void (*change)(TlsWorld&), Reason reason, int alert,
                   bool resumes = true) {
  for (const std::uint16_t version : kVersions) {
    TlsWorld world(version);
    const auto session = session_of(world, name);
    const std::size_t asked = world.historian.num_requests();
    change(world);
    const std::size_t records = world.audit.entries.size();
    TlsCaller again(world, name, session.get());
    BOOST_TEST(again.client.resumed() == resumes);
    BOOST_TEST(again.client.alert() == alert);
    BOOST_TEST(again.client.received().empty());
    BOOST_TEST(world.historian.num_requests() == asked);
    BOOST_TEST_REQUIRE(world.audit.entries.size() == records + 1);
    const Entry& refusal = world.audit.entries.back();
    BOOST_TEST((refusal.event == AuditEvent::kHandshake));
    BOOST_TEST(to_string(refusal.reason) == to_string(reason));
    BOOST_TEST(refusal.denial_id.size() == 32U);
    BOOST_TEST(refusal.device.empty());
  }
}

// Is served after `change`: by its old session, or by a full handshake.
void check_served(void (*change)(TlsWorld&), bool resumes, const std::string& device = "press-07") {
  for (const std::uint16_t version : kVersions) {
    TlsWorld world(version);
    const auto session = session_of(world, "press-07");
    change(world);
    TlsCaller again(world, "press-07", session.get());
    BOOST_TEST(again.client.resumed() == resumes);
    BOOST_TEST(again.served());
    BOOST_TEST(world.audit.entries.back().device == device);
  }
}

void publish(TlsWorld& world, const Intent& intent) {
  world.World::publish(plant_snapshot(intent));
  world.tell();
}

Intent with_devices(std::vector<Intent::Row> rows) {
  Intent intent;
  intent.devices = std::move(rows);
  return intent;
}

void rotate_keys(TlsWorld& world, int periods) {
  Intent intent;
  intent.crl_lifetime = Millis{30 * test::kDay.ms};  // Lasts for longer than the keys.
  publish(world, intent);
  for (int i = 0; i < periods; ++i) {
    world.clock.pass(limits::kTicketKeyPeriod);
    world.keyring.rotate();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_resume)

BOOST_AUTO_TEST_CASE(resumed_device_is_served) {
  check_served([](TlsWorld&) {}, /*resumes=*/true);
}

BOOST_AUTO_TEST_CASE(resumed_certificate_that_ran_out_is_refused) {
  check_refused(
      "press-09", [](TlsWorld& world) { world.clock.pass(Millis{test::kHour.ms + 1}); },
      Reason::certificate_expired, SSL_AD_CERTIFICATE_EXPIRED);
}

BOOST_AUTO_TEST_CASE(resumed_certificate_that_was_revoked_is_refused) {
  check_refused(
      "press-07",
      [](TlsWorld& world) {
        Intent intent;
        intent.revoked.emplace_back("press-07");
        publish(world, intent);
      },
      Reason::certificate_revoked, SSL_AD_CERTIFICATE_REVOKED);
}

BOOST_AUTO_TEST_CASE(resumed_certificate_is_refused_when_the_list_went_stale) {
  check_refused(
      "press-07",
      [](TlsWorld& world) {
        Intent brief;
        brief.crl_lifetime = test::kHour;
        publish(world, brief);
        world.clock.pass(Millis{test::kHour.ms + 1});
      },
      Reason::revocation_stale, SSL_AD_CERTIFICATE_UNKNOWN);
}

// A connection may have come in at the old listener, with the old keys.
BOOST_AUTO_TEST_CASE(resumed_chain_of_an_authority_that_is_gone_is_refused) {
  check_refused(
      "press-07",
      [](TlsWorld& world) {
        Intent intent;
        intent.another_authority = true;
        publish(world, intent);
      },
      Reason::untrusted_chain, SSL_AD_UNKNOWN_CA);
}

BOOST_AUTO_TEST_CASE(listener_of_other_authorities_opens_no_old_ticket) {
  check_refused(
      "press-07",
      [](TlsWorld& world) {
        Intent intent;
        intent.another_authority = true;
        publish(world, intent);
        world.remake(world.keyring);
      },
      Reason::untrusted_chain, SSL_AD_UNKNOWN_CA, /*resumes=*/false);
}

BOOST_AUTO_TEST_CASE(listener_of_the_same_authorities_goes_on_with_old_tickets) {
  check_served(
      [](TlsWorld& world) {
        publish(world, with_devices({{"press-07", "press", "press-07"}}));
        world.remake(world.keyring);
      },
      /*resumes=*/true);
}

BOOST_AUTO_TEST_CASE(resumed_device_that_is_gone_is_refused) {
  check_refused(
      "press-07", [](TlsWorld& world) { publish(world, with_devices({})); }, Reason::unknown_device,
      SSL_AD_ACCESS_DENIED);
}

BOOST_AUTO_TEST_CASE(resumed_certificate_is_the_device_that_it_is_now) {
  check_served(
      [](TlsWorld& world) {
        publish(world, with_devices({{"press-77", "press", "press-07"}}));
      },
      /*resumes=*/true, "press-77");
}

BOOST_AUTO_TEST_CASE(after_a_restart_everybody_starts_anew_and_is_served) {
  check_served(
      [](TlsWorld& world) {
        tls::TicketKeyring after(world.clock);
        world.remake(after);
      },
      /*resumes=*/false);
}

BOOST_AUTO_TEST_CASE(session_resumes_with_the_key_before_and_not_with_the_one_before_that) {
  check_served([](TlsWorld& world) { rotate_keys(world, 1); }, /*resumes=*/true);
  check_served([](TlsWorld& world) { rotate_keys(world, 2); }, /*resumes=*/false);
}

BOOST_AUTO_TEST_CASE(resumed_chain_is_remembered_once_it_is_admitted) {
  for (const std::uint16_t version : kVersions) {
    TlsWorld before(version), world(version);
    const auto session = session_of(before, "press-07");
    world.server = std::move(before.server);
    publish(world, with_devices({}));
    { const TlsCaller refused(world, "press-07", session.get()); }
    BOOST_TEST(world.context.chains.size() == 0U);
    publish(world, {});
    TlsCaller admitted(world, "press-07", session.get());
    BOOST_TEST(admitted.client.resumed());
    BOOST_TEST(world.context.chains.size() == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
