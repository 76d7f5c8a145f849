// Does a row of the inventory become the right device, and is every row that contradicts the
// configuration, or another row, named at its cell? "@" marks where complaints must point.
#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "support/allocations.h"
#include "support/test_config.h"

using namespace interlock;
using namespace interlock::policy;
using namespace interlock::test;

namespace {

using Messages = std::vector<std::string>;

constexpr std::string_view kPolicy = R"(
tier { name: "telemetry" max_certificate_lifetime: "30d" }
tier { name: "plain" }
function { name: "sensor" }
function { name: "line" permit { name: "status" service: "historian"
  http { method: "GET" path: "/{device.site}/{device.line}/{device.id}" } } }
function { name: "tiered" permit { name: "status" service: "historian"
  http { method: "GET" path: "/{device.function}/{device.tier}" } } }
)";
constexpr std::string_view kHeader =
    "device_id,function,tier,identity_type,identity,trust,site,attr.line\n";

TestConfig config_with(std::string_view rows) {
  TestConfig config = plant_config();
  config.policy() = kPolicy;
  config.inventory() = std::string(kHeader) + std::string(rows);
  return config;
}

void complain(std::string_view rows, const Messages& messages) {
  const Marked marked(std::string(kHeader) + std::string(rows));
  const Loaded loaded = config_with(std::string_view(marked.text).substr(kHeader.size())).load();
  BOOST_TEST(complaints(loaded) == marked.complaints("etc/devices.csv", messages),
             boost::test_tools::per_element());
}

std::string rows_of(std::size_t num_rows, std::string_view function) {
  std::string rows;
  for (std::size_t i = 0; i < num_rows; ++i) {
    const std::string id = "d" + std::to_string(i);
    rows += id + "," + std::string(function) + ",,cn," + id + ",plant,,\n";
  }
  return rows;
}

// What it takes to load that many rows, which must load whole.
struct Work {
  std::size_t num_allocations, allocated_bytes;
};
Work work_for(std::size_t num_rows) {
  const TestConfig config = config_with(rows_of(num_rows, "sensor"));
  const Allocations allocations;
  const auto snapshot = snapshot_of(config);
  const Work work{allocations.num(), allocations.bytes()};
  BOOST_TEST(snapshot->devices.size() == num_rows);
  BOOST_TEST(snapshot->identities.size() == num_rows);
  for (std::size_t i = 0; i < num_rows; ++i) {
    const std::string id = "d" + std::to_string(i);
    const Device* owner = snapshot->identities.find("plant", IdentityKind::kCommonName, id);
    BOOST_REQUIRE(owner != nullptr);
    BOOST_REQUIRE_EQUAL(owner->id, id);
    BOOST_REQUIRE_EQUAL(owner->line, static_cast<int>(i) + 2);
  }
  BOOST_TEST(snapshot->device("d" + std::to_string(num_rows - 1)) != nullptr);
  BOOST_TEST(snapshot->device("d" + std::to_string(num_rows)) == nullptr);
  return work;
}

