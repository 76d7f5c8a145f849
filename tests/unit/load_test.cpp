// Is a configuration read from all of its files, refused with all that is wrong, in order, and
// recognised again by its id? "@" marks where complaints must point.
#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "base/limits.h"
#include "pki/digest.h"
#include "policy/units.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

void complain(const TestConfig& config, const Messages& messages) {
  const Loaded loaded = config.load();
  BOOST_TEST(complaints(loaded) == messages, boost::test_tools::per_element());
  BOOST_TEST((loaded.snapshot == nullptr) == has_errors(loaded.problems));
}

// The good configuration with `from` replaced by `to` in the main file, where "@" marks places.
void complain_about_main(std::string_view from, std::string_view to, const Messages& messages) {
  TestConfig config = plant_config().replace("etc/main", from, to);
  const Marked marked(config.main());
  config.main() = marked.text;
  complain(config, marked.complaints("etc/main", messages));
}

std::string service(std::size_t number) {
  return "service { name: \"s" + std::to_string(number) + "\" endpoint: \"10.0.0.1:80\" }";
}

const std::string kRelative = "\n  paths are relative to the file that names them";

}  // namespace

BOOST_AUTO_TEST_SUITE(load_configuration)

BOOST_AUTO_TEST_CASE(the_snapshot_holds_what_the_files_say) {
  const auto snapshot = snapshot_of(plant_config());
  BOOST_TEST(snapshot->gateway_id == "gate");
  BOOST_TEST(snapshot->site == "hall");
  BOOST_TEST(snapshot->audit_file == "etc/audit.jsonl");
  BOOST_TEST(snapshot->trusts.size() == 1U);
  BOOST_TEST(snapshot->services.at(0)->endpoints.at(0).to_string() == "10.20.0.5:8080");
  const Listener* listener = snapshot->listener("telemetry");
  BOOST_REQUIRE(listener != nullptr);
  BOOST_TEST(listener->address.to_string() == "192.0.2.1:8443");
  BOOST_TEST(listener->trusts.at(0) == snapshot->trusts.at(0));
  BOOST_TEST(snapshot->listener("other") == nullptr);
  BOOST_TEST(snapshot->function("other") == nullptr);
  BOOST_TEST(snapshot->device("other") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_main_file_that_cannot_be_read) {
  TestConfig config;
  const std::string hint = "\n  name it with --config FILE";
  complain(config, {"etc/main:1:1: cannot read the configuration: cannot open: "
                    "No such file or directory" +
                    hint});
  config.main() = std::string(limits::kConfigFileBytesMax + 1, '#');
  complain(config, {"etc/main:1:1: cannot read the configuration: it is too large" + hint});
}

BOOST_AUTO_TEST_CASE(what_must_be_there_is_asked_for_at_once) {
  TestConfig config;
  config.main() = "# Nothing yet.\n";
  complain(config, {"etc/main:1:1: the configuration needs gateway_id\n"
                    "  write gateway_id: \"press-hall-3\"",
                    "etc/main:1:1: the configuration needs trust\n"
                    "  write trust { name: \"plant\" ca_file: \"trust/plant-ca.pem\" crl { ... } }",
                    "etc/main:1:1: the configuration needs listener\n"
                    "  write listener { name: \"telemetry\" address: \"192.0.2.1:8443\" ... }",
                    "etc/main:1:1: the configuration needs audit\n"
                    "  write audit { file: \"/var/log/interlock/audit.jsonl\" }",
                    "etc/main:1:1: the configuration needs inventory_file\n"
                    "  write inventory_file: \"devices.csv\""});
}

BOOST_AUTO_TEST_CASE(settings_of_the_gateway_are_checked_where_they_stand) {
  const std::string hint = "\n  use up to 64 letters, digits, dots, underscores and dashes";
  complain_about_main("\"gate\"", "@\"ga te\"", {"\"ga te\" is no name" + hint});
  complain_about_main("\"hall\"", "@\"\"", {"\"\" is no name" + hint});
  complain_about_main("\"hall\"", "@\"..\"",
                      {"\"..\" is no name\n"
                       "  a name has no dot at its end, because it may stand in a path"});
  complain_about_main("audit { file: \"audit.jsonl\" }", "@audit { on_failure: DENY }",
                      {"audit needs file\n  write file: \"/var/log/interlock/audit.jsonl\""});
  complain_about_main("audit {", "admin { socket: @\"\" }\naudit {",
                      {"admin needs socket\n  write socket: \"/run/interlock/admin.sock\""});
  complain_about_main("\"devices.csv\"", "@\"/devices.csv\"",
                      {"cannot read /devices.csv: No such file or directory" + kRelative});
}

BOOST_AUTO_TEST_CASE(metrics_are_served_where_it_is_said_and_not_to_everybody) {
  TestConfig config = plant_config();
  BOOST_TEST(!snapshot_of(config)->admin_metrics.has_value());
  for (const char* local : {"127.0.0.1:9464", "[::1]:9464"}) {
    TestConfig with = config;
    with.main() += fmt::format("admin {{ metrics: \"{}\" }}\n", local);
    BOOST_TEST(snapshot_of(with)->admin_metrics.value().to_string() == local);
  }
  const std::string warned =
      "warning: whoever reaches 192.0.2.1:9464 reads the metrics: no password,";
  complain_about_main("audit {", "admin { metrics: @\"192.0.2.1:9464\" }\naudit {",
                      {warned + " no TLS\n  write 127.0.0.1, or let the firewall pass the "
                                "Prometheus server alone"});
  for (const char* every : {"0.0.0.0:9464", "[::]:9464"}) {
    complain_about_main(
        "audit {", fmt::format("admin {{ metrics: @\"{}\" }}\naudit {{", every),
        {"metrics on every address of the gateway could be read by devices\n  write 127.0.0.1, or "
         "the gateway's address in the network of those who watch it"});
  }
  complain_about_main(
      "listener { name: \"telemetry\" address: ",
      "admin { metrics: \"127.0.0.1:9464\" }\nlistener { name: \"second\" address: "
      "@\"127.0.0.1:9464\" protocol: HTTP trust: \"plant\" }\n"
      "listener { name: \"telemetry\" address: ",
      {"metrics are served at this address\n  give one of the two another port; the other is at "
       "etc/main:5:18"});
  complain_about_main("audit {", "admin { metrics: @\"localhost:9464\" }\naudit {",
                      {std::string(policy::parse_endpoint("localhost:9464").error().what) + "\n  " +
                       std::string(policy::kEndpointHint)});
}

// "etc/" counts too: paths are relative to the file.
BOOST_AUTO_TEST_CASE(the_path_of_a_socket_has_the_kernels_limit) {
  const std::string longest(limits::kSocketPathBytesMax - 4, 's');
  TestConfig config = plant_config();
  config.main() += "admin { socket: \"" + longest + "\" }\n";
  BOOST_TEST(snapshot_of(config)->admin_socket == "etc/" + longest);
  complain_about_main(
      "audit {", "admin { socket: @\"" + longest + "s\" }\naudit {",
      {"the path of a socket has at most 107 bytes, and " + policy::quoted("etc/" + longest + "s") +
       " has 108\n" + "  write a shorter one, such as \"/run/interlock/admin.sock\""});
}

BOOST_AUTO_TEST_CASE(the_snapshot_remembers_each_file_once_and_every_pattern) {
  TestConfig config = plant_config();
  const auto snapshot = snapshot_of(config);
  std::vector<std::string> paths;
  for (const policy::ReadFile& file : snapshot->files) paths.push_back(file.path);
  BOOST_TEST((std::is_sorted(paths.begin(), paths.end())));
  std::vector<std::string> written;
  for (const auto& [path, content] : config.files) written.push_back(path);
  BOOST_TEST(paths == written, boost::test_tools::per_element());
  BOOST_TEST(snapshot->globs == std::vector<std::string>{"etc/policy.d/*"},
             boost::test_tools::per_element());
  for (const policy::ReadFile& file : snapshot->files) {
    BOOST_TEST((file.sha256 == pki::sha256(as_bytes(config.files.at(file.path)))));
  }
}

BOOST_AUTO_TEST_CASE(a_listener_needs_a_certificate_from_somewhere) {
  const std::string message =
      "the listener has no certificate\n"
      "  write certificate { chain_file: \"tls/gateway.pem\" key_file: \"tls/gateway.key\" } "
      "at the top of the configuration";
  TestConfig config = plant_config();
  config.replace("etc/main",
                 R"(certificate { chain_file: "tls/gateway.pem" key_file: "tls/gateway.key" })",
                 "");
  complain(config, {"etc/main:5:1: " + message});
  config.replace("etc/main", "\"gate\"", "\"\"");  // Another error does not hide it.
  complain(config, {"etc/main:1:13: \"\" is no name\n"
                    "  use up to 64 letters, digits, dots, underscores and dashes",
                    "etc/main:5:1: " + message});
  complain_about_main("\"tls/gateway.pem\"", "@\"tls/none.pem\"",
                      {"cannot read etc/tls/none.pem: No such file or directory" + kRelative});
}

BOOST_AUTO_TEST_CASE(single_settings_are_given_once_over_all_files) {
  TestConfig config = plant_config();
  config.policy() =
      "site: \"yard\"\naudit { file: \"other\" }\ninventory_file: \"more.csv\"\n"
      "gateway_id: \"two\" certificate { }";
  complain(config, {"etc/policy.d/p:1:1: site is given twice\n  it is first given at etc/main:2:1",
                    "etc/policy.d/p:2:1: audit is given twice\n  it is first given at etc/main:7:1",
                    "etc/policy.d/p:3:1: inventory_file is given twice\n"
                    "  it is first given at etc/main:8:1",
                    "etc/policy.d/p:4:1: gateway_id is given twice\n"
                    "  it is first given at etc/main:1:1",
                    "etc/policy.d/p:4:19: certificate is given twice\n"
                    "  it is first given at etc/main:3:1"});
}

BOOST_AUTO_TEST_CASE(paths_are_relative_to_the_file_that_names_them) {
  TestConfig config = plant_config();
  config.replace("etc/main", "audit { file: \"audit.jsonl\" }\n", "")
      .replace("etc/main", "inventory_file: \"devices.csv\"\n", "");
  config.policy() = "audit { file: \"a.jsonl\" } inventory_file: \"/abs/d.csv\"";
  config.files["/abs/d.csv"] = config.inventory();
  BOOST_TEST(snapshot_of(config)->audit_file == "etc/policy.d/a.jsonl");
  config.policy() = "audit { file: \"/a.jsonl\" } inventory_file: \"d.csv\"";
  config.files["etc/policy.d/d.csv"] = config.inventory();
  config.replace("etc/main", "policy.d/*", "policy.d/p");
  BOOST_TEST(snapshot_of(config)->audit_file == "/a.jsonl");
}

BOOST_AUTO_TEST_CASE(included_files_are_joined_each_once) {
  TestConfig config = plant_config();
  config.replace("etc/main", "include: \"policy.d/*\"",
                 "include: \"policy.d/*\" include: \"policy.d/[p-q]\" include: \"policy.d/q\"");
  config.policy() = service(1);
  config.files["etc/policy.d/q"] = service(2);
  const auto snapshot = snapshot_of(config);
  BOOST_REQUIRE(snapshot->services.size() == 3U);
  BOOST_TEST(snapshot->services.at(2)->name == "s2");
}

BOOST_AUTO_TEST_CASE(a_pattern_that_matches_nothing_is_a_warning_and_a_name_an_error) {
  complain_about_main("\"policy.d/*\"", "@\"policy.e/*\"",
                      {"warning: no file matches \"etc/policy.e/*\"" + kRelative});
  complain_about_main(
      "\"policy.d/*\"", "[\"policy.d/*\", @\"policy.d/press\"]",
      {"cannot read the included file etc/policy.d/press: cannot open: No such file or directory" +
       kRelative});
}

BOOST_AUTO_TEST_CASE(an_included_file_that_cannot_be_read_is_named_by_the_line_that_includes_it) {
  const Marked main(
      plant_config().replace("etc/main", "include: ", "include: \"/other/*\"\ninclude: @").main());
  TestConfig config = plant_config();
  config.main() = main.text;
  config.files["/other/o"] = service(1);
  config.unreadable = {"etc/policy.d/p"};
  complain(config, main.complaints("etc/main", {"cannot read the included file etc/policy.d/p: "
                                                "cannot open: Permission denied" +
                                                kRelative}));
}

BOOST_AUTO_TEST_CASE(an_included_file_includes_no_other) {
  TestConfig config = plant_config();
  config.policy() = service(1) + "\ninclude: \"q\"";
  complain(config, {"etc/policy.d/p:2:1: an included file cannot include others\n"
                    "  move this line to etc/main"});
}

BOOST_AUTO_TEST_CASE(a_pattern_may_match_the_file_it_stands_in) {
  TestConfig config = plant_config();
  config.replace("etc/main", "\"policy.d/*\"", "\"m*\"");
  config.files["etc/more"] = service(1);
  BOOST_TEST(snapshot_of(config)->services.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_number_of_files_is_bounded) {
  TestConfig config = plant_config();
  const std::size_t most = limits::kConfigFilesMax - 1;  // Beside the main one.
  config.files.erase("etc/policy.d/p");
  for (std::size_t i = 0; i < most; ++i)
    config.files["etc/policy.d/" + std::to_string(i)] = i == 0 ? service(0) : "#";
  BOOST_TEST(snapshot_of(config)->services.size() == 2U);
  config.files["etc/policy.d/one_more"] = "#";
  complain(config, {"etc/main:9:10: 1024 files are included\n"
                    "  write fewer and longer files: at most 1023 are read"});
}

BOOST_AUTO_TEST_CASE(names_reach_over_files_in_any_order) {
  const Marked main(plant_config().main() +
                    R"(function { name: "f" permit { name: "p" service: @"zeta"
                       http { method: "GET" path: "/" } } })");
  TestConfig config = plant_config();
  config.main() = main.text;
  config.files["etc/policy.d/z"] = "service { name: \"zeta\" endpoint: \"10.0.0.1:80\" }";
  BOOST_TEST(snapshot_of(config)->function("f")->permits.at(0).service->name == "zeta");
  config.files["etc/policy.d/z"] = "service { name: \"zela\" endpoint: \"10.0.0.1:80\" }";
  complain(config,
           main.complaints("etc/main", {"there is no service \"zeta\"\n  did you mean \"zela\"?"}));
}

