// The part of a head that requests and responses share: its lines, its fields, and what the fields
// say about framing and persistence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "wire/http1/lines.h"
#include "wire/http1/message.h"
#include "wire/http1/refusal.h"

namespace interlock::http1 {

// Slice is a piece of a head by offset: the caller's buffer may move while the head is incomplete.
struct Slice {
  std::uint16_t at = 0;
  std::uint16_t len = 0;

  static Slice of(std::string_view part, std::string_view input) {
    return {static_cast<std::uint16_t>(part.data() - input.data()),
            static_cast<std::uint16_t>(part.size())};
  }
  [[nodiscard]] std::string_view in(std::string_view input) const { return input.substr(at, len); }
};
static_assert(limits::kHttpHeadBytesMax <= UINT16_MAX);

// HeadReader collects one head. Both of its lists keep their memory from one head to the next.
class HeadReader {
 public:
  // next_line returns the head's next line, nothing while it is incomplete. At most
  // kHttpHeadBytesMax; beyond, 431, or 414 where even the first line does not end.
  Parsed<std::optional<std::string_view>> next_line(std::string_view input);

  // add_field parses a line that next_line has just returned. At most kHttpFieldsMax.
  Parsed<Ok> add_field(std::string_view line, std::string_view input);

  // fields returns the views of all fields, valid until the next call or until `input` moves.
  std::span<const Field> fields(std::string_view input);

  // size returns how many bytes of the input the lines so far take up.
  [[nodiscard]] std::size_t size() const { return lines_.end(); }

  void reset();

  // rest gives back their memory. Only between two heads.
  void rest() {
    std::vector<FieldAt>().swap(fields_at_);
    std::vector<Field>().swap(fields_);
  }

 private:
  struct FieldAt {
    Slice name, value;
  };
  LineReader lines_;
  std::vector<FieldAt> fields_at_;
  std::vector<Field> fields_;
};

// HeadFacts is what the fields of a head say together. The optionals hold what was sent, once.
struct HeadFacts {
  std::optional<std::string_view> host = {};
  std::optional<std::string_view> content_type = {};
  std::optional<std::string_view> expect = {};
  std::optional<std::string_view> max_forwards = {};
  std::optional<std::uint64_t> content_length = {};
  std::string_view upgrade =
      {};  // What Upgrade asks for, where Connection names it and HTTP is 1.1.
  bool chunked = false;
  bool keep_alive = false;  // By version and Connection (RFC 9112, section 9.3).
};

// read_facts refuses what RFC 9112 (sections 3.2, 6.1, 6.3) leaves open: a second Host,
// Content-Length, Content-Type, Expect, Max-Forwards or Transfer-Encoding, both kinds of framing, a
// coding other than exactly "chunked", a length that is not plainly a number, a Connection field
// that names what must not be lost, and these fields in another spelling. `minor_version` is 0
// or 1.
Parsed<HeadFacts> read_facts(std::span<const Field> fields, int minor_version);

}  // namespace interlock::http1
