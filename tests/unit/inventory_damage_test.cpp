// Is everything that spreadsheets and word processors do to a list of devices named by line and
// column, with what to do about it? And is nothing called damaged that is not?
#include "policy/inventory_damage.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "policy/inventory_text.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

constexpr std::string_view kHeader = "device_id,function,identity_type,identity,trust,mac,note\n";

std::string complaints(std::string_view text) {
  std::vector<Problem> problems;
  const auto inventory = parse_inventory("d", text, problems);
  BOOST_TEST(inventory.has_value() == !has_errors(problems));
  std::string out;
  for (const Problem& problem : problems) out += to_string(problem) + "\n";
  return out;
}

// Damage is a file, and all that is said about it.
struct Damage {
  std::string text;
  std::string complaint;
};

// under_header puts rows under the header.
std::string under_header(std::string_view rows) { return std::string(kHeader) + std::string(rows); }

const std::string kEnterAgain = "set the column to text and enter the value again";
const std::string kFormula = "write the value itself; it must not begin with = + - or @";
const std::string kCharacters = "use 1 to 64 of A-Z a-z 0-9 . _ - (it may stand in a path)";

const Damage kFiles[] = {
    {"\xef\xbb\xbf" + under_header("a,f,cn,x,t,,\n"),
     "d:1:1: warning: the file begins with a byte order mark\n"
     "  harmless here; save it as UTF-8 without one to be rid of this\n"},
    {"\xff\xfe"
     "d",
     "d:1:1: the file is UTF-16\n  save it as \"CSV UTF-8\"\n"},
    {std::string("d\0e\0v\0", 6), "d:1:1: the file is UTF-16\n  save it as \"CSV UTF-8\"\n"},
    {std::string("\0d\0e\0v", 6), "d:1:1: the file is UTF-16\n  save it as \"CSV UTF-8\"\n"},
    {"device_id,function\ra,b\r",
     "d:1:19: the lines end in CR alone, as old Macintosh files do\n  save it as \"CSV UTF-8\"\n"},
    {"sep=;\ndevice_id;function\n",
     "d:1:1: this line is for Excel alone\n  remove it, and separate columns by commas\n"},
    {"sep=,\n" + std::string(kHeader),
     "d:1:1: this line is for Excel alone\n  remove it, and separate columns by commas\n"},
    {"device_id;function\n",
     "d:1:10: columns are separated by \";\"\n"
     "  export the file with commas: \"CSV UTF-8, comma delimited\"\n"},
    {"device_id\tfunction\n",
     "d:1:10: columns are separated by tabs\n"
     "  export the file with commas: \"CSV UTF-8, comma delimited\"\n"},
    {"device_id,function,identity_type,identity,trust,,\n",
     "d:1:49: this column has no name\n  name it, or remove it\n"
     "d:1:50: this column has no name\n  name it, or remove it\n"},
    {"Device ID,function,identity_type,identity,trust,function\n",
     "d:1:1: there is no column \"Device ID\"\n  did you mean device_id?\n"
     "d:1:1: the column \"device_id\" is missing\n"
     "d:1:49: the column \"function\" stands here twice\n  remove one\n"},
};

