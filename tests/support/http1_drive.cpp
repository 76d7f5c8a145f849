#include "support/http1_drive.h"

#include <algorithm>

#include "base/result.h"
#include "wire/http1/grammar.h"

namespace interlock::http1::testing {
namespace {

const char* name_of(Errc code) {
  switch (code) {
    case Errc::kTruncated:
      return "truncated";
    case Errc::kMalformed:
      return "malformed";
    case Errc::kLimit:
      return "limit";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kClosed:
      return "closed";
    case Errc::kTimeout:
    case Errc::kIo:
    case Errc::kCrypto:
    case Errc::kState:
      break;
  }
  return "unexpected";
}

// Without src/model: a fuzzer links the codec alone.
const char* name_of(Reason reason) {
  if (reason == Reason::malformed) return "malformed";
  if (reason == Reason::ambiguous_request) return "ambiguous_request";
  return reason == Reason::too_large ? "too_large" : "unexpected";
}

std::string framing_of(Framing framing, std::uint64_t length) {
  switch (framing) {
    case Framing::kNone:
      return " no-body";
    case Framing::kLength:
      return " length=" + std::to_string(length);
    case Framing::kChunked:
      return " chunked";
    case Framing::kUntilClose:
      return " until-close";
  }
  return "";
}

// Writes events as lines. The wording is the vectors' language: see tests/vectors/http1/README.
class Writer {
 public:
  explicit Writer(Transcript& transcript) : transcript_(transcript) {}

  void operator()(NeedMore) {}

  void operator()(const RequestHead& head) {
    std::string line = "head " + escape(head.method) + ' ' + escape(head.path);
    if (head.has_query) line += '?' + escape(head.query);
    line += " host=" + escape(head.host) + framing_of(head.framing, head.content_length);
    if (!head.content_type.empty()) line += " type=" + escape(head.content_type);
    if (head.expect_continue) line += " expect";
    if (!head.upgrade.empty()) line += " upgrade=" + escape(head.upgrade);
    if (head.minor_version == 0) line += " 1.0";
    add(line + (head.keep_alive ? " keep-alive" : " close"));
    fields(head.fields);
  }

  void operator()(const ResponseHead& head) {
    std::string line = head.interim ? "interim " : "head ";
    line += std::to_string(head.status) + framing_of(head.framing, head.content_length.value_or(0));
    if (head.framing == Framing::kNone && head.content_length) {
      line += " announced=" + std::to_string(*head.content_length);
    }
    if (!head.upgrade.empty()) line += " upgrade=" + escape(head.upgrade);
    line += head.keep_alive ? " keep-alive" : " close";
    add(line + (head.reason.empty() ? "" : " reason=" + escape(head.reason)));
    fields(head.fields);
  }

  void operator()(const BodyBytes& body) {
    if (body.bytes.empty()) add("empty body piece: the decoder must not do this");
    if (!in_body_) add("body ");
    transcript_.lines.back() += escape(body.bytes);
    in_body_ = true;
  }

  void operator()(MessageEnd) { add("end"); }

  void operator()(const Refusal& refusal) {
    add(std::string("refuse ") + name_of(refusal.reason) + ' ' + std::to_string(refusal.status));
  }

  void operator()(const Error& error) {
    add(std::string(error.origin == Origin::kService ? "error " : "error of another origin ") +
        name_of(error.code));
  }

 private:
  void add(std::string line) {
    transcript_.lines.push_back(std::move(line));
    in_body_ = false;
  }
  void fields(std::span<const Field> list) {
    for (const Field& field : list) {
      add("field " + escape(field.name) + ": " + escape(field.value));
    }
  }

  Transcript& transcript_;
  bool in_body_ = false;
};

template <class Decoder>
Transcript drive_any(Decoder& decoder, std::span<const std::string_view> pieces, bool eof) {
  Transcript transcript;
  Writer writer(transcript);
  std::string pending;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pending += pieces[i];
    const bool at_end = eof && i + 1 == pieces.size();
    for (bool more = true; more;) {
      const std::vector<char> exact(pending.begin(), pending.end());
      const std::string_view input(exact.data(), exact.size());
      const auto decoded = decoder.decode(input, at_end);
      if (!decoded) {
        writer(decoded.error());
        transcript.consumed = 0;
        const auto again = decoder.decode(input, at_end);
        IL_ASSERT(!again && again.error().what == decoded.error().what);
        return transcript;
      }
      IL_ASSERT(decoded->consumed <= input.size());
      std::visit(writer, decoded->event);
      transcript.consumed += decoded->consumed;
      pending.erase(0, decoded->consumed);
      more = !std::holds_alternative<NeedMore>(decoded->event);
    }
  }
  return transcript;
}

}  // namespace

std::string escape(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\\') {
      out += "\\\\";
    } else if (octet < 0x20 || octet >= 0x7f) {
      out += {'\\', 'x', kDigits[octet >> 4], kDigits[octet & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    IL_ASSERT(++i < text.size());
    switch (text[i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '\\':
        out += '\\';
        break;
      case 'x':
        IL_ASSERT(i + 2 < text.size());
        out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
        i += 2;
        break;
      default:
        IL_ASSERT(false);
    }
  }
  return out;
}

Transcript drive(RequestDecoder& decoder, std::span<const std::string_view> pieces, bool eof) {
  return drive_any(decoder, pieces, eof);
}

Transcript drive(ResponseScript& decoder, std::span<const std::string_view> pieces, bool eof) {
  return drive_any(decoder, pieces, eof);
}

std::vector<std::string_view> in_bytes(std::string_view input) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < input.size(); ++i) pieces.push_back(input.substr(i, 1));
  return pieces.empty() ? std::vector<std::string_view>{input} : pieces;
}

std::vector<std::string_view> split_at(std::string_view input, std::size_t at) {
  return {input.substr(0, at), input.substr(at)};
}

}  // namespace interlock::http1::testing
