// Is a configuration file held against its schema, with every mistake named at once, where it is,
// and with what to write instead?
#include "policy/config_text.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <google/protobuf/descriptor.pb.h>

#include "policy/text_check.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

// The problems of a list, one a line, hints included.
std::string listed(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) out += to_string(problem) + "\n";
  return out;
}

std::string complaints(std::string_view text) {
  std::vector<Problem> problems;
  const auto config = parse_config("c", text, problems);
  BOOST_TEST(config.has_value() == !has_errors(problems));
  return listed(problems);
}

// The same against a message of protobuf's own, which has the types that our schema does not use
// yet.
std::string complaints_of_options(std::string_view text) {
  std::vector<Problem> problems;
  Reporter report("c", problems);
  const TextTree tree = TextTree::parse(text, report);
  google::protobuf::FileDescriptorProto message;
  check_tree(*message.GetDescriptor(), tree, report);
  if (report.ok()) fill_message(tree, message, report);
  report.finish();
  return listed(problems);
}

// What protobuf's parser says alone, without the check before it.
std::string complaints_of_protobuf(std::string_view text) {
  std::vector<Problem> problems;
  Reporter report("c", problems);
  const TextTree tree = TextTree::parse(text, report);
  BOOST_TEST_REQUIRE(report.ok());
  google::protobuf::FileDescriptorProto message;
  fill_message(tree, message, report);
  report.finish();
  BOOST_TEST(!report.ok());
  return listed(problems);
}

constexpr std::string_view kExample = R"(# The example of the product, as far as this version goes.
gateway_id: "press-hall-3"
site: "press-hall"
certificate { chain_file: "tls/gateway.pem" key_file: "tls/gateway.key" }
trust { name: "plant"   ca_file: "trust/plant-ca.pem"      crl { file: "trust/plant.crl" max_age: "36h" } }
trust { name: "vendor"  ca_file: "trust/vendor-idevid.pem" usage: ENROLMENT_ONLY  revocation: NONE }
listener { name: "telemetry" address: "192.0.2.1:8443" protocol: HTTP   trust: "plant" min_tls: V1_2
           certificate { chain_file: "a" key_file: "b" } }
service { name: "historian" endpoint: "10.20.0.5:8080" endpoint: "10.20.0.6:8080" }
tier { name: "critical"  max_certificate_lifetime: "24h" hardware_backed_key: true
       attestation { accept: TPM2 accept: DICE max_age: "1h" } }
tier { name: "telemetry" attestation { accept: [EAT, EAR] } }
function {
  name: "temperature-sensor"
  permit { name: "readings" service: "historian"
           http { method: "POST" path: "/v1/devices/{device.id}/readings" max_body: "4KiB" } }
}
audit { file: "/var/log/interlock/audit.jsonl" on_failure: DENY }
admin { socket: "/run/interlock/admin.sock" metrics: "127.0.0.1:9464" }
inventory_file: "devices.csv"
include: "policy.d/*.textproto"
expect { device: "press-07" service: "historian" http { method: "DELETE" path: "/v1" } decision: DENY }
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(config_text)

BOOST_AUTO_TEST_CASE(the_example_of_the_product_is_read) {
  std::vector<Problem> problems;
  const auto config = parse_config("c", kExample, problems);
  BOOST_TEST(listed(problems) == "");
  BOOST_TEST_REQUIRE(config.has_value());
  const config::Config& message = config->message;
  BOOST_TEST(message.gateway_id() == "press-hall-3");
  BOOST_TEST(message.trust_size() == 2);
  BOOST_TEST(message.trust(0).crl(0).max_age() == "36h");
  BOOST_TEST((message.trust(0).usage() == config::Trust::OPERATIONAL));
  BOOST_TEST((message.trust(0).revocation() == config::Trust::CRL));
  BOOST_TEST((message.trust(1).usage() == config::Trust::ENROLMENT_ONLY));
  BOOST_TEST((message.trust(1).revocation() == config::Trust::NONE));
  BOOST_TEST((message.listener(0).min_tls() == config::Listener::V1_2));
  BOOST_TEST(message.listener(0).certificate().key_file() == "b");
  BOOST_TEST(message.service(0).endpoint(1) == "10.20.0.6:8080");
  BOOST_TEST(message.tier(0).hardware_backed_key());
  BOOST_TEST((message.tier(1).attestation().accept(1) == config::Tier::Attestation::EAR));
  BOOST_TEST(message.function(0).permit(0).http().method(0) == "POST");
  BOOST_TEST((message.audit().on_failure() == config::Audit::DENY));
  BOOST_TEST((message.expect(0).decision() == config::Expect::DENY));
  const Node& path =
      *config->tree.root().field("function")->field("permit")->field("http")->field("path");
  BOOST_TEST(to_string(path.inside(path.value().find('{'))) == "c:16:53");
}

