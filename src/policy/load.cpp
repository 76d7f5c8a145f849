#include "policy/load.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"
#include "policy/compile.h"

namespace interlock::policy {
namespace {

std::string reason_of(const Error& error) {
  return error.sys != 0 ? fmt::format("{}: {}", error.what, errno_text(error.sys))
                        : std::string(error.what);
}

class Loader {
 public:
  Loader(const FileAccess& files, WallTime now, Loaded& result)
      : files_(files), result_(result), compiling_(files, now, result) {}

  void load(const std::string& path) {
    const auto text = files_.read(path, limits::kConfigFileBytesMax);
    if (!text) {
      result_.problems.push_back(
          {{path, 1, 1},
           fmt::format("cannot read the configuration: {}", reason_of(text.error())),
           "name it with --config FILE"});
      return;
    }
    parse(path, *text);
    if (!units_.empty()) read_includes();
    // Names that were not read would only look missing.
    if (!has_errors(result_.problems)) compile();
  }

  [[nodiscard]] std::size_t num_left_out() const { return compiling_.num_left_out(); }

 private:
  void parse(const std::string& path, const std::string& text) {
    auto parsed = parse_config(path, text, result_.problems);
    if (parsed) units_.push_back({path, std::move(*parsed)});
  }

  void read_includes() {
    const Unit& main = units_.front();      // units_ is a deque: the reference stays good.
    std::map<std::string, Position> paths;  // And where each is named.
    for (int i = 0; i < main.text.message.include_size(); ++i) {
      const Node* field = main.text.tree.root().field("include", static_cast<std::size_t>(i));
      const std::string path = resolve(main.file, field->value());
      std::vector<std::string> found = {path};
      if (path.find_first_of("*?[") != std::string::npos) {
        found = files_.glob(path);
        compiling_.remember_glob(path);
      }
      if (found.empty()) {
        compiling_.warning(field->value_at(), fmt::format("no file matches {}", quoted(path)),
                           "paths are relative to the file that names them");
      }
      for (const std::string& each : found) paths.emplace(each, field->value_at());
    }
    paths.erase(main.file);  // A pattern may match the file it stands in.
    if (paths.size() >= limits::kConfigFilesMax) {
      compiling_.error(main.text.tree.root().field("include")->value_at(),
                       fmt::format("{} files are included", paths.size()),
                       fmt::format("write fewer and longer files: at most {} are read",
                                   limits::kConfigFilesMax - 1));
      return;
    }
    for (const auto& [path, named_at] : paths) {
      const auto text = files_.read(path, limits::kConfigFileBytesMax);
      if (!text) {
        compiling_.error(
            named_at,
            fmt::format("cannot read the included file {}: {}", path, reason_of(text.error())),
            "paths are relative to the file that names them");
        continue;
      }
      parse(path, *text);
      if (units_.back().file != path) continue;
      if (const Node* again = units_.back().text.tree.root().field("include")) {
        compiling_.error(again->name_at(), "an included file cannot include others",
                         fmt::format("move this line to {}", main.file));
      }
    }
  }

  void compile() {
    for (const Unit& unit : units_) compiling_.remember(unit.file, unit.text.tree.source().text);
    for (const Unit& unit : units_) compiling_.compile_trusts(unit);
    compiling_.compile_settings(units_);
    for (const Unit& unit : units_) compiling_.compile_services(unit);
    for (const Unit& unit : units_) compiling_.compile_tiers(unit);
    for (const Unit& unit : units_) compiling_.compile_functions(unit);
    compiling_.compile_quarantine(units_);
    for (const Unit& unit : units_) compiling_.compile_listeners(unit);
    compiling_.compile_inventory();
    if (has_errors(result_.problems)) return;
    for (const Unit& unit : units_) compiling_.run_expects(unit);
    if (!has_errors(result_.problems)) result_.snapshot = compiling_.finish();
  }

  const FileAccess& files_;
  Loaded& result_;
  Compiling compiling_;
  std::deque<Unit> units_;  // The main file first.
};

}  // namespace

Loaded load(const std::string& path, const FileAccess& files, WallTime now) {
  Loaded result;
  Loader loader(files, now, result);
  loader.load(path);
  // The main file first, then the others; each from top to bottom.
  const auto place = [&](const Problem& each) {
    return std::tuple(each.at.file != path, std::string_view(each.at.file), each.at.line,
                      each.at.column);
  };
  std::stable_sort(result.problems.begin(), result.problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  if (loader.num_left_out() > 0) {
    result.problems.push_back({{path, 1, 1},
                               fmt::format("{} more problems are not shown", loader.num_left_out()),
                               "correct the ones shown first",
                               !has_errors(result.problems)});
  }
  return result;
}

namespace {

// The fields of a file as far as they can be read; nothing of what is wrong is told.
std::optional<TextTree> tree_of(const std::string& path, const FileAccess& files) {
  const auto text = files.read(path, limits::kConfigFileBytesMax);
  if (!text) return std::nullopt;
  std::vector<Problem> untold;
  Reporter report(path, untold);
  return TextTree::parse(*text, report);
}

}  // namespace

std::vector<std::string> configuration_files(const std::string& path, const FileAccess& files) {
  std::vector<std::string> paths = {path};
  const auto tree = tree_of(path, files);
  if (!tree) return paths;
  for (const Node& field : tree->root().fields()) {
    if (field.name() != "include") continue;
    const std::string included = resolve(path, field.value());
    if (included.find_first_of("*?[") == std::string::npos) {
      paths.push_back(included);
    } else {
      const std::vector<std::string> found = files.glob(included);
      paths.insert(paths.end(), found.begin(), found.end());
    }
  }
  std::sort(paths.begin() + 1, paths.end());
  paths.erase(std::unique(paths.begin() + 1, paths.end()), paths.end());
  paths.erase(std::remove(paths.begin() + 1, paths.end(), path), paths.end());
  return paths;
}

std::optional<std::string> audit_file_of(const std::string& path, const FileAccess& files) {
  for (const std::string& each : configuration_files(path, files)) {
    const auto tree = tree_of(each, files);
    const Node* audit = tree ? tree->root().field("audit") : nullptr;
    const Node* file = audit != nullptr ? audit->field("file") : nullptr;
    if (file != nullptr && !file->value().empty()) return resolve(each, file->value());
  }
  return std::nullopt;
}

}  // namespace interlock::policy
