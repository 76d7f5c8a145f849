// Is a spreadsheet's list of devices read exactly, and is every damage named by line and column?
#include "policy/inventory_text.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/limits.h"
#include "policy/inventory_damage.h"
#include "policy/inventory_values.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

const std::string kSpki(64, 'A');
constexpr std::string_view kShort = "device_id,function,identity_type,identity,trust\n";

Inventory read(std::string_view text) {
  std::vector<Problem> problems;
  auto inventory = parse_inventory("d", text, problems);
  for (const Problem& problem : problems) BOOST_TEST_MESSAGE(to_string(problem));
  BOOST_TEST_REQUIRE(problems.empty());
  BOOST_TEST_REQUIRE(inventory.has_value());
  return *std::move(inventory);
}

std::string complaints(std::string_view text) {
  std::vector<Problem> problems;
  const auto inventory = parse_inventory("d", text, problems);
  BOOST_TEST(inventory.has_value() == !has_errors(problems));
  std::string out;
  for (const Problem& problem : problems) out += to_string(problem) + "\n";
  return out;
}

// What is said about one row under the short header, without the hint.
std::string row_complaint(std::string_view row) {
  const std::string all = complaints(std::string(kShort) + std::string(row));
  return all.substr(0, all.find('\n'));
}

// What is said about one value in a column of its own, as the last of the line.
std::string cell_complaint(std::string_view column, std::string_view value) {
  const std::string all = complaints("device_id,function,identity_type,identity,trust," +
                                     std::string(column) + "\na,b,cn,c,d," + std::string(value));
  return all.substr(0, all.find('\n'));
}

std::string identity_complaint(std::string_view type, std::string_view identity) {
  return row_complaint("a,b," + std::string(type) + "," + std::string(identity) + ",t");
}

std::string normalised(std::string_view type, std::string_view identity) {
  const Inventory inventory =
      read(std::string(kShort) + "a,b," + std::string(type) + "," + std::string(identity) + ",t\n");
  BOOST_TEST(identity_word(inventory.rows.at(0).identity_type) == type);
  return inventory.rows.at(0).identity;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inventory_text)

BOOST_AUTO_TEST_CASE(every_column_is_read_and_normalised) {
  const Inventory inventory = read(
      "device_id,function,tier,identity_type,identity,trust,site,mac,interface,address,note,attr."
      "line\n"
      "temp-01,sensor,critical,dns,Temp-01.Plant.Example,plant,hall-3,00-1A-2B-3C-4D-5E,eth1,"
      "2001:DB8:0::1,\"left, by the \"\"old\"\" press\",L4\r\n");
  BOOST_TEST_REQUIRE(inventory.rows.size() == 1U);
  const InventoryRow& row = inventory.rows[0];
  BOOST_TEST(row.line == 2);
  BOOST_TEST(row.device_id == "temp-01");
  BOOST_TEST(row.function == "sensor");
  BOOST_TEST(row.tier == "critical");
  BOOST_TEST((row.identity_type == IdentityKind::kDns));
  BOOST_TEST(row.identity == "temp-01.plant.example");
  BOOST_TEST(row.trust == "plant");
  BOOST_TEST(row.site == "hall-3");
  BOOST_TEST(row.mac == "00:1a:2b:3c:4d:5e");
  BOOST_TEST(row.interface == "eth1");
  BOOST_TEST(row.address == "2001:db8::1");
  BOOST_TEST(row.note == "left, by the \"old\" press");
  BOOST_TEST_REQUIRE(row.attributes.size() == 1U);
  BOOST_TEST(row.attributes[0].first == "line");
  BOOST_TEST(row.attributes[0].second == "L4");
  BOOST_TEST(to_string(inventory.at(row, InventoryColumn::kTrust)) == "d:2:51");
  BOOST_TEST(to_string(inventory.at(row, InventoryColumn::kNote)) == "d:2:101");
}

BOOST_AUTO_TEST_CASE(the_header_decides_the_order) {
  const Inventory inventory =
      read("note,trust,identity,identity_type,function,device_id\n\u00e9\u00e9,t,x,cn,f,d\n");
  BOOST_TEST(inventory.rows.at(0).device_id == "d");
  BOOST_TEST(inventory.rows[0].function == "f");
  BOOST_TEST(inventory.rows[0].identity == "x");
  BOOST_TEST(inventory.rows[0].trust == "t");
  BOOST_TEST(to_string(inventory.at(inventory.rows[0], InventoryColumn::kTrust)) == "d:2:4");
  BOOST_TEST(to_string(inventory.at(inventory.rows[0], InventoryColumn::kSite)) == "d:2:1");
}

