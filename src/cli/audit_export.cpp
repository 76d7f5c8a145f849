// interlock audit export: the records of the trail for other programs: JSON lines as they stand in
// the log, or a table for a spreadsheet.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <sys/stat.h>

#include "audit/format.h"
#include "audit/log_files.h"
#include "cli/audit_log.h"

namespace interlock::cli {
namespace {

// A cell by RFC 4180. Spreadsheets take for a formula what begins with one of = + - @, a tab or a
// carriage return, and run it: such a text gets an apostrophe before it, which they do not show.
void append_cell(std::string& row, std::string_view text) {
  constexpr std::string_view kFormulas = "=+-@\t\r";
  row += '"';
  if (!text.empty() && kFormulas.find(text[0]) != std::string_view::npos) row += '\'';
  for (const char c : text) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

std::string header() {
  std::string row;
  for (const audit::Field& each : audit::fields()) {
    if (!row.empty()) row += ',';
    row += each.name;
  }
  return row + "\r\n";
}

// Numbers stand bare, so that they sort as numbers; all other texts as what they stand for, but for
// controls and bytes that are no characters, which keep the log's escapes.
std::string row_of(const audit::Entry& record) {
  std::string row;
  for (const audit::Field& each : audit::fields()) {
    if (&each != audit::fields().data()) row += ',';
    const std::string_view written = record.written(each.name);
    if (each.type == audit::FieldType::kInteger) {
      row += written;
    } else if (!written.empty()) {
      append_cell(row, readable(written));
    }
  }
  return row + "\r\n";
}

// Output is standard output, or a file that takes its name when all of it is there.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {}
  ~Output() {
    if (file_) static_cast<void>(std::remove(part().c_str()));
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Both return an errno, or 0.
  int open() {
    if (path_.empty()) return 0;
    // What is on record is for those who may read the log.
    const mode_t before = umask(0037);
    file_.reset(std::fopen(part().c_str(), "we"));
    umask(before);
    return file_ ? 0 : errno;
  }
  int finish() {
    if (std::fflush(stream()) != 0) return errno;
    if (path_.empty()) return 0;
    if (std::fclose(file_.release()) != 0 || std::rename(part().c_str(), path_.c_str()) != 0) {
      const int error = errno;
      static_cast<void>(std::remove(part().c_str()));
      return error;
    }
    return 0;
  }

  [[nodiscard]] bool put(std::string_view text) const {
    return std::fwrite(text.data(), 1, text.size(), stream()) == text.size();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
  };
  [[nodiscard]] std::string part() const { return path_ + ".part"; }
  [[nodiscard]] std::FILE* stream() const { return path_.empty() ? stdout : file_.get(); }

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

// The trail's writer would go on in a file that has no name any more.
bool is_of_log(const std::string& log, const std::string& output) {
  const auto files = audit::log_files(log);
  return files && !output.empty() &&
         std::any_of(files->begin(), files->end(), [&](const audit::LogFile& each) {
           return audit::same_file(each.path, output);
         });
}

int complain(const std::string& output, int error) {
  fmt::print(stderr, "interlock audit export: cannot write {}: {}\n",
             output.empty() ? "the output" : output, strerrordesc_np(error));
  return kExitError;
}

}  // namespace

int audit_export(const AuditExportOptions& options) {
  const auto filter = filter_of("export", options.filter);
  if (!filter) return kExitError;
  const auto file = audit_file_named("export", options.file, options.config);
  if (!file) return kExitError;
  if (is_of_log(*file, options.output)) {
    fmt::print(stderr, "interlock audit export: {} is a file of the audit trail itself\n",
               options.output);
    return kExitError;
  }
  Output output(options.output);
  if (const int error = output.open(); error != 0) return complain(options.output, error);

  const bool csv = options.format == "csv";
  DamageReport damage(*file);
  std::size_t num_found = 0;
  bool written = !csv || output.put(header());
  const Status read = audit::read_log(*file, *filter, [&](const audit::Entry& entry) {
    if (!entry.is_record) damage.note(entry);
    if (filter->matches(entry)) {
      ++num_found;
      written = output.put(csv ? row_of(entry) : shown(entry, true));
    }
    return written;
  });
  if (!read) return complain_of_log("export", *file, read.error());
  if (!written) return complain(options.output, errno);
  if (const int error = output.finish(); error != 0) return complain(options.output, error);
  damage.finish();
  if (num_found > 0) return kExitOk;
  fmt::print(stderr, "{}: no record answers to that\n", *file);
  return kExitFailed;
}

}  // namespace interlock::cli
