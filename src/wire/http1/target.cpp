#include "wire/http1/target.h"

#include <algorithm>
#include <cstddef>

#include "base/limits.h"
#include "base/text.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

// Services on systems with best-fit code pages turn these into "." "/" "\" or another ASCII mark.
bool folds_to_ascii(std::string_view utf8) {
  constexpr std::string_view kDotsAndSlashes[] = {"\u2024", "\u2044", "\u2215", "\u2216"};
  const bool full_width = utf8 >= "\uff01" && utf8 <= "\uff5e";
  return full_width || std::find(std::begin(kDotsAndSlashes), std::end(kDotsAndSlashes), utf8) !=
                           std::end(kDotsAndSlashes);
}

bool is_c1_control(std::string_view utf8) { return utf8 >= "\u0080" && utf8 <= "\u009f"; }

void append_escape(std::string& out, char octet) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(octet);
  out += {'%', kDigits[value >> 4], kDigits[value & 15]};
}

// PathReader copies a path into its canonical form in one pass.
class PathReader {
 public:
  PathReader(std::string_view raw, std::string& out) : rest_(raw), out_(out) {}

  Parsed<Ok> read() {
    out_.clear();
    if (rest_.substr(0, 1) != "/") return malformed("The request target is not a path");
    while (!rest_.empty()) {
      const std::size_t plain = run_end(kPathChar, rest_);
      out_ += rest_.substr(0, plain);
      rest_.remove_prefix(plain);
      if (rest_.empty()) break;
      IL_TRY(read_special());
    }
    // An empty last segment is a trailing slash, or the root.
    return segment().empty() ? Parsed<Ok>(Ok{}) : check_segment();
  }

 private:
  [[nodiscard]] std::string_view segment() const {
    return std::string_view(out_).substr(segment_at_);
  }

  Parsed<Ok> read_special() {
    const char c = rest_[0];
    if (c == '/') return read_slash();
    if (c == '%') return read_escape();
    if (c == ';') return ambiguous("The path has parameters (;), which some services cut off");
    if (c == '\\') {
      return ambiguous("The path has a backslash, which some services take for a slash");
    }
    if (c == '#') return malformed("The request target has a fragment (#)");
    return malformed("The path has a character that must be percent-encoded");
  }

  Parsed<Ok> read_slash() {
    if (num_slashes_ > 0) {
      IL_TRY(check_segment());
    }
    if (++num_slashes_ > limits::kHttpPathSegmentsMax) {
      return too_large("The path has too many segments", 414);
    }
    out_ += '/';
    rest_.remove_prefix(1);
    segment_at_ = out_.size();
    return Ok{};
  }

  Parsed<Ok> check_segment() {
    const std::string_view name = segment();
    if (name.empty()) return ambiguous("The path has an empty segment (//)");
    if (name == "." || name == "..") return ambiguous("The path has a dot segment (. or ..)");
    if (name.back() == '.' || name.ends_with("%20")) {
      return ambiguous("A path segment ends in a dot or space, which some services cut off");
    }
    return Ok{};
  }

  Parsed<Ok> read_escape() {
    const int octet = escaped_octet(rest_);
    if (octet < 0) return malformed("The path has a percent sign without two hexadecimal digits");
    if (octet >= 0x80) return read_escaped_utf8();
    const char c = static_cast<char>(octet);
    if (octet < 0x20 || octet == 0x7f) {
      return malformed("The path has an encoded control character");
    }
    if (c == '/' || c == '\\') return ambiguous("The path has an encoded slash or backslash");
    if (c == '%') return ambiguous("The path is percent-encoded twice");
    if (c == ';') return ambiguous("The path has encoded parameters (%3B)");
    if (is(kUnreservedChar, c)) {
      out_ += c;
    } else {
      append_escape(out_, c);
    }
    rest_.remove_prefix(3);
    return Ok{};
  }

  Parsed<Ok> read_escaped_utf8() {
    char octets[4];
    std::size_t num_octets = 0;
    while (num_octets < sizeof octets) {
      const int octet = escaped_octet(rest_.substr(std::min(3 * num_octets, rest_.size())));
      if (octet < 0) break;
      octets[num_octets++] = static_cast<char>(octet);
    }
    const std::string_view utf8(octets, utf8_sequence_len({octets, num_octets}));
    if (utf8.empty()) return ambiguous("The path has octets that are not valid UTF-8");
    if (is_c1_control(utf8)) return malformed("The path has an encoded control character");
    if (folds_to_ascii(utf8)) {
      return ambiguous("The path has a letter that some services take for ASCII punctuation");
    }
    for (const char octet : utf8) append_escape(out_, octet);
    rest_.remove_prefix(3 * utf8.size());
    return Ok{};
  }

  std::string_view rest_;
  std::string& out_;
  std::size_t segment_at_ = 0;  // In out_, behind the last slash.
  std::size_t num_slashes_ = 0;
};

Parsed<Ok> check_query(std::string_view query) {
  for (std::size_t at = 0; (at = run_end(kQueryChar, query, at)) < query.size(); at += 3) {
    if (query[at] == '#') return malformed("The request target has a fragment (#)");
    if (query[at] != '%') {
      return malformed("The query has a character that must be percent-encoded");
    }
    if (escaped_octet(query.substr(at)) < 0) {
      return malformed("The query has a percent sign without two hexadecimal digits");
    }
  }
  return Ok{};
}

}  // namespace

Parsed<Ok> parse_target_into(std::string_view raw, Target& target) {
  if (raw.size() > limits::kHttpTargetBytesMax) {
    return too_large("The request target is too long", 414);
  }
  const std::size_t mark = raw.find('?');
  IL_TRY(PathReader(raw.substr(0, mark), target.path).read());
  target.has_query = mark != std::string_view::npos;
  target.query = target.has_query ? raw.substr(mark + 1) : std::string_view();
  return check_query(target.query);
}

Parsed<Target> parse_target(std::string_view raw) {
  Target target;
  IL_TRY(parse_target_into(raw, target));
  return target;
}

}  // namespace interlock::http1