BOOST_AUTO_TEST_CASE(empty_lines_and_cleared_rows_are_skipped_but_counted) {
  const Inventory inventory =
      read("\n" + std::string(kShort) + "\n,,,,\r\na,f,cn,x,t\n\nb,f,cn,y,t");
  BOOST_TEST_REQUIRE(inventory.rows.size() == 2U);
  BOOST_TEST(inventory.rows[0].line == 5);
  BOOST_TEST(inventory.rows[1].line == 7);
}

BOOST_AUTO_TEST_CASE(identities_take_their_normal_form) {
  BOOST_TEST(normalised("spki", kSpki) == std::string(64, 'a'));
  BOOST_TEST(normalised("uri", "spiffe://plant/Temp-01") == "spiffe://plant/Temp-01");
  BOOST_TEST(normalised("dns", "_A.B-1") == "_a.b-1");
  BOOST_TEST(normalised("serial", "SN 0042/x") == "SN 0042/x");
  BOOST_TEST(normalised("hwmodule", "1.3.6.1.4.1.4711.7:00A1b2") == "1.3.6.1.4.1.4711.7:00a1b2");
  BOOST_TEST(normalised("cn", "Pr\u00e4gepresse 7") == "Pr\u00e4gepresse 7");
}

BOOST_AUTO_TEST_CASE(identities_that_are_none_are_refused_where_they_go_wrong) {
  BOOST_TEST(identity_complaint("spki", std::string(63, 'a')) ==
             "d:2:10: spki has 64 hexadecimal digits, this has 63");
  BOOST_TEST(identity_complaint("spki", std::string(65, 'a')) ==
             "d:2:10: spki has 64 hexadecimal digits, this has 65");
  BOOST_TEST(identity_complaint("spki", "aa:bb") ==
             "d:2:12: spki is the SHA-256 of a public key: 64 hexadecimal digits");
  for (const std::string_view uri : {"plant", ":x", "spiffe:", "1a:b", "/a:b"}) {
    BOOST_TEST(identity_complaint("uri", uri) ==
               "d:2:9: \"" + std::string(uri) + "\" is not a URI");
  }
  BOOST_TEST(identity_complaint("uri", "spiffe://a b") ==
             "d:2:19: a URI cannot hold this character");
  for (const std::string_view id :
       {"spiffe://plant/a/", "spiffe://plant:80/a", "spiffe://Plant/a", "SPIFFE://plant/a",
        "spiffe://plant/a?b", "spiffe://plant//a"}) {
    BOOST_TEST(identity_complaint("uri", id) == "d:2:9: \"" + std::string(id) +
                                                    "\" is not a SPIFFE ID, and no certificate "
                                                    "will match it");
  }
  BOOST_TEST(identity_complaint("dns", "a.*.b") == "d:2:11: a DNS name cannot hold this character");
  for (const std::string_view dns : {"a..b", "a.", ".a", "x.-a", "a-"}) {
    BOOST_TEST(identity_complaint("dns", dns).ends_with(" is not a DNS name"), dns);
  }
  BOOST_TEST(identity_complaint("dns", "10.0.0.1") == "d:2:9: \"10.0.0.1\" is not a DNS name");
  BOOST_TEST(identity_complaint("dns", "a." + std::string(64, 'b')).starts_with("d:2:11: "));
  BOOST_TEST(read_identity(IdentityKind::kDns, std::string(63, 'b')).has_value());
  std::string longest;
  for (int i = 0; i < 4; ++i) longest += std::string(i < 3 ? 63 : 61, 'c') + (i < 3 ? "." : "");
  BOOST_TEST(read_identity(IdentityKind::kDns, longest).has_value());
  BOOST_TEST(!read_identity(IdentityKind::kDns, longest + "c").has_value());
  BOOST_TEST(identity_complaint("serial", "S\u00e9") ==
             "d:2:13: a serial number cannot hold this character");
  BOOST_TEST(identity_complaint("serial", std::string(65, '1')) ==
             "d:2:12: a serial number has at most 64 characters");
  for (const std::string_view oid :
       {"x:00", "1:00", "3.1:00", "1.02:00", "1.:00", "1.a:00", ":00"}) {
    BOOST_TEST(
        identity_complaint("hwmodule", oid) == "d:2:14: hwmodule begins with an object identifier",
        oid);
  }
  for (const std::string_view serial : {"1.2", "1.2:", "1.2:0", "1.2:0g"}) {
    BOOST_TEST(identity_complaint("hwmodule", serial).ends_with("pairs of hexadecimal digits"));
  }
  BOOST_TEST(identity_complaint("cn", std::string(65, 'x')) ==
             "d:2:8: a common name has at most 64 characters");
  BOOST_TEST(identity_complaint("cn", "").starts_with("d:2:8: \"identity\" is empty"));
}

