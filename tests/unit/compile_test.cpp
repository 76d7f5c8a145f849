// Is every mistake in what a configuration means named at its place, with what to write instead?
// Each test puts a piece of configuration into an included file; "@" marks where the complaints
// must point, in the order of the text. Trusts and certificates: compile_trusts_test.cpp;
// inventory: compile_inventory_test.cpp.
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "policy/decide.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

// The device that expects speak of: function "f" may GET /v1/status on the historian.
TestConfig config_with_device() {
  TestConfig config = plant_config();
  config.main() +=
      "function { name: \"f\" permit { name: \"status\" service: \"historian\" "
      "http { method: \"GET\" path: \"/v1/status\" } } }\n";
  config.inventory() += "press-07,f,,cn,press-07,plant,\n";
  return config;
}

Loaded load(std::string_view policy) {
  TestConfig config = config_with_device();
  config.policy() = policy;
  return config.load();
}

void complain(std::string_view marked, const Messages& messages) {
  const Marked policy(marked);
  const Loaded loaded = load(policy.text);
  BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

void accept(std::string_view policy) { complain(policy, {}); }

std::string permit(std::string_view http, std::string_view more = "") {
  return "function { name: \"g\" permit { name: \"p\" service: \"historian\" " + std::string(more) +
         " http { " + std::string(http) + " } } }";
}

std::string expect(std::string_view fields) {
  return "@expect { device: \"press-07\" " + std::string(fields) + " }";
}

const std::string kNameHint = "\n  use up to 64 letters, digits, dots, underscores and dashes";
const std::string kEndpointHint =
    "\n  write an address and a port, such as \"192.0.2.1:8443\" or \"[::1]:8443\"";
const std::string kExpectHint =
    "\n  correct the policy, or the expectation if this is what it should do";

}  // namespace

BOOST_AUTO_TEST_SUITE(compile)

BOOST_AUTO_TEST_CASE(the_good_configuration_is_good) {
  accept("");
  BOOST_TEST(complaints(plant_config().load()).empty());
}

BOOST_AUTO_TEST_CASE(a_name_is_there_and_is_a_name) {
  const std::string missing = " needs name\n  write name: \"...\"";
  complain("@service { endpoint: \"10.0.0.1:80\" }", {"service" + missing});
  complain("service { name: @\"\" endpoint: \"10.0.0.1:80\" }", {"service" + missing});
  complain("@tier { }\n@function { }", {"tier" + missing, "function" + missing});
  complain(R"(service { name: @"a b" endpoint: "10.0.0.1:80" })",
           {"\"a b\" is no name" + kNameHint});
  complain(R"(tier { name: @"caf\303\251" })", {"\"caf\u00e9\" is no name" + kNameHint});
  complain(R"(function { name: @"a/b" })", {"\"a/b\" is no name" + kNameHint});
  const std::string longest(limits::kNameBytesMax, 'n');
  accept("tier { name: \"" + longest + "\" }");
  complain("tier { name: @\"" + longest + "n\" }",
           {"\"" + longest.substr(0, 60) + "...\" is no name" + kNameHint});
}

// {device.function}, {device.tier} and {device.site} put names into paths.
BOOST_AUTO_TEST_CASE(a_name_is_never_a_dot_segment) {
  const std::string hint =
      "\" is no name\n  a name has no dot at its end, because it may stand in a path";
  for (const std::string name : {".", "..", "a."}) {
    complain("function { name: @\"" + name + "\" }", {"\"" + name + hint});
    complain("tier { name: @\"" + name + "\" }", {"\"" + name + hint});
    complain("service { name: @\"" + name + "\" endpoint: \"10.0.0.1:80\" }", {"\"" + name + hint});
  }
  accept("tier { name: \"a.b\" } tier { name: \".a\" }");
}

BOOST_AUTO_TEST_CASE(a_name_is_defined_once_over_all_files) {
  complain(R"(service { name: @"historian" endpoint: "10.0.0.1:80" })",
           {"service \"historian\" is defined twice\n  it is first defined at etc/main:6:17"});
  complain("function { name: @\"f\" }",
           {"function \"f\" is defined twice\n  it is first defined at etc/main:10:18"});
  complain("tier { name: \"a\" }\n  tier { name: @\"a\" }",
           {"tier \"a\" is defined twice\n  it is first defined at etc/policy.d/p:1:14"});
  accept(R"(tier { name: "f" } tier { name: "historian" })");
}

