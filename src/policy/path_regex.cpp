#include "policy/path_regex.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>
#include <re2/set.h>

#include "wire/http1/target.h"

namespace interlock::policy {
namespace {

constexpr std::string_view kSimpler = "write a shorter one, or several permits, or path with *";

// A literal prefix this long tells any two expressions apart that people would tell apart.
constexpr int kRangeBytesMax = 256;

// Follows every path in the order of bytes: what follows "/".
constexpr std::string_view kBehindPaths = "0";

// Latin-1, so that one byte is one character: a canonical path has no others, and the programs are
// smaller. RE2 would log to stderr, and keep what parentheses matched; nobody reads either.
RE2::Options options(std::int64_t memory_max) {
  RE2::Options out(RE2::Latin1);
  out.set_log_errors(false);
  out.set_never_capture(true);
  out.set_max_mem(memory_max);
  return out;
}

// RE2 names the text that is at fault, not its place: often all of the rest.
std::size_t place_of(std::string_view fault, std::string_view text) {
  if (text.ends_with(fault)) return text.size() - fault.size();
  const std::size_t at = text.find(fault);
  return at == std::string_view::npos ? 0 : at;
}

tl::expected<void, PatternError> check_text(std::string_view text) {
  if (text.size() > limits::kPathRegexBytesMax) {
    return tl::unexpected(
        PatternError{limits::kPathRegexBytesMax,
                     fmt::format("a path_regex has at most {} bytes", limits::kPathRegexBytesMax),
                     std::string(kSimpler)});
  }
  const auto bad =
      std::find_if(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; });
  if (bad != text.end()) {
    return tl::unexpected(
        PatternError{static_cast<std::size_t>(bad - text.begin()), "no path has this character",
                     "write it as paths have it: a space is %20, and \u00e9 is %C3%A9"});
  }
  if (const std::size_t at = text.find("{device."); at != std::string_view::npos) {
    return tl::unexpected(PatternError{at, "a path_regex cannot hold values of the device",
                                       "use path, where {device.NAME}, * and ** may stand"});
  }
  return {};
}

// Mistakes that leave an expression without any path are told where they show in the text that all
// of its paths begin with; further in, they are not looked for.
tl::expected<void, PatternError> check_covers_paths(const PathRegex& regex) {
  if (regex.high() < "/" || regex.low() >= kBehindPaths) {
    return tl::unexpected(PatternError{0, "no path matches: paths begin with `/`",
                                       "write `/` first, as in /v1/[a-z]+"});
  }
  const std::string_view prefix = regex.prefix();
  const std::string_view whole = prefix.substr(0, prefix.rfind('/') + 1);
  if (whole.empty()) return {};
  const auto target = http1::parse_target(whole);
  if (!target) {
    return tl::unexpected(PatternError{
        0, std::string("no request can have this path: ") + target.error().what,
        "write plain names between single slashes, and escape only what must be escaped"});
  }
  if (target->has_query) {
    return tl::unexpected(PatternError{0, "a path_regex has no query",
                                       "leave out everything from `?`; queries are passed on"});
  }
  if (target->path != whole) {
    return tl::unexpected(PatternError{0, "the path is not in its normal form",
                                       fmt::format("write `{}` at its start", target->path)});
  }
  return {};
}

PatternError explain(const RE2& regex, std::string_view text) {
  if (regex.error_code() == RE2::ErrorPatternTooLarge) {
    return {0, "the path_regex is too costly", std::string(kSimpler)};
  }
  std::string_view what = regex.error();  // "missing ]: [a-z"
  if (!regex.error_arg().empty() && what.ends_with(regex.error_arg())) {
    what.remove_suffix(regex.error_arg().size() + std::string_view(": ").size());
  }
  return {place_of(regex.error_arg(), text), fmt::format("this is no regular expression: {}", what),
          regex.error_code() == RE2::ErrorRepeatSize
              ? "repeat at most 1000 times, multiplied where repetitions stand in each other"
              : "write RE2 syntax, such as /v1/[a-z]+/[0-9]{1,4}[.]csv (it has no look-around and "
                "no references back)"};
}

}  // namespace

struct PathRegex::Compiled {
  // A quarter of what a set may take is far more than kPathRegexProgramMax needs: RE2 gives up
  // early on what is beyond all measure.
  explicit Compiled(const std::string& text)
      : regex(text, options(limits::kPathRegexMemoryMax / 4)) {}
  RE2 regex;
};

tl::expected<PathRegex, PatternError> PathRegex::parse(std::string_view text) {
  if (auto good = check_text(text); !good) return tl::unexpected(good.error());
  PathRegex out;
  out.text_ = text;
  out.compiled_ = std::make_shared<const Compiled>(out.text_);
  const RE2& regex = out.compiled_->regex;
  if (!regex.ok()) return tl::unexpected(explain(regex, text));
  if (regex.ProgramSize() > limits::kPathRegexProgramMax) {
    return tl::unexpected(
        PatternError{0,
                     fmt::format("the path_regex is too costly: {} instructions, at most {}",
                                 regex.ProgramSize(), limits::kPathRegexProgramMax),
                     std::string(kSimpler)});
  }
  if (!regex.PossibleMatchRange(&out.low_, &out.high_, kRangeBytesMax)) {
    out.low_ = "/";
    out.high_ = kBehindPaths;
  }
  if (auto good = check_covers_paths(out); !good) return tl::unexpected(good.error());
  return out;
}

bool PathRegex::covers(std::string_view path) const {
  return RE2::FullMatch({path.data(), path.size()}, compiled_->regex);
}

std::string_view PathRegex::prefix() const {
  const auto differs = std::mismatch(low_.begin(), low_.end(), high_.begin(), high_.end());
  return {low_.begin(), differs.first};
}

struct RegexSet::Compiled {
  RE2::Set set;
};

RegexSet::RegexSet() = default;
RegexSet::RegexSet(RegexSet&&) noexcept = default;
RegexSet& RegexSet::operator=(RegexSet&&) noexcept = default;
RegexSet::~RegexSet() = default;

void RegexSet::add(const PathRegex& regex, std::uint32_t permit) {
  texts_.push_back(regex.text());
  permits_.push_back(permit);
}

bool RegexSet::compile(std::int64_t memory_max) {
  if (empty()) return true;
  auto made =
      std::make_unique<Compiled>(Compiled{.set = RE2::Set(options(memory_max), RE2::ANCHOR_BOTH)});
  for (const std::string& text : texts_) {
    if (made->set.Add(text, nullptr) < 0) return false;
  }
  texts_ = {};
  if (!made->set.Compile()) return false;
  compiled_ = std::move(made);
  return true;
}

bool RegexSet::match(std::string_view path, std::vector<std::uint32_t>& found) const {
  if (empty()) return true;
  if (compiled_ == nullptr) return false;
  std::vector<int> numbers;
  RE2::Set::ErrorInfo error{};
  if (!compiled_->set.Match({path.data(), path.size()}, &numbers, &error)) {
    return error.kind == RE2::Set::kNoError;
  }
  for (const int number : numbers) found.push_back(permits_[static_cast<std::size_t>(number)]);
  return true;
}

}  // namespace interlock::policy