BOOST_AUTO_TEST_CASE(an_unknown_identity_type_lists_those_there_are) {
  BOOST_TEST(complaints(std::string(kShort) + "a,b,seriel,c,t\na,b,mac,c,t\n") ==
             "d:2:5: \"seriel\" is not an identity type\n"
             "  did you mean serial? values: spki, uri, dns, serial, hwmodule, cn\n"
             "d:3:5: \"mac\" is not an identity type\n"
             "  values: spki, uri, dns, serial, hwmodule, cn\n");
}

BOOST_AUTO_TEST_CASE(what_may_stand_in_a_path_is_safe_there) {
  for (const std::string_view name :
       {"a/b", "a b", "..", ".", "a.", "a%2f", "{x}", "a*", "\u00e9"}) {
    BOOST_TEST(!read_path_name(name).has_value(), name);
    BOOST_TEST(row_complaint(std::string(name) + ",f,cn,c,t").starts_with("d:2:"), name);
    BOOST_TEST(cell_complaint("site", name).starts_with("d:2:1"), name);
    BOOST_TEST(cell_complaint("attr.x", name).starts_with("d:2:1"), name);
  }
  BOOST_TEST(row_complaint("press/07,f,cn,c,t") ==
             "d:2:6: \"press/07\" holds a character that is not safe");
  BOOST_TEST(read_path_name(std::string(64, 'x')).has_value());
  BOOST_TEST(read_path_name(std::string(65, 'x')).error().byte == 64U);
  BOOST_TEST(!read_path_name("...").has_value());  // No request can have it.
}

BOOST_AUTO_TEST_CASE(places_see_through_quotes_and_many_byte_characters) {
  BOOST_TEST(complaints("note,device_id,function,identity_type,identity,trust\n"
                        "\"\u00e9\"\"\u00e9\",\"press/07\",f,cn,x,t\n")
                 .starts_with("d:2:14: "));
  BOOST_TEST(complaints("device_id,function,identity_type,identity,trust\n"
                        "a,b,uri,\"spiffe:\"\"x\",t\n")
                 .starts_with("d:2:17: a URI cannot hold this character"));
  BOOST_TEST(complaints("device_id,function,identity_type,identity,trust\n"
                        "a,b,serial,\"a\"\"\u00e9\",t\n")
                 .starts_with("d:2:16: a serial number cannot hold this character"));
}

BOOST_AUTO_TEST_CASE(assets_are_described_exactly) {
  for (const std::string_view mac :
       {"00:1a:2b:3c:4d", "0:1a:2b:3c:4d:5e", "001a2b3c4d5e", "00:1a-2b:3c:4d:5e",
        "00:1g:2b:3c:4d:5e", "00.1a.2b.3c.4d.5e"}) {
    BOOST_TEST(cell_complaint("mac", mac).ends_with(" is not a MAC address"), mac);
  }
  BOOST_TEST(cell_complaint("mac", "00:1a:2b:3c:4d:5g") ==
             "d:2:28: \"00:1a:2b:3c:4d:5g\" is not a MAC address");
  BOOST_TEST(cell_complaint("interface", "eth/1") ==
             "d:2:15: \"eth/1\" is not a network interface");
  BOOST_TEST(cell_complaint("interface", std::string(15, 'e')).empty());
  BOOST_TEST(!cell_complaint("interface", std::string(16, 'e')).empty());
  for (const std::string_view address :
       {"10.0.0.1/24", "10.0.0.01", "10.0.0.1:80", "::ffff:10.0.0.1"}) {
    BOOST_TEST(cell_complaint("address", address) ==
               "d:2:12: \"" + std::string(address) + "\" is not an IPv4 or IPv6 address");
  }
}