BOOST_AUTO_TEST_CASE(a_service_has_good_endpoints) {
  complain(R"(@service { name: "s" })",
           {"service needs endpoint\n  write endpoint: \"10.20.0.5:8080\""});
  complain(R"(service { name: "s" endpoint: @"plc:80" })",
           {"the host is not an IPv4 or IPv6 address (names are not looked up)" + kEndpointHint});
  complain(R"(service { name: "s" endpoint: "10.0.0.1:80" endpoint: @"10.0.0.1:80" })",
           {"10.0.0.1:80 is given twice\n  remove one of the two"});
}

BOOST_AUTO_TEST_CASE(the_audit_trail_has_a_size_and_a_number_of_files_that_make_sense) {
  const auto audit = [](std::string_view marked, const Messages& messages) {
    TestConfig config = plant_config();
    config.replace("etc/main", "audit { file: \"audit.jsonl\" }", "");
    const Marked policy(marked);
    config.policy() = policy.text;
    const Loaded loaded = config.load();
    BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
               boost::test_tools::per_element());
    return loaded.snapshot;
  };
  const auto usual = audit(R"(audit { file: "a" })", {});
  BOOST_TEST(usual->audit_rotate_bytes == limits::kAuditRotateBytes);
  BOOST_TEST(usual->audit_files_kept == limits::kAuditFilesKept);
  const auto least = audit(R"(audit { file: "a" rotate_size: "64KiB" keep: 256 })", {});
  BOOST_TEST(least->audit_rotate_bytes == limits::kAuditRotateBytesMin);
  BOOST_TEST(least->audit_files_kept == limits::kAuditFilesKeptMax);
  const std::string hint =
      "\n  write a number and a unit, such as \"512B\", \"4KiB\" or \"1MiB\" (B, kB, KiB, MB, MiB, "
      "GB, GiB)";
  const std::string keep_hint =
      "\n  write a number from 1 to 256; a larger rotate_size keeps more records";
  audit(R"(audit { file: "a" rotate_size: @"much" keep: @0 })",
        {"\"much\" is no size" + hint, "0 files cannot be kept" + keep_hint});
  audit(R"(audit { file: "a" rotate_size: @"63KiB" keep: @257 })",
        {"\"63KiB\" is less than the least, 64KiB" + hint, "257 files cannot be kept" + keep_hint});
}

BOOST_AUTO_TEST_CASE(a_tier_says_what_it_asks_in_terms_that_are_understood) {
  accept(R"(tier { name: "t" max_certificate_lifetime: "30d" })");
  complain(R"(tier { name: "t" max_certificate_lifetime: @"a month" })",
           {"\"a month\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
            "\"30d\" (ms, s, m, h, d, w)"});
  const std::string warning =
      "warning: devices cannot attest to this version yet, so every operation of this tier's "
      "devices is refused\n  put devices that are to work into another tier";
  complain(R"(tier { name: "t" @attestation { accept: TPM2 max_age: "1h" } })", {warning});
  complain(R"(tier { name: "t" @hardware_backed_key: true })", {warning});
  complain(R"(tier { name: "t" hardware_backed_key: true @attestation { accept: EAT } })",
           {warning});
  complain(R"(tier { name: "t" @@attestation { max_age: @"1" } })",
           {"attestation needs accept\n  write accept: TPM2", warning,
            "\"1\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
            "\"30d\" (ms, s, m, h, d, w)"});
}

BOOST_AUTO_TEST_CASE(a_permit_names_a_service_that_is_there) {
  complain(R"(function { name: "g" @permit { name: "p" http { method: "GET" path: "/" } } })",
           {"permit needs service\n  write service: \"historian\", the name of a service"});
  complain(
      R"(function { name: "g" permit { name: "p" service: @"historion"
           http { method: "GET" path: "/" } } })",
      {"there is no service \"historion\"\n  did you mean \"historian\"?"});
  complain(
      R"(function { name: "g" permit { name: "p" service: @"broker"
           http { method: "GET" path: "/" } } })",
      {"there is no service \"broker\"\n  defined are: historian"});
  std::string many = R"(function { name: "g" permit { name: "p" service: @"zzzzzzzz"
           http { method: "GET" path: "/" } } })";
  for (char c = 'a'; c <= 'k'; ++c)
    many += std::string("\nservice { name: \"") + c + "\" endpoint: \"10.0.0.1:80\" }";
  complain(many, {"there is no service \"zzzzzzzz\"\n"
                  "  defined are: a, b, c, d, e, f, g, h, historian, i, ..."});
}

