// Can the bytes of an audit log hurt us? Any line is refused or is exactly what another JSON parser
// reads; any log, in any pieces, gets the same report.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "audit/line.h"
#include "audit/reader.h"
#include "base/hex.h"

using namespace interlock;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_line(std::string_view text) {
  const auto line = audit::parse_line(text);
  if (!line) return;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  require(json.is_object());
  require(json.at("v") == 1);
  require(json.at("seq") == line->seq);
  require(json.at("prev") == to_hex(line->prev));
}

bool equal(const audit::VerifyReport& a, const audit::VerifyReport& b) {
  const auto same_break = [&] {
    return a.first_break->kind == b.first_break->kind && a.first_break->line == b.first_break->line;
  };
  return a.num_records == b.num_records && a.last_seq == b.last_seq && a.last_time == b.last_time &&
         a.first_break.has_value() == b.first_break.has_value() && (!a.first_break || same_break());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  check_line(text.substr(0, text.find('\n')));
  audit::Verifier whole;
  whole.feed(text);
  audit::Verifier bytewise;
  for (std::size_t i = 0; i < size; ++i) bytewise.feed(text.substr(i, 1));
  require(equal(whole.finish(), bytewise.finish()));
  return 0;
}