BOOST_AUTO_TEST_CASE(damage_by_spreadsheets_is_named) {
  BOOST_TEST(complaints("device_id;function;identity_type;identity;trust\na;b;cn;c;d\n") ==
             "d:1:10: columns are separated by \";\"\n"
             "  export the file with commas: \"CSV UTF-8, comma delimited\"\n");
  BOOST_TEST(
      complaints("device_id\tfunction\n").starts_with("d:1:10: columns are separated by tabs"));
  for (const std::string_view number : {"1E+10", "1.2345E+19", "1,5E+10", "4e-05"}) {
    BOOST_TEST(cell_damage(number, false).has_value(), number);
    BOOST_TEST(!cell_damage(number, true).has_value(), number);
  }
  for (const std::string_view fine :
       {"1E10", "E+1", "1E+", "1E+1x", "12", "1.5", "a1E+10", "#7", "x-"}) {
    BOOST_TEST(!cell_damage(fine, false).has_value(), fine);
  }
  BOOST_TEST(identity_complaint("serial", "1E+10") ==
             "d:2:12: \"1E+10\" is a number that a spreadsheet has rounded");
  for (const std::string_view formula : {"=A1", "+49", "@x"}) {
    BOOST_TEST(cell_complaint("note", formula) ==
               "d:2:12: \"" + std::string(formula) + "\" is a formula to a spreadsheet");
    BOOST_TEST(row_complaint("a," + std::string(formula) + ",cn,c,t") ==
               "d:2:3: \"" + std::string(formula) + "\" is a formula to a spreadsheet");
  }
  BOOST_TEST(cell_complaint("tier", "#NAME?") == "d:2:12: \"#NAME?\" is an error of a spreadsheet");
  BOOST_TEST(row_complaint("a ,b,cn,c,t") == "d:2:1: there is a space before or after \"a\"");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_a_warning) {
  BOOST_TEST(complaints("\xef\xbb\xbf" + std::string(kShort) + "a,b,cn,c,t\n") ==
             "d:1:1: warning: the file begins with a byte order mark\n"
             "  harmless here; save it as UTF-8 without one to be rid of this\n");
  BOOST_TEST(complaints("\xff\xfe"
                        "d")
                 .starts_with("d:1:1: the file is UTF-16"));
}

BOOST_AUTO_TEST_CASE(bytes_that_no_cell_can_hold_are_refused_where_they_stand) {
  BOOST_TEST(row_complaint("a,b,cn,\xe9,t") == "d:2:8: this is not UTF-8");
  BOOST_TEST(row_complaint(std::string_view("a,\0,cn,c,t", 10)) ==
             "d:2:3: there is a control character here");
  BOOST_TEST(row_complaint("\u00e9\t,b,cn,c,t") == "d:2:2: there is a tab here");
  BOOST_TEST(row_complaint("a,b,cn,c\rd,t") == "d:2:9: there is a control character here");
  BOOST_TEST(
      row_complaint("a,b,cn,c\u200b,t").starts_with("d:2:9: there is an invisible character"));
}

BOOST_AUTO_TEST_CASE(lost_quotes_are_named_on_their_own_line) {
  BOOST_TEST(
      complaints(std::string(kShort) + "a,b,cn,\"c,t\n"
                                       "b,b,cn,c\"d,t\n"
                                       "c,b,cn,\"c\"d,t\n"
                                       "d,b,cn,\"\u00e9\"\",t\n"
                                       "e,b,cn,c,t\n"
                                       "f/,b,cn,c,t\n") ==
      "d:2:8: the closing quote is missing on this line\n"
      "  a quote got lost, or the value holds a line break: remove it\n"
      "d:3:9: there is a quote inside a value without quotes\n"
      "  put the whole value in quotes, and double those inside: \"say \"\"open\"\"\"\n"
      "d:4:11: a comma is missing after the closing quote\n"
      "  put a comma, or double the quotes inside the value: \"say \"\"open\"\"\"\n"
      "d:5:8: the closing quote is missing on this line\n"
      "  a quote got lost, or the value holds a line break: remove it\n"
      "d:7:2: \"f/\" holds a character that is not safe\n"
      "  use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand in a path)\n");
}

BOOST_AUTO_TEST_CASE(quoted_values_follow_rfc_4180) {
  BOOST_TEST(normalised("cn", "\"\"\"\"") == "\"");
  BOOST_TEST(normalised("cn", "\"a\"\"b\"\"\"") == "a\"b\"");
  BOOST_TEST(normalised("cn", "\"a,b\"") == "a,b");
  BOOST_TEST(identity_complaint("cn", "\"\"") == "d:2:8: \"identity\" is empty");
}

BOOST_AUTO_TEST_CASE(lines_must_have_as_many_values_as_columns) {
  BOOST_TEST(row_complaint("a,b,cn,c") == "d:2:8: this line has 4 values for 5 columns");
  BOOST_TEST(row_complaint("a,b,cn,c,t,x,y") == "d:2:12: this line has 7 values for 5 columns");
}