const Damage kRows[] = {
    // Lines that are not as long as the header.
    {"a,f,cn,x,t,,,,\n",
     "d:2:14: this line has 9 values for 7 columns\n  remove the empty values at its end\n"},
    {"a,f,cn,x,t,,press, left\n",
     "d:2:19: this line has 8 values for 7 columns\n"
     "  put a value that holds a comma in quotes: \"press, left\"\n"},
    {"a,f,cn,x,t,,b,f,cn,y,t,,\n",
     "d:2:15: this line has 13 values for 7 columns\n"
     "  two lines have run together: put a line break between them\n"},
    {"a,f,cn,x,t\n",
     "d:2:10: this line has 5 values for 7 columns\n"
     "  a comma is missing; an empty value needs its comma too\n"},
    {"\"a,f,cn,x,t,,\"\n",
     "d:2:1: this line has 1 values for 7 columns\n"
     "  the whole line stands in quotes: remove them\n"},
    {"a,f,cn,\"x,t,,\nb,f,cn,y,t,,\n",
     "d:2:8: the closing quote is missing on this line\n"
     "  a quote got lost, or the value holds a line break: remove it\n"},
    {"device_id,function,identity_type,identity,trust,mac,note\r\n",
     "d:2:1: the line that names the columns stands here again\n  remove it\n"},
    // Numbers.
    {"a,f,serial,1.23457E+18,t,,\n",
     "d:2:12: \"1.23457E+18\" is a number that a spreadsheet has rounded\n  " + kEnterAgain + "\n"},
    {"a,f,spki,\"9,87654E+63\",t,,\n",
     "d:2:11: \"9,87654E+63\" is a number that a spreadsheet has rounded\n  " + kEnterAgain + "\n"},
    {"a,f,serial,1234567890123450000,t,,\n",
     "d:2:12: warning: \"1234567890123450000\" ends in zeros where a spreadsheet rounds numbers\n"
     "  compare it with the device; if it is wrong, set the column to text\n"},
    {"a,f,spki,12345678,t,,\n",
     "d:2:10: spki has 64 hexadecimal digits, this has 8\n"
     "  a spreadsheet may have removed leading zeros: set the column to text\n"},
    {"a,f,cn,x,t,1122334455,\n",
     "d:2:12: \"1122334455\" is not a MAC address\n"
     "  a spreadsheet may have removed leading zeros: set the column to text\n"},
    {"a,f,serial,400012,t,,\nb,f,serial,400013,t,,\nc,f,serial,400014,t,,\nd,f,serial,400015,t,,\n"
     "e,f,serial,17,t,,\n",
     "d:6:12: warning: serial number \"17\" is shorter than the others\n"
     "  a spreadsheet may have removed leading zeros: set the column to text\n"},
    // Dates.
    {"07-Mar,f,cn,x,t,,\n",
     "d:2:1: \"07-Mar\" is a date that a spreadsheet made of something else\n  " + kEnterAgain +
         "\n"},
    {"a,f,serial,Jan-07,t,,\n",
     "d:2:12: \"Jan-07\" is a date that a spreadsheet made of something else\n  " + kEnterAgain +
         "\n"},
    {"a,f,serial,2026-11-26,t,,\n",
     "d:2:12: \"2026-11-26\" is a date that a spreadsheet made of something else\n  " +
         kEnterAgain + "\n"},
    // Formulas and their results.
    {"=A1,f,cn,x,t,,\n", "d:2:1: \"=A1\" is a formula to a spreadsheet\n  " + kFormula + "\n"},
    {"a,+f,cn,x,t,,\n", "d:2:3: \"+f\" is a formula to a spreadsheet\n  " + kFormula + "\n"},
    {"a,f,cn,@x,t,,\n", "d:2:8: \"@x\" is a formula to a spreadsheet\n  " + kFormula + "\n"},
    {"a,f,cn,-x,t,,\n", "d:2:8: \"-x\" is a formula to a spreadsheet\n  " + kFormula + "\n"},
    {"a,f,cn,x,t,-,\n", "d:2:12: \"-\" is no value\n  leave the cell empty where there is none\n"},
    {"a,f,cn,#NAME?,t,,\n",
     "d:2:8: \"#NAME?\" is an error of a spreadsheet\n  write the value itself\n"},
    {"a,f,cn,x,t,,#BEZUG!\n",
     "d:2:13: \"#BEZUG!\" is an error of a spreadsheet\n  write the value itself\n"},
    {"a,f,cn,Err:508,t,,\n",
     "d:2:8: \"Err:508\" is an error of a spreadsheet\n  write the value itself\n"},
    // Letters that look like others.
    {"press\u00a007,f,cn,x,t,,\n",
     "d:2:6: there is a non-breaking space here\n  write an ordinary space, or none\n"},
    {"a,f,cn,x\u00a0,t,,\n",
     "d:2:9: there is a non-breaking space here\n  write an ordinary space, or none\n"},
    {"a,f,cn,\u201cx\u201d,t,,\n",
     "d:2:8: there is a typographic quote here\n  write ' or \", or none; if the certificate has "
     "it so, recognise the device by another identity\n"},
    {"press\u201307,f,cn,x,t,,\n",
     "d:2:6: there is a typographic dash here\n  write -; if the certificate has it so, recognise "
     "the device by another identity\n"},
    {"a,f,cn,x\u200b,t,,\n",
     "d:2:9: there is an invisible character here, or one that changes the order of the text\n"
     "  remove it: the text could read differently from what it says\n"},
    // What certificates cannot say.
    {"a,f,uri,spiffe://Plant/a,t,,\n",
     "d:2:9: \"spiffe://Plant/a\" is not a SPIFFE ID, and no certificate will match it\n"
     "  write a lower-case trust domain, no port, no escapes, no slash at the end: "
     "\"spiffe://plant/temp-01\"\n"},
    {"a,f,dns,temp-01.plant.,t,,\n",
     "d:2:23: \"temp-01.plant.\" is not a DNS name\n"
     "  write a full name: \"temp-01.plant.example\"\n"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(inventory_damage)

BOOST_AUTO_TEST_CASE(damage_to_the_whole_file_is_named) {
  for (const Damage& each : kFiles) BOOST_TEST(complaints(each.text) == each.complaint);
}

BOOST_AUTO_TEST_CASE(damage_to_a_row_is_named_where_it_is_and_once) {
  for (const Damage& each : kRows) {
    BOOST_TEST(complaints(under_header(each.text)) == each.complaint);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_damaged_passes_in_silence) {
  for (const std::string_view rows :
       {"a,f,cn,Pr\u00e4gepresse 7,t,,\n", "a,f,cn,x,t,,\u201cthe old one\u201d \u2013 left\n",
        "a,f,cn,x,t,,- moved in March\n", "a,f,cn,x,t,,2026-11-26\n", "a,f,serial,000017,t,,\n",
        "jan-07,f,serial,JAN-07,t,,\n", "Mar-07a,f,serial,1-2-3,t,,\n",
        "press-2026-11,f,serial,2026.11,t,,\n", "a,f,serial,123456789012345,t,,\n",
        "a,f,serial,1E10,t,,\n", "a,f,serial,#7,t,,\n", "a,f,serial,SN-0017,t,,\n",
        "a,f,hwmodule,1.2.3:30,t,00:11:22:33:44:55,\n", "a,f,uri,spiffe://plant/A,t,,\n"}) {
    BOOST_TEST(complaints(under_header(rows)) == "", rows);
  }
}

BOOST_AUTO_TEST_CASE(dates_are_known_in_the_forms_that_spreadsheets_write) {
  for (const std::string_view date :
       {"07-Mar", "7-Mar", "Mar-07", "Mar 26", "07. Mrz", "01. M\u00e4r", "Jan 07", "7-Mar-26",
        "07-Mar-2026", "2026-11-26", "2026-1-7", "26.11.2026", "7.3.2026", "3/7/2026",
        "11/26/2026"}) {
    BOOST_TEST(is_date(date), date);
  }
  for (const std::string_view other :
       {"",           "Mar",      "Mar-",        "Mar-x",         "Mar-07-",      "mar-07",
        "007-Mar",    "07-Mars",  "07-Mar-",     "1-2",           "1-2-3",        "1.2.3",
        "10.0.0.1",   "2026",     "2026-11",     "2026-11-26T00", "12345-1-2026", "123-1-2026",
        "26.11-2026", "26.11.26", "2026/11/261", "-11-26",        "press"}) {
    BOOST_TEST(!is_date(other), other);
  }
}

BOOST_AUTO_TEST_CASE(serial_numbers_of_unequal_length_are_nothing_strange) {
  const auto rows_of = [](const std::vector<std::string>& serials) {
    std::vector<InventoryRow> rows;
    for (const std::string& serial : serials) {
      rows.push_back({.trust = "t"});
      rows.back().identity_type = IdentityKind::kSerial;
      rows.back().identity = serial;
    }
    return rows;
  };
  const auto num_lost = [&](const std::vector<std::string>& serials) {
    return lost_zeros(rows_of(serials)).size();
  };
  BOOST_TEST(num_lost({"400001", "400002", "400003", "400004", "17"}) == 1U);
  BOOST_TEST(num_lost({"400001", "400002", "400003", "000004", "17"}) == 0U);  // Text.
  BOOST_TEST(num_lost({"400001", "400002", "4003", "4004", "17"}) == 0U);
  BOOST_TEST(num_lost({"40001", "40002", "40003", "40004", "17"}) == 0U);
  BOOST_TEST(num_lost({"400001", "400002", "17"}) == 0U);
  BOOST_TEST(num_lost({"A00001", "A00002", "A00003", "A00004", "17"}) == 0U);
  BOOST_TEST(num_lost({}) == 0U);
  std::vector<InventoryRow> rows = rows_of({"400001", "400002", "400003", "400004", "17"});
  rows.back().trust = "another";
  BOOST_TEST(lost_zeros(rows).empty());
  rows.back().trust = "t";
  rows.back().identity_type = IdentityKind::kCommonName;
  BOOST_TEST(lost_zeros(rows).empty());
}

BOOST_AUTO_TEST_SUITE_END()