BOOST_AUTO_TEST_CASE(a_permit_names_methods_that_clients_send) {
  accept(permit(R"(method: "GET" method: "M-SEARCH" path: "/")"));
  complain(
      R"(function { name: "g" permit { name: "p" service: "historian" @http { path: "/" } } })",
      {"http needs method\n  write method: \"GET\""});
  complain(permit(R"(method: @"get" path: "/")"),
           {"methods are case-sensitive: \"get\" is not what clients send\n"
            "  write it in capitals"});
  const std::string hint = "\n  write GET, HEAD, POST, PUT, PATCH or DELETE";
  for (const char* method : {"CONNECT", "TRACE", "G T", "*"}) {
    complain(permit(std::string("method: \"GET\" method: @\"") + method + "\" path: \"/\""),
             {"\"" + std::string(method) + "\" is no method that can be permitted" + hint});
  }
  const std::string longest(limits::kHttpMethodBytesMax, 'M');
  accept(permit("method: \"" + longest + "\" path: \"/\""));
  complain(permit("method: @\"" + longest + "M\" path: \"/\""),
           {"\"" + longest + "M\" is no method that can be permitted" + hint});
}

BOOST_AUTO_TEST_CASE(a_permit_has_a_good_path_and_size) {
  complain(R"(function { name: "g" @permit { name: "p" service: "historian" } })",
           {"permit needs http\n  write http { method: \"GET\" path: \"/v1/status\" }"});
  complain(
      R"(function { name: "g" permit { name: "p" service: "historian" @http { method: "GET" } } })",
      {"http needs path\n  write path: \"/v1/devices/{device.id}/readings\""});
  complain(permit(R"(method: "GET" path: "/v1/a@*")"),
           {"`*` stands for one whole segment, `**` for all that follow\n"
            "  write it alone behind a slash, or use path_regex"});
  complain(permit("method: \"GET\" path: \"/{device.id}\"\n  '/x@?y'"),
           {"a path pattern has no query\n"
            "  leave out everything from `?`; queries are passed on"});
  complain(permit(R"(method: "GET" path: "/" max_body: @"4 KiB")"),
           {"\"4 KiB\" is no size\n  write a number and a unit, such as \"512B\", \"4KiB\" or "
            "\"1MiB\" (B, kB, KiB, MB, MiB, GB, GiB)"});
}

BOOST_AUTO_TEST_CASE(a_permit_has_a_name_of_its_own_in_its_function) {
  const std::string http = " service: \"historian\" http { method: \"GET\" path: \"/\" } }";
  complain("function { name: \"g\" @permit {" + http + " }",
           {"permit needs name\n  write name: \"...\""});
  complain("function { name: \"g\"\n permit { name: \"p\"" + http + "\n permit { name: @\"p\"" +
               http + " }",
           {"permit \"p\" is defined twice\n  it is first defined at etc/policy.d/p:2:17"});
  accept("function { name: \"g\" permit { name: \"p\"" + http + " }\n" +
         "function { name: \"h\" permit { name: \"p\"" + http + " }");
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_with_a_permit_is_said_at_once) {
  complain(R"(function { name: @"a b" permit { name: @"c d" service: @"historiam"
                http { method: @"get" method: @"a!" path: "@x" max_body: @"1" } } })",
           {"\"a b\" is no name" + kNameHint, "\"c d\" is no name" + kNameHint,
            "there is no service \"historiam\"\n  did you mean \"historian\"?",
            "methods are case-sensitive: \"get\" is not what clients send\n"
            "  write it in capitals",
            "\"a!\" is no method that can be permitted\n"
            "  write GET, HEAD, POST, PUT, PATCH or DELETE",
            "a path begins with `/`\n  write `/x`",
            "\"1\" is no size\n  write a number and a unit, such as \"512B\", \"4KiB\" or "
            "\"1MiB\" (B, kB, KiB, MB, MiB, GB, GiB)"});
}