BOOST_AUTO_TEST_CASE(every_problem_of_a_line_is_named) {
  BOOST_TEST(complaints("device_id,function,identity_type,identity,trust,mac\n/,,spki,0,,zz\n") ==
             "d:2:1: \"/\" holds a character that is not safe\n"
             "  use 1 to 64 of A-Z a-z 0-9 . _ - with no dot at the end (it may stand in a path)\n"
             "d:2:3: \"function\" is empty\n"
             "d:2:9: spki has 64 hexadecimal digits, this has 1\n"
             "  a spreadsheet may have removed leading zeros: set the column to text\n"
             "d:2:11: \"trust\" is empty\n"
             "d:2:12: \"zz\" is not a MAC address\n  write six pairs: \"00:1a:2b:3c:4d:5e\"\n");
}

BOOST_AUTO_TEST_CASE(the_header_is_checked_as_a_whole) {
  BOOST_TEST(complaints("").starts_with("d:1:1: the file is empty\n  columns: device_id, "));
  BOOST_TEST(complaints("\n\n").starts_with("d:2:1: the file is empty\n"));
  BOOST_TEST(
      complaints("temp-01,sensor,x\n").starts_with("d:1:1: the first line must name the columns"));
  BOOST_TEST(
      complaints("device_id,functoin,tier,tier,,attr.X,attr.id,attr.a,attr.a,colour,identity\n") ==
      "d:1:1: the column \"function\" is missing\n"
      "d:1:1: the column \"identity_type\" is missing\n"
      "d:1:1: the column \"trust\" is missing\n"
      "d:1:11: there is no column \"functoin\"\n  did you mean function?\n"
      "d:1:25: the column \"tier\" stands here twice\n  remove one\n"
      "d:1:30: this column has no name\n  name it, or remove it\n"
      "d:1:31: \"attr.X\" is not the name of an attribute\n"
      "  use a-z 0-9 and _ after \"attr.\", beginning with a letter: attr.line\n"
      "d:1:38: \"attr.id\" is known already, as {device.id}\n  choose another name\n"
      "d:1:53: the column \"attr.a\" stands here twice\n  remove one\n"
      "d:1:60: there is no column \"colour\"\n"
      "  columns: device_id, function, tier, identity_type, identity, trust, site, mac, "
      "interface, address, note, and attr.NAME\n");
}

BOOST_AUTO_TEST_CASE(columns_and_lines_are_bounded) {
  std::string header = "device_id,function,identity_type,identity,trust";
  for (std::size_t i = 5; i < limits::kInventoryColumnsMax; ++i) {
    header += ",attr.a" + std::to_string(i);
  }
  BOOST_TEST(complaints(header) == "");
  BOOST_TEST(complaints(header + ",attr.b").ends_with(": there are more than 64 columns\n"));
  const std::string name(64, 'a');
  BOOST_TEST(cell_complaint("attr." + name, "x").empty());
  BOOST_TEST(!cell_complaint("attr." + name + "a", "x").empty());
  const std::string lines(limits::kInventoryRowsMax - 1, '\n');
  BOOST_TEST(complaints(std::string(kShort) + lines) == "");
  BOOST_TEST(complaints(std::string(kShort) + lines + "\n") ==
             "d:1:1: the file has more than 1000000 lines\n");
  BOOST_TEST(complaints(std::string(limits::kInventoryBytesMax + 1, ' ')) ==
             "d:1:1: the file is larger than 268435456 bytes\n");
  BOOST_TEST(complaints(std::string(limits::kInventoryBytesMax, ' ')) !=
             "d:1:1: the file is larger than 268435456 bytes\n");
}

BOOST_AUTO_TEST_CASE(problems_beyond_the_limit_are_counted) {
  std::string text(kShort);
  for (std::size_t i = 0; i < limits::kConfigErrorsMax + 50; ++i) text += "/,f,cn,x,t\n";
  const std::string all = complaints(text);
  BOOST_TEST(
      all.ends_with("d:102:1: from here on 50 more problems\n  correct the ones shown first\n"));
}

BOOST_AUTO_TEST_CASE(a_large_inventory_is_read_whole) {
  constexpr int kNumRows = 20'000;
  std::string text = "device_id,function,tier,identity_type,identity,trust,site,note\n";
  for (int i = 0; i < kNumRows; ++i) {
    const std::string n = std::to_string(i);
    text += "temp-" + n + ",sensor,telemetry,uri,spiffe://plant.example/device/temp-" + n +
            ",plant,hall-3,\"row " + n + "\"\n";
  }
  const Inventory inventory = read(text);
  BOOST_TEST_REQUIRE(inventory.rows.size() == std::size_t{kNumRows});
  BOOST_TEST(inventory.rows.back().identity == "spiffe://plant.example/device/temp-19999");
  BOOST_TEST(inventory.rows.back().line == kNumRows + 1);
}

BOOST_AUTO_TEST_SUITE_END()
