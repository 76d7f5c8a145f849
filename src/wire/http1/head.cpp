#include "wire/http1/head.h"

#include "base/text.h"
#include "wire/http1/fields.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

constexpr Refusal kHeadTooLarge{Reason::too_large, 431, "The head of the message is too large"};
constexpr Refusal kFirstLineTooLong{Reason::too_large, 414,
                                    "The first line of the message is too long"};

// What stands for an Upgrade that does not name one protocol: a list, and so never a protocol.
constexpr std::string_view kSeveralProtocols = ",";

// FactsReader looks at each field once; the rules that need the whole head come last.
class FactsReader {
 public:
  explicit FactsReader(int minor_version) : minor_version_(minor_version) {}

  Parsed<Ok> read(const Field& field) {
    switch (field.traits.id) {
      case FieldId::kOther:
        return Ok{};
      case FieldId::kConnection:
        return read_connection(field.value);
      case FieldId::kContentLength:
        return read_content_length(field.value);
      case FieldId::kContentType:
        return once(facts_.content_type, field.value);
      case FieldId::kExpect:
        return once(facts_.expect, field.value);
      case FieldId::kHost:
        return once(facts_.host, field.value);
      case FieldId::kMaxForwards:
        return once(facts_.max_forwards, field.value);
      case FieldId::kTransferEncoding:
        return read_transfer_encoding(field.value);
      case FieldId::kUpgrade:
        if (!upgrade_) upgrade_ = field.value;
        ++num_upgrades_;
        return Ok{};
      case FieldId::kLookalike:
        return ambiguous("A field is spelled so that some services take it for another");
    }
    return malformed("A field is of no kind");  // Not reached: the switch is complete.
  }

  Parsed<HeadFacts> finish() {
    if (facts_.chunked && facts_.content_length) {
      return ambiguous("Content-Length and Transfer-Encoding are both present");
    }
    if (facts_.chunked && minor_version_ == 0) {
      return ambiguous("Transfer-Encoding stands in an HTTP/1.0 message");
    }
    // RFC 9110, section 7.8: without Connection it is about another hop.
    if (connection_names_upgrade_ && upgrade_ && minor_version_ == 1) {
      facts_.upgrade = num_upgrades_ == 1 && !upgrade_->empty() ? *upgrade_ : kSeveralProtocols;
    }
    facts_.keep_alive = !close_ && (minor_version_ == 1 || keep_alive_);
    return facts_;
  }

 private:
  static Parsed<Ok> once(std::optional<std::string_view>& place, std::string_view value) {
    if (place) return ambiguous("A field that may stand only once is there twice");
    place = value;
    return Ok{};
  }

  Parsed<Ok> read_content_length(std::string_view value) {
    if (facts_.content_length) return ambiguous("Content-Length is there twice");
    facts_.content_length = parse_decimal(value);
    if (!facts_.content_length) return ambiguous("Content-Length is not one plain number");
    return Ok{};
  }

  Parsed<Ok> read_transfer_encoding(std::string_view value) {
    if (facts_.chunked) return ambiguous("Transfer-Encoding is there twice");
    facts_.chunked = equals_ignoring_case(value, "chunked");
    if (!facts_.chunked) return ambiguous("Transfer-Encoding is not exactly \"chunked\"");
    return Ok{};
  }

  Parsed<Ok> read_connection(std::string_view value) {
    std::optional<std::string_view> list = value;
    while (const auto option = next_element(list)) {
      if (++num_connection_options_ > limits::kHttpConnectionOptionsMax) {
        return too_large("Connection names too many fields");
      }
      if (option->empty()) continue;
      if (!is_token(*option)) return malformed("Connection holds something that is no name");
      if (equals_ignoring_case(*option, "close")) {
        close_ = true;
      } else if (equals_ignoring_case(*option, "keep-alive")) {
        keep_alive_ = true;
      } else if (equals_ignoring_case(*option, "upgrade")) {
        connection_names_upgrade_ = true;
      } else if (!traits_of(*option).connection_may_name) {
        return ambiguous("Connection names a field that must not be lost on the way");
      }
    }
    return Ok{};
  }

  HeadFacts facts_;
  const int minor_version_;
  std::optional<std::string_view> upgrade_;
  std::size_t num_upgrades_ = 0;
  bool connection_names_upgrade_ = false;
  std::size_t num_connection_options_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace

Parsed<std::optional<std::string_view>> HeadReader::next_line(std::string_view input) {
  return lines_.next(input, limits::kHttpHeadBytesMax,
                     lines_.end() == 0 ? kFirstLineTooLong : kHeadTooLarge);
}

Parsed<Ok> HeadReader::add_field(std::string_view line, std::string_view input) {
  const auto field = parse_field_line(line);
  IL_TRY(field);
  if (fields_at_.size() == limits::kHttpFieldsMax) return too_large("There are too many fields");
  fields_at_.push_back({Slice::of(field->name, input), Slice::of(field->value, input)});
  return Ok{};
}

std::span<const Field> HeadReader::fields(std::string_view input) {
  fields_.clear();
  for (const FieldAt& at : fields_at_) fields_.emplace_back(at.name.in(input), at.value.in(input));
  return fields_;
}

void HeadReader::reset() {
  lines_.reset();
  fields_at_.clear();
}

Parsed<HeadFacts> read_facts(std::span<const Field> fields, int minor_version) {
  FactsReader reader(minor_version);
  for (const Field& field : fields) IL_TRY(reader.read(field));
  return reader.finish();
}

}  // namespace interlock::http1
