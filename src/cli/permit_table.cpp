#include "cli/permit_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "policy/describe.h"
#include "policy/units.h"

namespace interlock::cli {
namespace {

// name, methods, path, body, rate, service. The service comes last: it alone may be of any width.
using Row = std::array<std::string, 6>;
// One long path must not push the others' columns off the screen.
constexpr std::size_t kColumnMax = 56;

Row row_of(const policy::Permit& permit) {
  std::string body =
      permit.body_bytes_max == 0 ? "none" : policy::format_size(permit.body_bytes_max);
  if (!permit.content_types.empty()) {
    body += fmt::format(" {}", fmt::join(permit.content_types, "|"));
  }
  if (!permit.upgrade.empty()) body += fmt::format(" or {}", permit.upgrade);
  return {permit.name,
          fmt::format("{}", fmt::join(permit.methods, "|")),
          policy::path_text(permit),
          std::move(body),
          permit.rate ? policy::rate_text(*permit.rate) : "-",
          fmt::format("{} at {}", permit.service->name, permit.service->authority())};
}

std::string table_of(const policy::Function& function) {
  std::vector<Row> rows = {{"permit", "methods", "path", "body up to", "rate", "service"}};
  for (const policy::Permit& permit : function.permits) rows.push_back(row_of(permit));
  std::array<std::size_t, std::tuple_size_v<Row> - 1> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(row[i].size(), kColumnMax));
    }
  }
  std::string out;
  for (const Row& row : rows) {
    out += "  ";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      out += fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    out += row.back() + "\n";
  }
  return out;
}

void write_permit(JsonWriter& json, const policy::Permit& permit) {
  json.begin_object().member("name", permit.name).key("methods").begin_array();
  for (const std::string& method : permit.methods) json.value(method);
  json.end_array();
  json.member(permit.regex.empty() ? "path" : "path_regex",
              permit.regex.empty() ? permit.path : permit.regex);
  json.member("max_body_bytes", permit.body_bytes_max).key("content_types").begin_array();
  for (const std::string& type : permit.content_types) json.value(type);
  json.end_array();
  if (!permit.upgrade.empty()) json.member("upgrade", permit.upgrade);
  if (permit.rate) {
    json.key("rate").begin_object();
    json.member("limit", std::uint64_t{permit.rate->limit}).member("per_ms", permit.rate->per.ms);
    json.member("burst", std::uint64_t{permit.rate->burst}).end_object();
  }
  json.member("service", permit.service->name);
  json.member("endpoint", permit.service->authority()).end_object();
}

}  // namespace

std::string permit_table(const policy::Snapshot& snapshot) {
  std::string out;
  for (const auto& function : snapshot.functions) {
    out += fmt::format("\nfunction {}", function->name);
    if (function->min_assurance > 0) {
      out += fmt::format(" (assurance {} at least)", function->min_assurance);
    }
    out += "\n";
    out += function->permits.empty() ? "  may do nothing\n" : table_of(*function);
  }
  return out;
}

void write_functions(JsonWriter& json, const policy::Snapshot& snapshot) {
  json.begin_array();
  for (const auto& function : snapshot.functions) {
    json.begin_object().member("name", function->name);
    json.member("min_assurance", function->min_assurance).key("permits").begin_array();
    for (const policy::Permit& permit : function->permits) write_permit(json, permit);
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace interlock::cli