BOOST_AUTO_TEST_CASE(what_is_left_unsaid_is_as_strict_as_can_be) {
  std::vector<Problem> problems;
  const auto config = parse_config("c", "listener { } audit { } trust { }", problems);
  BOOST_TEST_REQUIRE(config.has_value());
  BOOST_TEST((config->message.listener(0).min_tls() == config::Listener::V1_3));
  BOOST_TEST((config->message.audit().on_failure() == config::Audit::DENY));
  BOOST_TEST((config->message.trust(0).revocation() == config::Trust::CRL));
  BOOST_TEST((config->message.trust(0).usage() == config::Trust::OPERATIONAL));
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_named_with_the_nearest_one) {
  BOOST_TEST(complaints("trust {\n  ca_flie: \"x\"\n}") ==
             "c:2:3: trust has no field \"ca_flie\"\n"
             "  did you mean ca_file? fields here: name, ca_file, crl, usage, revocation\n");
  BOOST_TEST(complaints("admin { sock-et: \"x\" }") ==
             "c:1:9: admin has no field \"sock-et\"\n"
             "  did you mean socket? fields here: socket, metrics\n");
  BOOST_TEST(complaints("admin { colour: \"x\" }") ==
             "c:1:9: admin has no field \"colour\"\n  fields here: socket, metrics\n");
}

BOOST_AUTO_TEST_CASE(a_field_in_the_wrong_block_is_told_where_it_belongs) {
  BOOST_TEST(complaints("certificate { address: \"y\" }") ==
             "c:1:15: certificate has no field \"address\"\n"
             "  it belongs in listener; fields here: chain_file, key_file\n");
  BOOST_TEST(complaints("admin { site: \"x\" }") ==
             "c:1:9: admin has no field \"site\"\n"
             "  it belongs in the top level; fields here: socket, metrics\n");
  BOOST_TEST(
      complaints("path: \"x\"")
          .starts_with(
              "c:1:1: the top level has no field \"path\"\n"
              "  it belongs in function.permit.http or expect.http; fields here: gateway_id, "));
}

