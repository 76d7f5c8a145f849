// Are the conditions of a permit read as they are written, and is every mistake in them named at
// its place? And what of an expectation can be said about them? "@" marks where the complaints must
// point, in the order of the text. Methods, paths and sizes: compile_test.cpp.
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

TestConfig config_of(std::string_view policy) {
  TestConfig config = plant_config();
  config.policy() = policy;
  config.inventory() += "press-07,g,,cn,press-07,plant,\n";
  return config;
}

void complain(std::string_view marked, const Messages& messages) {
  const Marked policy(marked);
  const Loaded loaded = config_of(policy.text).load();
  BOOST_TEST(complaints(loaded) == policy.complaints("etc/policy.d/p", messages),
             boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

// A function "g" with one permit for POST /a, and more in its http block and behind it.
std::string permit(std::string_view http, std::string_view more = "") {
  return "function { name: \"g\" permit { name: \"p\" service: \"historian\" http { method: "
         "\"POST\" path: \"/a\" " +
         std::string(http) + " } " + std::string(more) + " } }";
}

Permit compiled(std::string_view http, std::string_view more = "") {
  return snapshot_of(config_of(permit(http, more)))->function("g")->permits.at(0);
}

const std::string kRate = "\n  write a number from 1 to 1000000";
const std::string kTypeHint = "\n  write a type and a subtype, such as \"application/json\"";

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_permit)

BOOST_AUTO_TEST_CASE(content_types_are_kept_in_lower_case) {
  using Types = std::vector<std::string>;
  BOOST_TEST((compiled("").content_types.empty()));
  BOOST_TEST(
      (compiled(R"(content_type: "Application/JSON" content_type: "text/csv")").content_types ==
       Types{"application/json", "text/csv"}));
}

BOOST_AUTO_TEST_CASE(a_content_type_is_one_type_without_parameters) {
  for (const std::string text : {"json", "application/", "/json", "a/b/c", "a b/c", "", "a/b;c"})
    complain(permit("content_type: @\"" + text + "\""),
             {"\"" + text + "\" is no content type" + kTypeHint});
  complain(permit(R"(content_type: @"text/csv; header=present")"),
           {"\"text/csv; header=present\" is no content type\n"
            "  write \"text/csv\": parameters are not compared"});
  for (const std::string text : {"*/*", "text/*", "text/*; q=1"})
    complain(permit("content_type: @\"" + text + "\""),
             {"a content type is written whole: `*` stands for nothing here\n"
              "  list each type, or leave content_type out where any will do"});
}

BOOST_AUTO_TEST_CASE(a_permit_lists_a_bounded_number_of_content_types) {
  std::string types;
  for (std::size_t i = 0; i < limits::kContentTypesPerPermitMax; ++i)
    types += " content_type: \"a/" + std::to_string(i) + "\"";
  BOOST_TEST(compiled(types).content_types.size() == limits::kContentTypesPerPermitMax);
  complain(
      "function { name: \"g\" permit { name: \"p\" service: \"historian\" @http { method: "
      "\"POST\" path: \"/a\"" +
          types + " content_type: \"a/b\" } } }",
      {"the permit has 33 content types\n  write at most 32, or none where any will do"});
}

// A permit for GET /a, with its upgrade.
std::string upgrading(std::string_view methods, std::string_view upgrade) {
  return "function { name: \"g\" permit { name: \"p\" service: \"historian\" http { path: \"/a\" " +
         std::string(methods) + " upgrade: @\"" + std::string(upgrade) + "\" } } }";
}

BOOST_AUTO_TEST_CASE(an_upgrade_names_one_protocol_and_belongs_to_get) {
  const std::string get = R"(method: "GET")";
  const Marked good(upgrading(get, "WebSocket"));
  BOOST_TEST(snapshot_of(config_of(good.text))->function("g")->permits.at(0).upgrade ==
             "websocket");
  for (const std::string text : {"", "a b", "websocket, mqtt", "h2c", "H2C", "HTTP/2.0", "TLS/1.3"})
    complain(upgrading(get, text),
             {"\"" + text +
              "\" is no protocol that can be permitted\n  write one name, such as "
              "\"websocket\"; another version of HTTP cannot be judged inside"});
  for (const std::string methods : {R"(method: "POST")", R"(method: "GET" method: "HEAD")"})
    complain(upgrading(methods, "websocket"),
             {"another protocol is asked for with GET alone\n"
              "  write method: \"GET\", and other methods into a permit of their own"});
}

BOOST_AUTO_TEST_CASE(a_permit_with_an_upgrade_is_not_in_vain_behind_one_without) {
  const auto both = [](std::string_view first, std::string_view second) {
    const auto one = [](const char* name, std::string_view upgrade) {
      return std::string("permit { name: \"") + name +
             "\" service: \"historian\" http { method: \"GET\" path: \"/a\" " +
             std::string(upgrade) + " } } ";
    };
    const Loaded loaded =
        config_of("function { name: \"g\" " + one("a", first) + one("b", second) + "}").load();
    return loaded.snapshot != nullptr;
  };
  const std::string websocket = R"(upgrade: "websocket")", mqtt = R"(upgrade: "mqtt")";
  BOOST_TEST(both("", websocket));
  BOOST_TEST(both(mqtt, websocket));
  BOOST_TEST(!both(websocket, websocket));
  BOOST_TEST(!both(websocket, ""));
}

BOOST_AUTO_TEST_CASE(an_expectation_may_ask_for_an_upgrade) {
  const auto expected = [](const char* upgrade, const char* decision) {
    const Marked policy(upgrading(R"(method: "GET")", "websocket"));
    return config_of(policy.text +
                     "expect { device: \"press-07\" http { method: \"GET\" path: \"/a\" "
                     "upgrade: \"" +
                     upgrade + "\" } decision: " + decision + " }")
               .load()
               .snapshot != nullptr;
  };
  BOOST_TEST(expected("websocket", "ALLOW"));
  BOOST_TEST(!expected("websocket", "DENY"));
  BOOST_TEST(expected("mqtt", "DENY"));
}

BOOST_AUTO_TEST_CASE(a_rate_is_a_limit_a_time_and_a_burst) {
  BOOST_TEST(!compiled("").rate.has_value());
  BOOST_TEST(
      (compiled("", R"(rate { limit: 2 per: "1s" burst: 10 })").rate == Rate{2, Millis{1000}, 10}));
  BOOST_TEST((compiled("", R"(rate { limit: 2 per: "5m" })").rate == Rate{2, Millis{300'000}, 2}));
  BOOST_TEST(
      (compiled("", R"(rate { limit: 9 per: "1s" burst: 1 })").rate == Rate{9, Millis{1000}, 1}));
  BOOST_TEST((compiled("", R"(rate { limit: 1000000 per: "1d" burst: 1000000 })").rate ==
              Rate{limits::kRateLimitMax, limits::kRatePerMax, limits::kRateBurstMax}));
  BOOST_TEST(
      (compiled("", R"(rate { limit: 1 per: "1ms" burst: 1 })").rate == Rate{1, Millis{1}, 1}));
}

BOOST_AUTO_TEST_CASE(a_rate_is_whole_and_within_its_bounds) {
  complain(permit("", R"(@rate { per: "1s" })"), {"rate needs limit\n  write limit: 2"});
  complain(permit("", "@rate { limit: 2 burst: 10 }"), {"rate needs per\n  write per: \"1s\""});
  const std::string nobody = "; what nobody may do needs no permit";
  complain(permit("", R"(rate { limit: @0 per: "1s" })"), {"limit is 0" + kRate + nobody});
  complain(permit("", R"(rate { limit: @1000001 per: "1s" })"), {"limit is 1000001" + kRate});
  complain(permit("", R"(rate { limit: 1 per: "1s" burst: @0 })"), {"burst is 0" + kRate + nobody});
  complain(permit("", R"(rate { limit: 1 per: "1s" burst: @1000001 })"),
           {"burst is 1000001" + kRate});
  complain(permit("", R"(rate { limit: 1 per: @"second" })"),
           {"\"second\" is no duration\n  write a number and a unit, such as \"90s\", \"36h\" or "
            "\"30d\" (ms, s, m, h, d, w)"});
  for (const std::string per : {"0s", "86400001ms", "2d"})
    complain(permit("", "rate { limit: 1 per: @\"" + per + "\" }"),
             {"a rate per \"" + per +
              "\" is not kept\n  write a time from \"1ms\" to \"1d\", such as \"1s\""});
}

BOOST_AUTO_TEST_CASE(a_function_asks_for_an_assurance_that_exists) {
  const auto with = [](std::string_view assurance) {
    return "function { name: \"g\" " + std::string(assurance) + " }";
  };
  BOOST_TEST(snapshot_of(config_of(with("")))->function("g")->min_assurance == 0);
  BOOST_TEST(snapshot_of(config_of(with("min_assurance: 1")))->function("g")->min_assurance == 1);
  complain(with("min_assurance: @4"),
           {"min_assurance is 4\n  write 0, 1 (a certificate of the device's own), 2 or 3 "
            "(attested, key in hardware)"});
  complain(with("min_assurance: @4294967295"),
           {"min_assurance is 4294967295\n  write 0, 1 (a certificate of the device's own), 2 or 3 "
            "(attested, key in hardware)"});
  for (const std::string assurance : {"2", "3"})
    complain(with("min_assurance: @" + assurance),
             {"warning: devices cannot attest to this version yet, so every operation of this "
              "function's devices is refused\n  write at most 1 for devices that are to work"});
}

BOOST_AUTO_TEST_CASE(an_expectation_may_have_a_body) {
  const auto expect = [](std::string_view http, std::string_view decision) {
    return permit(R"(content_type: "application/json" max_body: "4KiB")") +
           "\n@expect { device: \"press-07\" http { method: \"POST\" path: \"/a\" " +
           std::string(http) + " } decision: " + std::string(decision) + " }";
  };
  const auto holds = [&](std::string_view http, std::string_view decision) {
    const Loaded loaded = config_of(Marked(expect(http, decision)).text).load();
    BOOST_TEST(complaints(loaded).empty(), http);
    BOOST_TEST(loaded.num_expects == 1U);
  };
  holds("", "ALLOW");  // No body: nothing is asked of its kind and size.
  holds(R"(body: "0B")", "ALLOW");
  holds(R"(body: "4KiB" content_type: "application/json")", "ALLOW");
  holds(R"(content_type: "application/json;charset=utf-8")", "ALLOW");
  holds(R"(body: "1B")", "DENY");
  holds(R"(content_type: "text/csv")", "DENY");
  holds(R"(content_type: "application/json;")", "ALLOW");
  holds(R"(content_type: "application/json,text/csv")", "DENY");
  const std::string why =
      "expected ALLOW but POST /a by press-07 is too_large: nearest permit \"p\" (POST /a on "
      "historian): the body has 4097 bytes, the permit allows 4096\n  correct the policy, or the "
      "expectation if this is what it should do";
  complain(expect(R"(body: "4097B" content_type: "application/json")", "ALLOW"), {why});
  std::string marked = expect(R"(body: @"4 KiB")", "ALLOW");
  marked.erase(marked.find("@expect"), 1);
  complain(marked, {"\"4 KiB\" is no size\n  write a number and a unit, such as \"512B\", "
                    "\"4KiB\" or \"1MiB\" (B, kB, KiB, MB, MiB, GB, GiB)"});
}

// They speak of intent alone: what a rate has left and what a device can prove is another matter.
BOOST_AUTO_TEST_CASE(an_expectation_takes_budgets_as_full_and_devices_as_attested) {
  const Loaded loaded = config_of(R"(function { name: "g" min_assurance: 3
          permit { name: "p" service: "historian" http { method: "POST" path: "/a" }
                   rate { limit: 1 per: "1d" } } }
        expect { device: "press-07" http { method: "POST" path: "/a" } decision: ALLOW }
        expect { device: "press-07" http { method: "POST" path: "/a" } decision: ALLOW })")
                            .load();
  BOOST_TEST(loaded.snapshot != nullptr);
  BOOST_TEST(loaded.num_expects == 2U);
}

BOOST_AUTO_TEST_CASE(a_function_may_reach_several_services) {
  const auto snapshot = snapshot_of(config_of(R"(
    service { name: "mes" endpoint: "10.20.0.9:8080" }
    function { name: "g"
      permit { name: "order" service: "mes" http { method: "GET" path: "/orders/{device.id}" } }
      permit { name: "reading" service: "historian"
               http { method: "POST" path: "/v1/{device.id}" } } }
    expect { device: "press-07" service: "mes" decision: ALLOW
             http { method: "GET" path: "/orders/press-07" } }
    expect { device: "press-07" service: "historian" decision: DENY
             http { method: "GET" path: "/orders/press-07" } }
    expect { device: "press-07" service: "historian" decision: ALLOW
             http { method: "POST" path: "/v1/press-07" } })"));
  BOOST_TEST(snapshot->function("g")->permits.at(0).service->name == "mes");
  BOOST_TEST(snapshot->function("g")->permits.at(1).service->name == "historian");
}

BOOST_AUTO_TEST_SUITE_END()