boost::test_tools::assertion_result allocations_are_counted(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result result(Allocations::kCounted);
  result.message() << "built without AddressSanitizer, whose hooks count allocations";
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(compile_inventory)

BOOST_AUTO_TEST_CASE(a_row_becomes_a_device_and_its_identity) {
  const auto snapshot =
      snapshot_of(config_with("press-07,line,telemetry,cn,Press 7,plant,yard,3\n"
                              "press-07,line,telemetry,dns,p7.plant,plant,yard,3\n"
                              "temp-01,sensor,,cn,temp-01,plant,,\n"));
  BOOST_TEST(snapshot->devices.size() == 2U);
  const Device& press = *snapshot->device("press-07");
  BOOST_TEST(press.function == snapshot->function("line"));
  BOOST_TEST(press.tier->name == "telemetry");
  BOOST_TEST(press.site == "yard");
  BOOST_TEST(press.foreign);
  BOOST_TEST(press.line == 2);
  BOOST_TEST(press.attribute("line") == "3");
  const Device& temp = *snapshot->device("temp-01");
  BOOST_TEST(temp.tier == nullptr);
  BOOST_TEST(temp.site == "hall");
  BOOST_TEST(!temp.foreign);
  const auto owner = [&](IdentityKind kind, std::string_view value) {
    return snapshot->identities.find("plant", kind, value);
  };
  BOOST_TEST(owner(IdentityKind::kCommonName, "Press 7") == &press);
  BOOST_TEST(owner(IdentityKind::kDns, "p7.plant") == &press);
  BOOST_TEST(owner(IdentityKind::kCommonName, "temp-01") == &temp);
  BOOST_TEST(owner(IdentityKind::kDns, "temp-01") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_gateway_without_a_site_has_no_foreign_devices) {
  TestConfig config = config_with("a,sensor,,cn,a,plant,yard,\nb,sensor,,cn,b,plant,,\n");
  config.replace("etc/main", "site: \"hall\"\n", "");
  const auto snapshot = snapshot_of(config);
  BOOST_TEST(!snapshot->device("a")->foreign);
  BOOST_TEST(!snapshot->device("b")->foreign);
}

BOOST_AUTO_TEST_CASE(unknown_names_are_all_reported_with_what_was_meant) {
  complain("a,@senzor,@telemetri,cn,a,@plent,,\n",
           {"there is no function \"senzor\"\n  did you mean \"sensor\"?",
            "there is no tier \"telemetri\"\n  did you mean \"telemetry\"?",
            "there is no trust \"plent\"\n  did you mean \"plant\"?"});
  complain("a,@x-ray-camera,@critical,cn,a,@manufacturer,,\n",
           {"there is no function \"x-ray-camera\"\n  defined are: line, sensor, tiered",
            "there is no tier \"critical\"\n  defined are: plain, telemetry",
            "there is no trust \"manufacturer\"\n  defined are: plant"});
}

BOOST_AUTO_TEST_CASE(what_is_wrong_where_it_is_defined_is_not_unknown_here) {
  TestConfig config = config_with("a,sensor,,cn,a,plant,,\n");
  config.replace("etc/policy.d/p", "name: \"sensor\"", "name: \"sensor\" permit { }");
  const Loaded loaded = config.load();
  BOOST_TEST(loaded.problems.size() == 3U);
  for (const Problem& problem : loaded.problems) BOOST_TEST(problem.at.file == "etc/policy.d/p");
}

BOOST_AUTO_TEST_CASE(rows_of_one_device_agree_in_all_but_identity_and_trust) {
  const std::string hint = "\n  rows of one device may differ in identity and trust only";
  const Messages disagrees = {"this row of \"a\" says something else than line 2" + hint};
  const std::string first = "a,sensor,plain,cn,a,plant,hall,3\n";
  complain(first + "a,sensor,plain,dns,a.b,plant,hall,3\n", {});
  complain(first + "a,sensor,plain,dns,a.b,plant,,3\n", {});
  complain(first + "@a,line,plain,dns,a.b,plant,hall,3\n", disagrees);
  complain(first + "@a,sensor,telemetry,dns,a.b,plant,hall,3\n", disagrees);
  complain(first + "@a,sensor,,dns,a.b,plant,hall,3\n", disagrees);
  complain(first + "@a,sensor,plain,dns,a.b,plant,yard,3\n", disagrees);
  complain(first + "@a,sensor,plain,dns,a.b,plant,hall,4\n", disagrees);
  complain(first + "@a,sensor,plain,dns,a.b,plant,hall,\n", disagrees);
}

BOOST_AUTO_TEST_CASE(one_identity_names_one_device_in_one_row) {
  const std::string hint = "\n  one identity names one device, in one row";
  complain("a,sensor,,cn,x,plant,,\nb,sensor,,cn,@x,plant,,\n",
           {"cn \"x\" of trust \"plant\" belongs to device \"a\" already" + hint});
  complain("a,sensor,,cn,x,plant,,\na,sensor,,cn,@x,plant,,\n",
           {"cn \"x\" of trust \"plant\" belongs to device \"a\" already" + hint});
  complain("a,sensor,,dns,x.b,plant,,\nb,sensor,,dns,@X.B,plant,,\n",
           {"dns \"x.b\" of trust \"plant\" belongs to device \"a\" already" + hint});
  complain("a,sensor,,cn,x,plant,,\nb,sensor,,serial,x,plant,,\nc,sensor,,cn,X,plant,,\n", {});
}

BOOST_AUTO_TEST_CASE(the_same_name_under_another_trust_is_another_identity) {
  TestConfig config = config_with("a,sensor,,cn,x,plant,,\nb,sensor,,cn,x,vendor,,\n");
  config.policy() += R"(trust { name: "vendor" ca_file: "/ca" revocation: NONE })";
  config.files["/ca"] = vendor_authority().ca.pem();
  const auto snapshot = snapshot_of(config);
  const auto owner = [&](std::string_view trust) {
    return snapshot->identities.find(trust, IdentityKind::kCommonName, "x")->id;
  };
  BOOST_TEST(owner("plant") == "a");
  BOOST_TEST(owner("vendor") == "b");
}

BOOST_AUTO_TEST_CASE(keys_of_identities_never_run_into_each_other) {
  BOOST_TEST(identity_key("a", IdentityKind::kCommonName, "b") !=
             identity_key("ab", IdentityKind::kCommonName, ""));
  BOOST_TEST(identity_key("a", IdentityKind::kSpki, "b") !=
             identity_key("a", IdentityKind::kUri, "b"));
}

BOOST_AUTO_TEST_CASE(what_a_template_needs_is_in_the_row) {
  complain("@a,line,,cn,a,plant,,\n",
           {"device \"a\" has no line, which permit \"status\" of its function \"line\" uses\n"
            "  fill in the column attr.line"});
  complain("a,tiered,plain,cn,a,plant,,\n", {});
  complain("@a,tiered,,cn,a,plant,,\n",
           {"device \"a\" has no tier, which permit \"status\" of its function \"tiered\" uses\n"
            "  fill in the column tier"});
  TestConfig config = config_with("a,line,,cn,a,plant,,3\n");
  config.replace("etc/main", "site: \"hall\"\n", "");
  BOOST_TEST(complaints(config.load()) ==
                 (Messages{"etc/devices.csv:2:1: device \"a\" has no site, which permit \"status\" "
                           "of its function \"line\" uses\n  fill in the column site, or set site "
                           "in the configuration"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_value_that_could_inject_into_a_path_is_refused_wherever_it_stands) {
  const auto unsafe = [](const std::string& value) {
    return Messages{"\"" + value +
                    "\" holds a character that is not safe\n"
                    "  use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand in a "
                    "path)"};
  };
  for (const std::string value : {"/", "*", "%"}) {
    complain("@" + value + ",line,,cn,a,plant,,3\n", unsafe(value));
    complain("a,line,,cn,a,plant,@" + value + ",3\n", unsafe(value));
    complain("a,line,,cn,a,plant,,@" + value + "\n", unsafe(value));
  }
  const Messages dots = {
      "\"..\" is not a name\n"
      "  use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand "
      "in a path)"};
  complain("@..,line,,cn,a,plant,,3\n", dots);
  complain("a,line,,cn,a,plant,@..,3\n", dots);
  complain("a,line,,cn,a,plant,,@..\n", dots);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_form_is_reported_too) {
  complain("a,sensor,,cn,a,plant,,\na@/b,sensor,,cn,b,plant,,\n",
           {"\"a/b\" holds a character that is not safe\n"
            "  use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand in a path)"});
}

BOOST_AUTO_TEST_CASE(of_many_wrong_rows_the_first_are_shown_and_the_rest_counted) {
  const std::size_t num_rows = 3 * limits::kConfigErrorsMax;
  const Loaded loaded = config_with(rows_of(num_rows, "none")).load();
  BOOST_TEST(loaded.snapshot == nullptr);
  BOOST_REQUIRE(loaded.problems.size() == limits::kConfigErrorsMax + 1);
  BOOST_TEST(complaints(loaded).front() ==
             "etc/devices.csv:2:4: there is no function \"none\"\n"
             "  did you mean \"line\"?");
  BOOST_TEST(complaints(loaded).back() ==
             "etc/main:1:1: 200 more problems are not shown\n  correct the ones shown first");
}

// Ten times the rows take about ten times the work; were anything copied for each of the others, it
// would be a hundred times.
BOOST_AUTO_TEST_CASE(a_hundred_thousand_rows_load_with_linear_work,
                     *boost::unit_test::precondition(allocations_are_counted)) {
  const Work few = work_for(10'000);
  const Work many = work_for(100'000);
  BOOST_TEST(few.num_allocations >= 10'000U);
  BOOST_TEST(many.num_allocations < 11 * few.num_allocations);
  BOOST_TEST(many.allocated_bytes < 13 * few.allocated_bytes);
  BOOST_TEST_MESSAGE("100,000 rows: " << many.num_allocations << " allocations of "
                                      << many.allocated_bytes << " bytes");
}

BOOST_AUTO_TEST_SUITE_END()
