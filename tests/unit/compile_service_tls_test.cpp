// Is every mistake in a service's tls block named at its place, and does any change of what TLS
// rests on make another service of it, so that no old connection serves it?
#include <boost/test/unit_test.hpp>

#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

const std::string kTrust =
    "trust { name: \"services\" ca_file: \"/ca\" crl { file: \"/crl\" } usage: SERVICES }\n";

TestConfig config_of(std::string_view policy) {
  TestConfig config = plant_config();
  config.policy() = policy;
  config.files["/ca"] = vendor_authority().ca.pem();
  config.files["/crl"] = vendor_authority().crl_pem;
  for (const char* name : {"a", "b"}) {
    const Issued own = issue(vendor_authority().ca, {.common_name = name});
    config.files[std::string("/") + name + ".pem"] = own.pem();
    config.files[std::string("/") + name + ".key"] = own.key.pem();
  }
  return config;
}

std::string service(const std::string& tls) {
  return kTrust + "service { name: \"s\" endpoint: \"10.0.0.1:8443\" tls { " + tls + " } }";
}

const std::string kGood = R"(trust: "services" server_name: "MES.example")";

void complain(const std::string& policy, const std::vector<std::string>& messages) {
  const Marked marked(policy);
  const Loaded loaded = config_of(marked.text).load();
  BOOST_TEST(complaints(loaded) == marked.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

const Service& last(const Loaded& loaded) {
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  return *loaded.snapshot->services.back();
}

std::string key_of(const TestConfig& config) { return last(config.load()).key; }

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_service_tls)

BOOST_AUTO_TEST_CASE(what_is_said_counts) {
  const Loaded plain = config_of(service(kGood)).load();
  const Service& made = last(plain);
  BOOST_REQUIRE(made.tls != nullptr);
  BOOST_TEST(made.tls->trust->name() == "services");
  BOOST_TEST(made.tls->server_name.text == "mes.example");
  BOOST_TEST(!made.tls->allows_tls_1_2);
  BOOST_TEST(!made.tls->certificate.has_value());
  BOOST_TEST(made.authority() == "mes.example:8443");
  const Loaded all =
      config_of(service(kGood +
                        R"(min_tls: V1_2 certificate { chain_file: "/a.pem" key_file: "/a.key" })"))
          .load();
  BOOST_TEST(last(all).tls->allows_tls_1_2);
  BOOST_TEST(last(all).tls->certificate->chain_file == "/a.pem");
}

BOOST_AUTO_TEST_CASE(the_gateways_own_certificate_is_shown_on_request) {
  const Loaded loaded = config_of(service(kGood + " use_gateway_certificate: true")).load();
  BOOST_TEST(last(loaded).tls->certificate->chain_file == "etc/tls/gateway.pem");
}

BOOST_AUTO_TEST_CASE(the_default_port_is_left_out_of_the_host) {
  Service made{.name = "s", .endpoints = {{"10.0.0.1", 443}}};
  auto tls = std::make_shared<ServiceTls>();
  tls->server_name = {"mes.example", false};
  made.tls = tls;
  BOOST_TEST(made.authority() == "mes.example");
  tls->server_name = {"::1", true};
  BOOST_TEST(made.authority() == "[::1]");
  made.endpoints = {{"10.0.0.1", 8443}};
  BOOST_TEST(made.authority() == "[::1]:8443");
}

BOOST_AUTO_TEST_CASE(every_mistake_is_named_at_its_place) {
  complain(
      kTrust + R"(service { name: "s" endpoint: "10.0.0.1:8443" @tls { server_name: "a" } })",
      {"tls needs trust\n  write trust: \"services\", the name of a trust with usage: SERVICES"});
  complain(kTrust + R"(service { name: "s" endpoint: "10.0.0.1:8443" @tls { trust: "services" } })",
           {"tls needs server_name\n  write server_name: \"mes.plant.example\""});
  complain(service(R"(trust: @"service" server_name: "a")"),
           {"there is no trust \"service\"\n  did you mean \"services\"?"});
  complain(service(R"(trust: @"plant" server_name: "a")"),
           {"trust \"plant\" vouches for devices and not for services\n"
            "  name a trust with usage: SERVICES"});
  complain(
      service(R"(trust: "services" server_name: @"*.example")"),
      {"\"*.example\": a server_name is one name: a wildcard could be any service\n"
       "  write the name in the service's certificate: \"mes.plant.example\" or \"10.20.0.6\""});
  complain(service(kGood + R"(certificate { chain_file: "/a.pem" key_file: "/a.key" }
                              @use_gateway_certificate: true)"),
           {"the gateway shows one certificate, not two\n"
            "  remove this line or the certificate block"});
  complain(service(kGood + R"(certificate { chain_file: "/a.pem" key_file: @"/b.key" })"),
           {"the key is not that of the first certificate of the chain\n"
            "  chain_file begins with the gateway's own certificate; key_file is its key"});
  complain(service(kGood + R"(certificate { chain_file: @"/a.key" key_file: "/a.key" })"),
           {"there is no PEM block labelled CERTIFICATE\n"
            "  chain_file begins with the gateway's own certificate; key_file is its key"});
}

BOOST_AUTO_TEST_CASE(a_certificate_for_other_uses_is_a_warning) {
  const Marked marked(
      service(kGood + R"(@certificate { chain_file: "/s.pem" key_file: "/s.key" })"));
  TestConfig config = config_of(marked.text);
  const Issued own = issue(vendor_authority().ca, {.extended_key_usage = {"1.3.6.1.5.5.7.3.1"}});
  config.files["/s.pem"] = own.pem();
  config.files["/s.key"] = own.key.pem();
  BOOST_TEST(complaints(config.load()) ==
                 marked.complaints("etc/policy.d/p",
                                   {"warning: this certificate is not meant for TLS clients (its "
                                    "extended key usage lacks clientAuth)\n  services may refuse "
                                    "it: have one issued with clientAuth"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_trust_for_services_vouches_for_no_device) {
  complain(
      kTrust + R"(listener { name: "l" address: "127.0.0.1:9" protocol: HTTP trust: @"services" })",
      {"trust \"services\" is for SERVICES and vouches for no device\n"
       "  name a trust of devices in operation"});
  TestConfig config = config_of(kTrust + R"(service { name: "s" endpoint: "10.0.0.1:80" }
                  function { name: "f" permit { name: "p" service: "s" http { method: "GET" path: "/" } } })");
  config.inventory() += "d,f,,dns,d.example,services,hall\n";
  const Loaded loaded = config.load();
  BOOST_TEST((loaded.snapshot == nullptr));
  BOOST_TEST(
      complaints(loaded).front().find("trust \"services\" is for SERVICES") != std::string::npos,
      complaints(loaded).front());
}

BOOST_AUTO_TEST_CASE(what_tls_rests_on_makes_the_key) {
  const std::string own = R"(certificate { chain_file: "/a.pem" key_file: "/a.key" })";
  const TestConfig before = config_of(service(kGood + own));
  const std::string key = key_of(before);
  BOOST_TEST(key == key_of(before));
  const auto changed = [&](const char* file, std::string content) {
    TestConfig config = before;
    config.files[file] = std::move(content);
    return key_of(config) != key;
  };
  BOOST_TEST(!changed("/ca", "# A comment.\n" + before.files.at("/ca")));
  BOOST_TEST(
      changed("/crl", text_of(make_crl(vendor_authority().ca, {.entries = {{"07", {}, {}}}}))));
  BOOST_TEST(changed("/a.pem", before.files.at("/a.pem") + before.files.at("/ca")));
  BOOST_TEST(key_of(config_of(service(kGood))) != key);
  BOOST_TEST(key_of(config_of(service(kGood + own + " min_tls: V1_2"))) != key);
  BOOST_TEST(key_of(config_of(service(R"(trust: "services" server_name: "b")" + own))) != key);
}

BOOST_AUTO_TEST_SUITE_END()