BOOST_AUTO_TEST_CASE(a_single_field_given_twice_names_both_lines) {
  BOOST_TEST(complaints("site: \"x\"\n\nsite: \"y\"\naudit { }\naudit { }") ==
             "c:3:1: \"site\" is given twice\n  keep this one or the one in line 1\n"
             "c:5:1: \"audit\" is given twice\n  keep this one or the one in line 4\n");
  BOOST_TEST(complaints("site: [\"x\"]") ==
             "c:1:8: \"site\" is one value, not a list\n  remove the brackets\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_enum_value_lists_those_there_are) {
  BOOST_TEST(complaints("trust {\n  usage: OPERATIONL }") ==
             "c:2:10: \"OPERATIONL\" is not a value of \"usage\"\n"
             "  did you mean OPERATIONAL? values: OPERATIONAL, ENROLMENT_ONLY, SERVICES\n");
  BOOST_TEST(complaints("listener { protocol: http min_tls: 1 }") ==
             "c:1:22: \"http\" is not a value of \"protocol\"\n"
             "  did you mean HTTP? values: HTTP\n"
             "c:1:36: \"1\" is not a value of \"min_tls\"\n  values: V1_2, V1_3\n");
  BOOST_TEST(complaints("listener { protocol: \"HTTP\" }") ==
             "c:1:22: \"protocol\" is a word, not a text\n"
             "  write protocol: HTTP, without quotes\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_told_what_to_write) {
  BOOST_TEST(
      complaints("service { endpoint: 10.20.0.5:8080 }\ntier { max_certificate_lifetime: 30d }\n"
                 "site: hall") ==
      "c:1:21: \"endpoint\" is a text\n"
      "  write endpoint: \"10.20.0.5:8080\", with quotes\n"
      "c:2:34: \"max_certificate_lifetime\" is a text\n"
      "  write max_certificate_lifetime: \"30d\", with quotes\n"
      "c:3:7: \"site\" is a text\n  write site: \"hall\", with quotes\n");
  BOOST_TEST(
      complaints("tier { hardware_backed_key: \"true\" }\ntier { hardware_backed_key: 1 }") ==
      "c:1:29: \"hardware_backed_key\" is true or false\n"
      "  write hardware_backed_key: true, without quotes\n"
      "c:2:29: \"hardware_backed_key\" is true or false\n"
      "  write hardware_backed_key: true, without quotes\n");
  BOOST_TEST(complaints("audit: \"x\"\nsite { }") ==
             "c:1:8: \"audit\" is a block\n  write audit { ... }\n"
             "c:2:6: \"site\" is one value, not a block\n  remove the braces\n");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_text_is_refused_inside_the_string) {
  BOOST_TEST(complaints("site: \"\u00e9\\n\\377\"") ==
             "c:1:11: \"site\" is not UTF-8\n  remove this character\n");
  BOOST_TEST(complaints("site: 'ab' \"c\\0\"") ==
             "c:1:14: \"site\" holds a NUL\n  remove this character\n");
}

BOOST_AUTO_TEST_CASE(all_errors_of_a_file_come_at_once_in_its_order) {
  BOOST_TEST(complaints("sitte: \"x\"\nsite \"y\"\nsite: z\nadmin { \"\n}\n") ==
             "c:1:1: the top level has no field \"sitte\"\n"
             "  did you mean site? fields here: gateway_id, site, certificate, trust, listener, "
             "service, tier, function, audit, admin, inventory_file, include, expect, limits, "
             "state_dir, quarantine\n"
             "c:2:5: \":\" is missing after \"site\"\n"
             "  write site: \"value\", or { } around a block\n"
             "c:3:1: \"site\" is given twice\n  keep this one or the one in line 2\n"
             "c:3:7: \"site\" is a text\n  write site: \"z\", with quotes\n"
             "c:4:9: the closing quote is missing\n"
             "  end the text with \" on the same line\n");
}

BOOST_AUTO_TEST_CASE(an_unclosed_block_brings_no_further_complaints) {
  BOOST_TEST(complaints("listener {\n  name: \"x\"\n\nservice { name: \"y\" }\n") ==
             "c:1:10: the block that opens here does not close\n  add \"}\"\n");
}

BOOST_AUTO_TEST_CASE(a_file_with_a_byte_order_mark_and_crlf_is_read_with_a_warning) {
  std::vector<Problem> problems;
  const auto config = parse_config("c", "\xef\xbb\xbfsite:\t\"x\"\r\n# y\r\n", problems);
  BOOST_TEST_REQUIRE(config.has_value());
  BOOST_TEST(config->message.site() == "x");
  BOOST_TEST(listed(problems) ==
             "c:1:1: warning: the file begins with a byte order mark\n"
             "  save it as UTF-8 without one\n");
}

BOOST_AUTO_TEST_CASE(numbers_are_plain_decimal) {
  BOOST_TEST(complaints_of_options("message_type { field { number: 8443 } }") == "");
  BOOST_TEST(complaints_of_options("options { uninterpreted_option { double_value: -1.5 } }") ==
             "");
  BOOST_TEST(complaints_of_options("message_type { field { number: \"8443\" } }") ==
             "c:1:32: \"number\" is a whole number\n  write number: 8443, without quotes\n");
  for (const std::string_view number : {"010", "0x10", "1.5", "1e3", "ten", "8443f"}) {
    BOOST_TEST(
        complaints_of_options("message_type { field { number: " + std::string(number) + " } }") ==
            "c:1:32: \"number\" is a whole number\n"
            "  write decimal digits, such as number: 10\n",
        number);
  }
}

BOOST_AUTO_TEST_CASE(a_number_out_of_range_is_named_where_it_stands) {
  BOOST_TEST(complaints_of_options(
                 "package: \"\u00e9\"\tmessage_type {\n\tfield { number: 99999999999 } }") ==
             "c:2:18: Integer out of range (99999999999)\n");
}

BOOST_AUTO_TEST_CASE(protobuf_is_corrected_when_it_names_the_token_behind_the_culprit) {
  BOOST_TEST(complaints_of_protobuf("package: \"x\"\n# so\nnmae:\n\"y\"").starts_with("c:3:1: "));
  BOOST_TEST(
      complaints_of_protobuf("\xef\xbb\xbfpackage: \"x\" nmae:\n\"y\"").find("\nc:1:14: Message") !=
      std::string::npos);
  BOOST_TEST(complaints_of_protobuf("package: \"x\"\n\tpackage:\n\"y\"").starts_with("c:2:2: "));
  BOOST_TEST(complaints_of_protobuf("package: 5\n").starts_with("c:1:10: "));
}

// Messages quote what they complain of; a private key must not end up in a journal that way.
BOOST_AUTO_TEST_CASE(a_pem_file_is_refused_without_repeating_any_of_it) {
  const std::string said = complaints(
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49\n-----END PRIVATE KEY-----\n");
  BOOST_TEST(said.find("this is a PEM file, not a configuration") != std::string::npos);
  BOOST_TEST(said.find("MIGH") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
