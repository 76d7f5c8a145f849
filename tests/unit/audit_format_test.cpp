// Is an audit line what FORMAT.md and fields.def say, and never longer than a line may be?
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "audit/format.h"
#include "audit/line.h"
#include "base/limits.h"

using namespace interlock;
using namespace interlock::audit;
using nlohmann::ordered_json;

namespace {

constexpr std::uint64_t kLastSeq = std::numeric_limits<std::uint64_t>::max();

std::string line_of(const AuditRecord& record, std::uint64_t seq = 1) {
  std::string members;
  append_fields(members, record);
  std::string line;
  Envelope("press-hall-3").append_line(line, seq, members, Hash{});
  BOOST_REQUIRE(line.ends_with('\n'));
  line.pop_back();
  return line;
}

ordered_json parsed(const AuditRecord& record) { return ordered_json::parse(line_of(record)); }

// set_texts gives every text of a record the same value.
void set_texts(AuditRecord& record, std::string_view value) {
#define AUDIT_FIELD(name, type, presence)
#define AUDIT_TEXT(name, bytes_max) record.name = value;
#include "audit/fields.def"
#undef AUDIT_FIELD
#undef AUDIT_TEXT
}

AuditRecord full_record() {
  AuditRecord record;
  record.time = WallTime{1795343614123};
  record.reason = Reason::no_permit;
  record.session = 7;
  record.status = 403;
  record.oldest_seq = 8;
  record.suppressed = 9;
  set_texts(record, "x");
  return record;
}

FieldType type_of(const ordered_json& value) {
  if (value.is_null()) return FieldType::kNull;
  return value.is_string() ? FieldType::kString : FieldType::kInteger;
}

struct Row {
  std::string type, presence;
};

// rows_of_the_manual reads the table of members in FORMAT.md: | `name` | type | presence | ... |
std::map<std::string, Row> rows_of_the_manual() {
  std::ifstream manual(INTERLOCK_SOURCE_DIR "/src/audit/FORMAT.md");
  BOOST_REQUIRE(manual.good());
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(manual, line);) {
    std::istringstream words(line);
    std::string bar, name, type, presence;
    words >> bar >> name >> bar >> type >> bar >> presence;
    if (presence != "always" && presence != "optional") continue;
    BOOST_TEST(rows.emplace(name, Row{type, presence}).second);
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_format)

BOOST_AUTO_TEST_CASE(a_full_record_has_every_member_of_the_table_in_order_and_type) {
  const ordered_json line = parsed(full_record());
  std::size_t i = 0;
  for (const auto& [name, value] : line.items()) {
    BOOST_REQUIRE(i < fields().size());
    BOOST_TEST(name == fields()[i].name);
    BOOST_TEST((type_of(value) == fields()[i].type), name);
    ++i;
  }
  BOOST_TEST(i == fields().size());
}

BOOST_AUTO_TEST_CASE(an_empty_record_has_the_members_that_are_always_there_and_its_decision) {
  const ordered_json line = parsed({});
  for (const Field& field : fields()) {
    const bool there = field.presence == Presence::kAlways || field.name == "decision";
    BOOST_TEST(line.contains(std::string(field.name)) == there, field.name);
  }
}

BOOST_AUTO_TEST_CASE(the_manual_has_a_row_for_every_member_and_no_other) {
  const auto rows = rows_of_the_manual();
  BOOST_TEST(rows.size() == fields().size());
  for (const Field& field : fields()) {
    const auto row = rows.find("`" + std::string(field.name) + "`");
    BOOST_REQUIRE_MESSAGE(row != rows.end(), field.name << " is not in FORMAT.md");
    const char* type = field.type == FieldType::kInteger  ? "integer"
                       : field.type == FieldType::kString ? "string"
                                                          : "null";
    BOOST_TEST(row->second.type == type, field.name);
    BOOST_TEST((row->second.presence == "always") == (field.presence == Presence::kAlways),
               field.name);
  }
}

BOOST_AUTO_TEST_CASE(values_are_those_of_the_record) {
  AuditRecord record = full_record();
  record.device = "press-07";
  record.path = "/v1/\"x\"";
  const ordered_json line = parsed(record);
  BOOST_TEST(line["v"] == 1);
  BOOST_TEST(line["time"] == "2026-11-22T10:33:34.123Z");
  BOOST_TEST(line["event"] == "operation");
  BOOST_TEST(line["decision"] == "deny");
  BOOST_TEST(line["reason"] == "no_permit");
  BOOST_TEST(line["session"] == 7);
  BOOST_TEST(line["status"] == 403);
  BOOST_TEST(line["device"] == "press-07");
  BOOST_TEST(line["path"] == "/v1/\"x\"");
  BOOST_TEST(line["gateway"] == "press-hall-3");
  BOOST_TEST(line["facts_epoch"] == 0);
  BOOST_TEST(line["prev"] == std::string(64, '0'));
}

BOOST_AUTO_TEST_CASE(events_that_decide_nothing_have_no_decision) {
  const std::map<AuditEvent, std::string> decisions = {
      {AuditEvent::kOperation, "deny"},     {AuditEvent::kHandshake, "deny"},
      {AuditEvent::kService, ""},           {AuditEvent::kGatewayStart, ""},
      {AuditEvent::kGatewayStop, ""},       {AuditEvent::kConfigApplied, ""},
      {AuditEvent::kDeviceQuarantined, ""}, {AuditEvent::kDeviceReleased, ""},
      {AuditEvent::kConfigRejected, ""},    {AuditEvent::kAuditRepaired, ""},
      {AuditEvent::kTunnelEnd, ""}};
  for (const auto& [event, decision] : decisions) {
    AuditRecord record = full_record();
    record.event = event;
    const ordered_json line = parsed(record);
    BOOST_TEST(line["event"] == to_string(event));
    BOOST_TEST(line.value("decision", "") == decision);
  }
  BOOST_TEST(parsed({})["decision"] == "allow");
}

BOOST_AUTO_TEST_CASE(the_longest_record_fits_a_line_whatever_it_is_made_of) {
  std::string gateway;
  while (Envelope(gateway + "g").fits()) gateway += "g";
  BOOST_TEST(gateway.size() > 128U);
  const Envelope envelope(gateway);
  const Reason longest = *std::max_element(
      all_reasons().begin(), all_reasons().end(),
      [](Reason a, Reason b) { return to_string(a).size() < to_string(b).size(); });
  for (const char* piece : {"a", "\"", "\\", "\x01", "\x7f", "\xff", "\xc3\xa9", "\xe2\x82\xac",
                            "\xf0\x9f\x94\x92", "\xe2\x82", "a\xf0\x9f\x94\x92"}) {
    std::string text;
    while (text.size() < 64 * 1024) text += piece;
    AuditRecord record = full_record();
    record.reason = longest;
    record.session = kLastSeq;
    record.oldest_seq = kLastSeq;
    record.suppressed = kLastSeq;
    record.status = std::numeric_limits<int>::max();
    set_texts(record, text);
    std::string members, line;
    append_fields(members, record);
    envelope.append_line(line, kLastSeq, members, Hash{});
    BOOST_TEST(members.size() <= limits::kAuditLineBytesMax - limits::kAuditEnvelopeBytesMax);
    BOOST_TEST(line.size() <= limits::kAuditLineBytesMax);
    BOOST_TEST(line.size() > limits::kAuditLineBytesMax - 512);  // The bound is reached.
    line.pop_back();
    BOOST_TEST(parse_line(line).has_value());
    const ordered_json json = ordered_json::parse(line);
    BOOST_TEST(json["path"].get<std::string>().ends_with(kCutMark));
    BOOST_TEST(json["device"].get<std::string>().ends_with(kCutMark));
  }
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_only_above_its_bound_and_keeps_its_beginning) {
  AuditRecord record;
  const std::string fits(128, 'd');
  record.device = fits;
  BOOST_TEST(parsed(record)["device"] == fits);
  const std::string above(129, 'd');
  record.device = above;
  BOOST_TEST(parsed(record)["device"] ==
             above.substr(0, 128 - kCutMark.size()) + std::string(kCutMark));
  // Whole characters stay whole, and one that does not fit is left out.
  std::string euros;
  while (euros.size() < 200) euros += "\xe2\x82\xac";
  record.device = euros;
  BOOST_TEST(parsed(record)["device"] == euros.substr(0, 120) + std::string(kCutMark));
}

BOOST_AUTO_TEST_CASE(a_gateway_name_beyond_the_envelope_does_not_fit) {
  BOOST_TEST(Envelope("press-hall-3").fits());
  BOOST_TEST(!Envelope(std::string(limits::kAuditEnvelopeBytesMax, 'g')).fits());
}

BOOST_AUTO_TEST_CASE(a_line_parses_back_to_its_number_time_and_hash) {
  std::string members, text;
  append_fields(members, full_record());
  Hash hash{};
  hash[0] = 0xab;
  hash[31] = 1;
  Envelope("g").append_line(text, kLastSeq, members, hash);
  text.pop_back();
  const auto line = parse_line(text);
  BOOST_REQUIRE(line.has_value());
  BOOST_TEST(line->seq == kLastSeq);
  BOOST_TEST(line->time == "2026-11-22T10:33:34.123Z");
  BOOST_TEST((line->prev == hash));
  for (std::size_t len = 0; len < text.size(); ++len) {
    BOOST_REQUIRE(!parse_line(std::string_view(text).substr(0, len)).has_value());
  }
  BOOST_TEST(!parse_line(text + " ").has_value());
}

// Goal: everything ambiguous is refused. Method: one good line, one thing changed at a time.
BOOST_AUTO_TEST_CASE(a_line_that_the_writer_would_not_write_is_no_record) {
  const std::string good = line_of(full_record());
  BOOST_REQUIRE(parse_line(good).has_value());
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string line = good;
    const std::size_t at = line.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
    return line.replace(at, from.size(), to);
  };
  const std::pair<const char*, const char*> refused[] = {
      {R"("v":1)", R"("v":2)"},
      {R"("v":1)", R"("v":"1")"},
      {R"("v":1)", R"("v":1,"v":1)"},
      {R"("v":1,)", ""},
      {R"("seq":1)", R"("seq":01)"},
      {R"("seq":1)", R"("seq":-1)"},
      {R"("seq":1)", R"("seq":1.0)"},
      {R"("seq":1)", R"("seq":1e0)"},
      {R"("seq":1)", R"("seq":18446744073709551616)"},
      {R"("seq":1)", R"("seq":)"},
      {R"("seq":1)", R"("seq":null)"},
      {R"("seq":1)", R"("seq": 1)"},
      {R"("seq":1)", R"("seq":1,"s\u0065q":2)"},
      {R"("seq":1)", R"("seq":1,"seq":2)"},
      {R"("time":")", R"("time":"1)"},
      {R"("event":"operation",)", ""},
      {R"("device":"x")", R"("device":7)"},
      {R"("device":"x")", R"("device":["x"])"},
      {R"("device":"x")", R"("device":{})"},
      {R"("device":"x")", R"("device":"\n")"},
      {R"("device":"x")", R"("device":"\u0100")"},
      {R"("device":"x")", R"("device":"\u00FF")"},
      {R"("device":"x")", R"("device":"\)"},
      {R"("device":"x")", "\"device\":\"\t\""},
      {R"("device":"x")", "\"device\":\"\xff\""},
      {R"("device":"x")", R"("device":"x",)"},
      {R"("checkpoint":null)", R"("checkpoint":0)"},
      {R"("prev":")", R"("prev":"0)"},
      {R"("prev":"0)", R"("prev":"A)"},
      {R"("prev":"0)", R"("prev":"g)"},
      {R"("prev":"0)", R"("prev":")"},
  };
  for (const auto& [from, to] : refused) BOOST_TEST(!parse_line(changed(from, to)).has_value(), to);
  const char* accepted[] = {R"("device":"\u00ff\"\\")", R"("device":"x","new":true,"more":null)",
                            R"("device":"x","new":18446744073709551615,"more":"")"};
  for (const char* to : accepted) {
    BOOST_TEST(parse_line(changed(R"("device":"x")", to)).has_value(), to);
  }
}

BOOST_AUTO_TEST_SUITE_END()
