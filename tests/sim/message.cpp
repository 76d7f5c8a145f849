#include "sim/message.h"

#include <charconv>

#include "base/text.h"

namespace interlock::sim {
namespace {

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

// Reads chunks; `used` is set once the last one has come.
std::string read_chunks(std::string_view text, std::optional<std::size_t>& used) {
  std::string body;
  std::size_t at = 0;
  for (;;) {
    const std::size_t line_end = text.find("\r\n", at);
    if (line_end == std::string_view::npos) return body;
    const std::size_t len = number(text.substr(at, line_end - at), 16);
    const std::string_view data = text.substr(line_end + 2);
    if (len == 0) {
      if (data.starts_with("\r\n")) used = line_end + 4;
      return body;
    }
    body += data.substr(0, len);
    if (data.size() < len + 2) return body;
    at = line_end + 2 + len + 2;
  }
}

}  // namespace

std::string Message::field(std::string_view name) const {
  std::size_t at = 0;
  while ((at = head.find("\r\n", at)) != std::string::npos) {
    at += 2;
    const std::size_t colon = head.find(": ", at);
    if (colon == std::string::npos) break;
    if (equals_ignoring_case(std::string_view(head).substr(at, colon - at), name))
      return head.substr(colon + 2, head.find("\r\n", colon) - colon - 2);
  }
  return {};
}

std::size_t Message::num_fields(std::string_view name) const {
  const std::string lower = to_lower(head);
  const std::string line = "\r\n" + to_lower(name) + ":";
  std::size_t count = 0;
  for (std::size_t at = lower.find(line); at != std::string::npos; at = lower.find(line, at + 1))
    ++count;
  return count;
}

int Message::status() const {
  return static_cast<int>(number(std::string_view(first_line).substr(9, 3), 10));
}

std::string Message::method() const { return first_line.substr(0, first_line.find(' ')); }

std::string Message::target() const {
  const std::size_t at = first_line.find(' ') + 1;
  return first_line.substr(at, first_line.find(' ', at) - at);
}

bool Message::is_problem() const { return field("Content-Type") == "application/problem+json"; }

std::string Message::member(std::string_view name) const {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t at = body.find(key);
  if (at == std::string::npos) return {};
  return body.substr(at + key.size(), body.find('"', at + key.size()) - at - key.size());
}

std::optional<Message> take_message(std::string_view& text, Kind kind, bool ended) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return {};
  Message message;
  message.head = text.substr(0, head_end + 4);
  message.first_line = text.substr(0, text.find("\r\n"));
  const std::string_view rest = text.substr(head_end + 4);

  std::optional<std::size_t> used;
  const bool answer = kind != Kind::kRequest;
  const int status = answer ? message.status() : 0;
  if (kind == Kind::kAnswerToHead || (answer && (status < 200 || status == 204 || status == 304))) {
    used = 0;
  } else if (message.num_fields("Transfer-Encoding") > 0) {
    message.body = read_chunks(rest, used);
  } else if (message.num_fields("Content-Length") > 0) {
    const std::size_t len = number(message.field("Content-Length"), 10);
    message.body = rest.substr(0, len);
    if (rest.size() >= len) used = len;
  } else if (answer) {
    message.body = rest;
    if (ended) used = rest.size();
  } else {
    used = 0;
  }
  message.whole = used.has_value();
  if (message.num_fields("Transfer-Encoding") == 0) {
    message.whole_len = message.head.size() + number(message.field("Content-Length"), 10);
  }
  if (used) text.remove_prefix(message.head.size() + *used);
  return message;
}

}  // namespace interlock::sim
