// Reads HTTP messages as a plain client or service would: by an independent reader, which knows
// only what the gateway may write.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interlock::sim {

struct Message {
  std::string first_line;
  std::string head;  // With the empty line.
  std::string body;  // Without its framing.
  bool whole = false;
  std::size_t whole_len = 0;  // With its head, where it was announced; else 0.

  // field returns the value of a field, "" where it is missing; names are compared without case.
  [[nodiscard]] std::string field(std::string_view name) const;
  [[nodiscard]] std::size_t num_fields(std::string_view name) const;
  [[nodiscard]] int status() const;          // Of an answer.
  [[nodiscard]] std::string method() const;  // Of a request.
  [[nodiscard]] std::string target() const;
  // is_problem is true for the gateway's own answers; those to HEAD have no body that says why.
  [[nodiscard]] bool is_problem() const;
  // member returns a string member of a JSON body, such as "reason".
  [[nodiscard]] std::string member(std::string_view name) const;
};

// take_message cuts one message off the front of `text`; nothing while its head is incomplete. A
// body that is not all there yet is returned as far as it goes, `text` is then left alone, and
// `whole` is false. Without a length, an answer's body is everything up to the end: `ended` says
// that this has come.
enum class Kind : std::uint8_t { kRequest, kAnswer, kAnswerToHead };
std::optional<Message> take_message(std::string_view& text, Kind kind, bool ended);

}  // namespace interlock::sim