BOOST_AUTO_TEST_CASE(a_function_has_a_bounded_number_of_permits) {
  const auto with = [](std::size_t num_permits) {
    std::string text = "@function { name: \"g\"\n";
    for (std::size_t i = 0; i < num_permits; ++i) {
      const std::string number = std::to_string(i);
      text += "permit { name: \"p" + number + "\" service: \"historian\" http { method: \"GET\" " +
              "path: \"/" + number + "\" } }\n";
    }
    return text + "}";
  };
  const Loaded most = load(Marked(with(limits::kPermitsPerFunctionMax)).text);
  BOOST_REQUIRE(most.snapshot != nullptr);
  BOOST_TEST(most.snapshot->function("g")->permits.size() == limits::kPermitsPerFunctionMax);
  complain(with(limits::kPermitsPerFunctionMax + 1),
           {"function \"g\" has 4097 permits\n  write at most 4096: one permit may have several "
            "methods, and * and {device.NAME} in its path"});
}

BOOST_AUTO_TEST_CASE(a_listener_says_where_what_and_whom) {
  const std::string good = R"(address: "192.0.2.2:1" protocol: HTTP trust: "plant" })";
  accept("listener { name: \"l\" " + good);
  complain("@listener { " + good, {"listener needs name\n  write name: \"...\""});
  complain("listener { name: @\"telemetry\" " + good,
           {"listener \"telemetry\" is defined twice\n  it is first defined at etc/main:5:18"});
  complain("@@@listener { name: \"l\" }",
           {"listener needs protocol\n  write protocol: HTTP",
            "listener needs address\n  write address: \"192.0.2.1:8443\"",
            "listener needs trust\n  write trust: \"plant\", the name of a trust"});
  complain(R"(listener { name: "l" address: @"192.0.2.2" protocol: HTTP trust: "plant" })",
           {"the port is missing" + kEndpointHint});
  complain(R"(listener { name: "l" address: @"192.0.2.1:8443" protocol: HTTP trust: "plant" })",
           {"listener \"telemetry\" has this address already\n  give it another address or port"});
  complain(
      R"(listener { name: "l" address: "192.0.2.2:1" protocol: HTTP trust: ["plant", @"plan"] })",
      {"there is no trust \"plan\"\n  did you mean \"plant\"?"});
  const auto loaded = load("listener { name: \"l\" min_tls: V1_2 " + good);
  BOOST_TEST(loaded.snapshot->listener("l")->allows_tls_1_2);
  BOOST_TEST(!loaded.snapshot->listener("telemetry")->allows_tls_1_2);
}

BOOST_AUTO_TEST_CASE(an_expectation_that_holds_is_counted) {
  const Loaded loaded = load(R"(
    expect { device: "press-07" http { method: "GET" path: "/v1/status" } decision: ALLOW }
    expect { device: "press-07" http { method: "GET" path: "/v1/%73tatus?x=1" } decision: ALLOW }
    expect { device: "press-07" service: "historian" http { method: "GET" path: "/v1/status" }
             decision: ALLOW }
    expect { device: "press-07" http { method: "PUT" path: "/v1/status" } decision: DENY }
    expect { device: "press-07" service: "other" http { method: "GET" path: "/v1/status" }
             decision: DENY }
    service { name: "other" endpoint: "10.0.0.1:80" })");
  BOOST_TEST(complaints(loaded).empty());
  BOOST_TEST(loaded.num_expects == 5U);
}

BOOST_AUTO_TEST_CASE(every_expectation_that_breaks_is_reported) {
  complain(
      expect(R"(http { method: "GET" path: "/v1/status" } decision: DENY)") + "\n" +
          expect(R"(http { method: "GET" path: "/v1/status" } decision: ALLOW)").substr(1) + "\n" +
          expect(R"(http { method: "PUT" path: "/v1/status" } decision: ALLOW)") + "\n" +
          expect(R"(http { method: "GET" path: "/v1" } decision: ALLOW)"),
      {"expected DENY but GET /v1/status by press-07 is allowed: permit \"status\" of function "
       "\"f\" covers it" +
           kExpectHint,
       "expected ALLOW but PUT /v1/status by press-07 is method_not_permitted: nearest permit "
       "\"status\" (GET /v1/status on historian): the method is PUT, the permit allows GET" +
           kExpectHint,
       "expected ALLOW but GET /v1 by press-07 is no_permit: nearest permit \"status\" (GET "
       "/v1/status on historian): the path ends after segment 1, the permit's goes on" +
           kExpectHint});
}