BOOST_AUTO_TEST_CASE(problems_stand_in_the_order_of_files_and_lines) {
  TestConfig config = plant_config();
  config.main() += "listener { name: \"l\" }\nservice { name: \"s\" }\n";
  config.policy() = "function { }\ntier { }\nservice { name: \"t\" }\ntrust { }\n";
  config.files["etc/policy.d/a"] = "tier { }\nexpect { }\n";
  config.inventory() += "d,none,,cn,d,plant,\n";
  std::vector<std::string> places;
  for (const Problem& problem : config.load().problems) places.push_back(to_string(problem.at));
  const std::vector<std::string> expected = {
      "etc/main:10:1",       "etc/main:10:1",      "etc/main:10:1",      "etc/main:11:1",
      "etc/devices.csv:2:3", "etc/policy.d/a:1:1", "etc/policy.d/p:1:1", "etc/policy.d/p:2:1",
      "etc/policy.d/p:3:1",  "etc/policy.d/p:4:1", "etc/policy.d/p:4:1", "etc/policy.d/p:4:1"};
  BOOST_TEST(places == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(files_wrong_in_form_are_all_reported_before_their_meaning) {
  TestConfig config = plant_config();
  config.policy() = "function { nam: \"f\" }";
  config.files["etc/policy.d/q"] = "service { name: \"historian\" }";  // Wrong in meaning only.
  config.files["etc/policy.d/r"] = "\nservise { }";
  std::vector<std::string> places;
  for (const Problem& problem : config.load().problems) places.push_back(to_string(problem.at));
  BOOST_TEST(places == (std::vector<std::string>{"etc/policy.d/p:1:12", "etc/policy.d/r:2:1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_is_never_lost_among_warnings) {
  TestConfig config = plant_config();
  std::string& policy = config.policy() = "";
  for (std::size_t i = 0; i < limits::kConfigErrorsMax + 5; ++i)
    policy += "tier { name: \"t" + std::to_string(i) + "\" hardware_backed_key: true }\n";
  Loaded loaded = config.load();
  BOOST_TEST(loaded.snapshot != nullptr);
  BOOST_REQUIRE(loaded.problems.size() == limits::kConfigErrorsMax + 1);
  BOOST_TEST(complaints(loaded).back() ==
             "etc/main:1:1: warning: 5 more problems are not shown\n"
             "  correct the ones shown first");
  policy += "function { }\n";
  loaded = config.load();
  BOOST_TEST(loaded.snapshot == nullptr);
  BOOST_REQUIRE(loaded.problems.size() == limits::kConfigErrorsMax + 2);
  BOOST_TEST(loaded.problems.at(limits::kConfigErrorsMax).message == "function needs name");
}

// 4,000 permits that collide would otherwise be millions of sentences.
BOOST_AUTO_TEST_CASE(the_number_of_problems_is_bounded) {
  TestConfig config = plant_config();
  std::string& policy = config.policy() = service(1) + "function { name: \"f\"\n";
  for (int i = 0; i < 1000; ++i)
    policy += "permit { name: \"p" + std::to_string(i) + "\" service: \"" +
              (i % 2 == 0 ? "s1" : "historian") + "\" http { method: \"GET\" path: \"/\" } }\n";
  policy += "}";
  const Loaded loaded = config.load();
  BOOST_REQUIRE(loaded.problems.size() == limits::kConfigErrorsMax + 1);
  BOOST_TEST(loaded.problems.back().message == "899 more problems are not shown");
}

BOOST_AUTO_TEST_CASE(a_file_cannot_write_to_the_terminal) {
  complain_about_main("\"devices.csv\"", "@\"\\033[2J\\nx\"",
                      {"cannot read etc/?[2J?x: No such file or directory" + kRelative});
}

BOOST_AUTO_TEST_CASE(the_id_changes_with_every_file_and_with_nothing_else) {
  TestConfig config = plant_config();
  config.inventory() += "\n";
  const std::string id = snapshot_of(config)->id;
  BOOST_TEST(id.size() == 16U);
  BOOST_TEST(snapshot_of(config)->id == id);
  BOOST_TEST(config.load(kNow + Millis{1}).snapshot->id == id);
  config.files["etc/unrelated"] = "x";
  BOOST_TEST(snapshot_of(config)->id == id);
  for (const auto& [path, text] : config.files) {
    if (path == "etc/unrelated") continue;
    TestConfig changed = config;
    changed.files[path] += "\n";
    BOOST_TEST(snapshot_of(changed)->id != id, path);
  }
  config.files["etc/policy.d/q"] = "";
  BOOST_TEST(snapshot_of(config)->id != id);
}

// Text that moves from one file to the next is another configuration.
BOOST_AUTO_TEST_CASE(the_id_knows_where_a_file_ends) {
  TestConfig a = plant_config();
  a.policy() = "";
  a.files["etc/policy.d/q"] = "#\n";
  TestConfig b = plant_config();
  b.policy() = "#\n";
  b.files["etc/policy.d/q"] = "";
  BOOST_TEST(snapshot_of(a)->id != snapshot_of(b)->id);
}

BOOST_AUTO_TEST_SUITE_END()
