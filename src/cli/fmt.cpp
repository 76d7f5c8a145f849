// interlock fmt: lays out configuration files, or says which are not laid out.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/commands.h"
#include "control/configuration.h"
#include "files/posix_files.h"
#include "files/replace_file.h"
#include "policy/text_format.h"

namespace interlock::cli {
namespace {

void complain(const std::string& path, const Error& error) {
  fmt::print(stderr, "interlock fmt: {}: {}{}{}\n", path, error.what, error.sys != 0 ? ": " : "",
             error.sys != 0 ? errno_text(error.sys) : "");
}

// The text laid out; nothing, and complaints on stderr, where its form is wrong.
std::optional<std::string> lay_out(const std::string& name, const std::string& text) {
  std::vector<policy::Problem> problems;
  auto formatted = policy::format_text(name, text, problems);
  for (const policy::Problem& problem : problems) {
    fmt::print(stderr, "{}\n", policy::to_string(problem));
  }
  return formatted;
}

int format_stdin() {
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  const auto formatted = lay_out("(standard input)", text);
  if (!formatted) return kExitError;
  fmt::print("{}", *formatted);
  return kExitOk;
}

// The first line that is laid out otherwise.
std::size_t first_difference(std::string_view before, std::string_view after) {
  std::size_t line = 1;
  for (std::size_t at = 0; at < before.size() && at < after.size() && before[at] == after[at];
       ++at) {
    line += before[at] == '\n';
  }
  return line;
}

int format_file(port::Files& files, const std::string& path, bool only_check) {
  const auto text = files.read(path, limits::kConfigFileBytesMax);
  if (!text) {
    complain(path, text.error());
    return kExitError;
  }
  const auto formatted = lay_out(path, *text);
  if (!formatted) return kExitError;
  if (*formatted == *text) return kExitOk;
  if (only_check) {
    fmt::print("{}:{}: would be laid out anew\n", path, first_difference(*text, *formatted));
    return kExitFailed;
  }
  if (const Status replaced = files::replace_file(path, *formatted); !replaced) {
    complain(path, replaced.error());
    return kExitError;
  }
  fmt::print("{}: laid out anew\n", path);
  return kExitOk;
}

}  // namespace

int format_files(const FormatOptions& options) {
  if (options.files == std::vector<std::string>{"-"}) return format_stdin();
  files::PosixFiles files;
  const std::vector<std::string> paths =
      options.files.empty() ? control::configuration_files(files, options.config) : options.files;
  int code = kExitOk;
  for (const std::string& path : paths) {
    code = std::max(code, format_file(files, path, options.check));
  }
  return code;
}

}  // namespace interlock::cli