BOOST_AUTO_TEST_CASE(an_expectation_may_name_the_service) {
  const std::string other = "service { name: \"other\" endpoint: \"10.0.0.1:80\" }\n";
  complain(
      other +
          expect(R"(service: "other" http { method: "GET" path: "/v1/status" } decision: ALLOW)"),
      {"expected ALLOW but GET /v1/status by press-07 is allowed on service \"historian\": "
       "permit \"status\" of function \"f\" covers it" +
       kExpectHint});
  complain(
      other +
          expect(
              R"(service: "historian" http { method: "GET" path: "/v1/status" } decision: DENY)"),
      {"expected DENY but GET /v1/status by press-07 is allowed: permit \"status\" of "
       "function \"f\" covers it" +
       kExpectHint});
}

BOOST_AUTO_TEST_CASE(an_expectation_is_complete_and_speaks_of_what_is_there) {
  complain("@expect { }", {"expect needs device\n  write device: \"press-07\""});
  complain(expect(""), {"expect needs http\n  write http { method: \"GET\" path: \"/\" }"});
  complain(expect(R"(http { method: "GET" path: "/" })"),
           {"expect needs decision\n  write decision: DENY"});
  complain(R"(expect { device: "press-07" decision: DENY @http { path: "/" } })",
           {"http needs method\n  write method: \"GET\""});
  complain(R"(expect { device: "press-07" decision: DENY @http { method: "GET" } })",
           {"http needs path\n  write path: \"/v1/status\""});
  complain(R"(expect { device: @"press-70" decision: DENY http { method: "GET" path: "/" } })",
           {"there is no device \"press-70\"\n  did you mean \"press-07\"?"});
  complain(R"(expect { device: "press-07" service: @"historic" decision: DENY
                       http { method: "GET" path: "/" } })",
           {"there is no service \"historic\"\n  did you mean \"historian\"?"});
  complain(
      R"(expect { device: "press-07" decision: DENY http { method: "GET" path: @"/a/../b" } })",
      {"no request can have this path: The path has a dot segment (. or ..)\n"
       "  write it as a device would send it"});
}

// Expectations judge intent alone: an attestation that is missing today must not block a change.
BOOST_AUTO_TEST_CASE(an_expectation_takes_the_device_as_attested) {
  TestConfig config = plant_config();
  config.policy() = R"(
    tier { name: "critical" hardware_backed_key: true attestation { accept: TPM2 max_age: "1h" } }
    function { name: "g" permit { name: "status" service: "historian"
      http { method: "GET" path: "/v1/status" } } }
    expect { device: "d" http { method: "GET" path: "/v1/status" } decision: ALLOW })";
  config.inventory() =
      "device_id,function,tier,identity_type,identity,trust\nd,g,critical,cn,d,plant\n";
  const policy::Loaded loaded = config.load();
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.num_expects == 1U);
  const policy::Facts facts{*loaded.snapshot->device("d"), Millis{1}};
  const HttpOperation get{.method = "GET", .path = "/v1/status"};
  BOOST_TEST((policy::decide(facts, get).reason == Reason::attestation_required));
}

BOOST_AUTO_TEST_CASE(sites_of_devices_without_a_site_of_the_gateway_are_warned_of) {
  TestConfig config = plant_config();
  config.replace("etc/main", "site: \"hall\"", "");
  config.policy() = "function { name: \"g\" }";
  config.inventory() =
      "device_id,function,identity_type,identity,trust,site\nd,g,cn,d,plant,other\n"
      "e,g,cn,e,plant,other\n";
  const policy::Loaded loaded = config.load();
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  BOOST_REQUIRE(loaded.problems.size() == 1U);
  BOOST_TEST(loaded.problems[0].warning);
  BOOST_TEST(policy::to_string(loaded.problems[0].at) == "etc/devices.csv:2:16");
}

BOOST_AUTO_TEST_CASE(a_permit_without_max_body_takes_the_named_limit) {
  const Loaded loaded = load("");
  BOOST_REQUIRE(loaded.snapshot != nullptr);
  const policy::Facts facts{*loaded.snapshot->device("press-07"), Millis{1}};
  HttpOperation get{.method = "GET", .path = "/v1/status", .body_bytes = limits::kHttpBodyBytesMax};
  BOOST_TEST(policy::decide(facts, get).allowed());
  get.body_bytes = limits::kHttpBodyBytesMax + 1;
  BOOST_TEST((policy::decide(facts, get).reason == Reason::too_large));
}

BOOST_AUTO_TEST_SUITE_END()
