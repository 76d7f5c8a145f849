// Is a certificate a server's only where it has exactly the server's name?
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "pki/server_name.h"
#include "support/test_pki.h"
#include "unit/pki_support.h"

using namespace interlock;
using namespace interlock::pki;
using namespace interlock::test;

namespace {

constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

bool names(const CertSpec& spec, std::string_view name) {
  const auto certificate = read_certificate(self_signed(spec).der);
  BOOST_REQUIRE(certificate.has_value());
  const auto parsed = parse_server_name(name);
  BOOST_REQUIRE(parsed.has_value());
  return names_server(*certificate, *parsed);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pki_server_name)

BOOST_AUTO_TEST_CASE(only_the_exact_name_in_its_own_form_counts) {
  const CertSpec spec = {
      .common_name = "cn.plant.example",
      .dns = {"MES.plant.example", "*.wild.example", "10.0.0.9", "a"},
      .addresses = {std::string("\x0a\x00\x00\x06", 4), std::string(15, '\0') + '\x01'},
      .uris = {"https://uri.plant.example/"}};
  struct Case {
    const char* name;
    bool named;
  };
  for (const Case& each :
       std::initializer_list<Case>{{"mes.plant.example", true},
                                   {"Mes.Plant.Example", true},
                                   {"a", true},
                                   {"10.0.0.6", true},
                                   {"::1", true},
                                   {"0:0:0:0:0:0:0:1", true},
                                   {"xmes.plant.example", false},
                                   {"mes.plant.example2", false},
                                   {"plant.example", false},
                                   {"deep.mes.plant.example", false},
                                   {"cn.plant.example", false},
                                   {"uri.plant.example", false},
                                   {"x.wild.example", false},   // A wildcard never counts,
                                   {"wild.example", false},     // in no form.
                                   {"10.0.0.9", false},         // An address among the host names.
                                   {"::ffff:10.0.0.6", false},  // Another address.
                                   {"::2", false}}) {
    BOOST_TEST(names(spec, each.name) == each.named, each.name);
  }
}

BOOST_AUTO_TEST_CASE(the_common_name_never_counts) {
  BOOST_TEST(!names({.common_name = "mes.plant.example"}, "mes.plant.example"));
}

BOOST_AUTO_TEST_CASE(what_is_no_single_name_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "*.plant.example"sv, "mes*.example"sv, "mes..example"sv, ".example"sv, "example."sv,
        "mes.example:8443"sv, "[::1]"sv, "10.0.0"sv, "10.0.0.256"sv, "10.0.0.6\0x"sv, "a b"sv,
        "-a.example"sv, "m\xc3\xa9s.example"sv}) {
    BOOST_TEST(!parse_server_name(text).has_value(), text);
  }
  BOOST_TEST(!parse_server_name(std::string(64, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_certificate_is_for_is_told_and_cut) {
  const auto of = [](const CertSpec& spec) {
    return describe_server_names(read_certificate(self_signed(spec).der).value());
  };
  BOOST_TEST(of({.dns = {"a.example"}, .addresses = {"\x0a\x01\x02\x03"}}) ==
             "a.example, 10.1.2.3");
  BOOST_TEST(of({.dns = {"*.example"}}).starts_with("no server"));
  const std::vector<std::string> many(100, "name.example");
  BOOST_TEST(of({.dns = many}).size() == limits::kNameInSentenceBytesMax + 3);
}

BOOST_AUTO_TEST_CASE(a_trust_for_services_accepts_servers_and_no_clients) {
  const Issued ca = self_signed(ca_spec("services ca"));
  TrustSource source{.name = "services", .ca_pem = ca.pem(), .no_revocation = true};
  source.for_services = true;
  const auto trust = load(source);
  const Issued server = issue(ca, {.extended_key_usage = {kServerAuth}});
  const Issued device = issue(ca, {});
  check({server.der}, trust, Reason::kNone);
  check({issue(ca, {.extended_key_usage = {"2.5.29.37.0"}}).der}, trust, Reason::kNone);
  check({device.der}, trust, Reason::certificate_purpose, "lists neither serverAuth");
  check({issue(ca, {.extended_key_usage = {}}).der}, trust, Reason::certificate_purpose);
  source.for_services = false;
  const auto devices = load(source);
  check({server.der}, devices, Reason::certificate_purpose, "lists neither clientAuth");
  BOOST_TEST((trust->identity() != devices->identity()));
  // Facts found for one use say nothing about the other.
  const auto facts = inspect(views_of({server.der}), *trust, kNow);
  BOOST_TEST((judge(facts, *devices, kNow).reason == Reason::untrusted_chain));
}

BOOST_AUTO_TEST_SUITE_END()
