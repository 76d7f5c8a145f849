#include "cli/denial.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include "audit/line.h"
#include "base/limits.h"

namespace interlock::cli {
namespace {

std::string text_of(const nlohmann::json& record, const char* name) {
  const auto at = record.find(name);
  return at != record.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Denial denial_of(std::string_view line, const nlohmann::json& record) {
  return {.line = std::string(line),
          .time = text_of(record, "time"),
          .event = text_of(record, "event"),
          .reason = text_of(record, "reason"),
          .detail = text_of(record, "detail"),
          .device = text_of(record, "device"),
          .peer = text_of(record, "peer"),
          .listener = text_of(record, "listener"),
          .method = text_of(record, "method"),
          .path = text_of(record, "path"),
          .permit = text_of(record, "permit"),
          .service = text_of(record, "service"),
          .policy = text_of(record, "policy")};
}

}  // namespace

bool is_denial_id(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<std::optional<Denial>> find_denial(const std::string& audit_file, std::string_view id) {
  std::ifstream in(audit_file, std::ios::binary);
  if (!in) return fail(Errc::kIo, Origin::kEnvironment, "cannot open the audit log", errno);
  std::array<char, limits::kAuditLineBytesMax + 1> buffer{};
  while (in.getline(buffer.data(), buffer.size()) || in.gcount() > 0) {
    if (in.fail() && !in.eof()) {  // Longer than any record: pass over the rest of it too.
      in.clear();
      in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      continue;
    }
    const std::string_view line(buffer.data());
    if (line.find(id) == std::string_view::npos || !audit::parse_line(line)) continue;
    const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_object() && text_of(record, "denial_id") == id) return denial_of(line, record);
  }
  if (in.bad()) return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log", errno);
  return std::optional<Denial>();
}

}  // namespace interlock::cli
