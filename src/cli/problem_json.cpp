#include "cli/problem_json.h"

namespace interlock::cli {

void write_problems(JsonWriter& json, std::span<const policy::Problem> problems) {
  json.begin_array();
  for (const policy::Problem& problem : problems) {
    json.begin_object().member("file", problem.at.file).member("line", problem.at.line);
    json.member("column", problem.at.column)
        .member("severity", problem.warning ? "warning" : "error");
    json.member("message", problem.message).member("hint", problem.hint).end_object();
  }
  json.end_array();
}

}  // namespace interlock::cli
