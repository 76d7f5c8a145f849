// Every sentence a site engineer reads about a field that is not right.
#include "policy/text_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "base/limits.h"
#include "base/text.h"

namespace interlock::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

// did_you_mean returns "did you mean X? ", or nothing where no word is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
  const std::vector<std::string_view> candidates(words.begin(), words.end());
  const std::string_view near = nearest(word, candidates);
  return near.empty() ? std::string() : "did you mean " + std::string(near) + "? ";
}

std::vector<std::string> field_names(const Descriptor& type) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(type.field_count()));
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

std::vector<std::string> value_names(const EnumDescriptor& type) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(type.value_count()));
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

// Homes finds the blocks of a schema that have a field of a given name.
class Homes {
 public:
  explicit Homes(std::string name) : name_(std::move(name)) {}

  void search(const Descriptor& type, const std::string& path) {
    if (!seen_.insert(&type).second) return;
    if (type.FindFieldByName(name_) != nullptr) {
      found_.push_back(path.empty() ? "the top level" : path);
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      search(*field.message_type(), path.empty() ? field.name() : path + "." + field.name());
    }
  }
  [[nodiscard]] std::string hint() const {
    return found_.empty() ? std::string() : "it belongs in " + joined(found_, " or ") + "; ";
  }

 private:
  std::string name_;
  std::set<const Descriptor*> seen_;
  std::vector<std::string> found_;
};

class Checker {
 public:
  Checker(const Descriptor& schema, Reporter& report) : schema_(schema), report_(report) {}
  void block(const Descriptor& type, const Node& block);

 private:
  void unknown(const Descriptor& type, const Node& parent, const Node& node);
  void value(const FieldDescriptor& field, const Node& node);
  void text(const Node& node);
  void word(const EnumDescriptor& type, const Node& node);
  void number(const Node& node, bool fraction);
  void at_name(const Node& node, std::string message, std::string hint) {
    const Position at = node.name_at();
    report_.error(at.line, at.column, std::move(message), std::move(hint));
  }
  void at_value(const Node& node, std::string message, std::string hint) {
    const Position at = node.value_at();
    report_.error(at.line, at.column, std::move(message), std::move(hint));
  }

  const Descriptor& schema_;
  Reporter& report_;
};

void Checker::block(const Descriptor& type, const Node& block) {
  std::map<const FieldDescriptor*, int> single_lines;
  for (const Node& node : block.fields()) {
    const FieldDescriptor* field = type.FindFieldByName(std::string(node.name()));
    if (field == nullptr) {
      unknown(type, block, node);
      continue;
    }
    const std::string name = quoted(node.name());
    if (!field->is_repeated() && node.in_list()) {
      at_value(node, name + " is one value, not a list", "remove the brackets");
    }
    const auto [first, is_new] = single_lines.try_emplace(field, node.name_at().line);
    if (!field->is_repeated() && !is_new) {
      at_name(node, name + " is given twice",
              "keep this one or the one in line " + std::to_string(first->second));
    }
    value(*field, node);
  }
}

void Checker::unknown(const Descriptor& type, const Node& parent, const Node& node) {
  Homes homes{std::string(node.name())};
  homes.search(schema_, {});
  const std::vector<std::string> names = field_names(type);
  std::string hint = homes.hint();
  if (hint.empty()) hint = did_you_mean(node.name(), names);
  const std::string where =
      parent.name().empty() ? std::string("the top level") : std::string(parent.name());
  at_name(node, where + " has no field " + quoted(node.name()),
          hint + "fields here: " + joined(names, ", "));
}

void Checker::value(const FieldDescriptor& field, const Node& node) {
  const std::string name(node.name());
  const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (is_message && node.kind() != Node::Kind::kBlock) {
    return at_value(node, quoted(name) + " is a block", "write " + name + " { ... }");
  }
  if (!is_message && node.kind() == Node::Kind::kBlock) {
    return at_value(node, quoted(name) + " is one value, not a block", "remove the braces");
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return block(*field.message_type(), node);
    case FieldDescriptor::CPPTYPE_STRING:
      return text(node);
    case FieldDescriptor::CPPTYPE_ENUM:
      return word(*field.enum_type(), node);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (node.kind() == Node::Kind::kWord && (node.value() == "true" || node.value() == "false")) {
        return;
      }
      return at_value(node, quoted(name) + " is true or false",
                      "write " + name + ": true, without quotes");
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return number(node, false);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return number(node, true);
  }
}

void Checker::text(const Node& node) {
  const std::string value = node.value();
  if (node.kind() != Node::Kind::kString) {
    return at_value(node, quoted(node.name()) + " is a text",
                    "write " + std::string(node.name()) + ": " + quoted(value) + ", with quotes");
  }
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t len = utf8_sequence_len(std::string_view(value).substr(at, 4));
    if (len == 0 || value[at] == '\0') {
      const Position place = node.inside(at);
      return report_.error(place.line, place.column,
                           quoted(node.name()) + (len == 0 ? " is not UTF-8" : " holds a NUL"),
                           "remove this character");
    }
    at += len;
  }
}

void Checker::word(const EnumDescriptor& type, const Node& node) {
  const std::string value = node.value();
  const std::string name(node.name());
  const std::vector<std::string> words = value_names(type);
  const bool known = type.FindValueByName(value) != nullptr;
  if (node.kind() == Node::Kind::kWord && known) return;
  if (known) {
    return at_value(node, quoted(name) + " is a word, not a text",
                    "write " + name + ": " + value + ", without quotes");
  }
  at_value(node, quoted(value) + " is not a value of " + quoted(name),
           did_you_mean(value, words) + "values: " + joined(words, ", "));
}

// number accepts decimal digits only: 010 would be eight to protobuf, and ten to a plant.
void Checker::number(const Node& node, bool fraction) {
  const std::string value = node.value();
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  std::string_view whole = value;
  if (whole.starts_with('-')) whole.remove_prefix(1);
  const std::size_t point = fraction ? whole.find('.') : std::string_view::npos;
  bool good = point == std::string_view::npos || digits(whole.substr(point + 1));
  whole = whole.substr(0, point);
  good = good && digits(whole) && (whole.size() == 1 || whole[0] != '0');
  if (good && node.kind() == Node::Kind::kNumber) return;
  const std::string name(node.name());
  at_value(node, quoted(name) + (fraction ? " is a number" : " is a whole number"),
           good ? "write " + name + ": " + value + ", without quotes"
                : "write decimal digits, such as " + name + ": 10");
}

// Collector turns protobuf's complaint into a problem at the token that is to blame.
class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  Collector(const Source& source, Reporter& report) : source_(source), report_(report) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    const Token& at = culprit(line, column, message);
    report_.error(at.line, at.column, message, {});
  }
  void AddWarning(int /*line*/, google::protobuf::io::ColumnNumber /*column*/,
                  const std::string& /*message*/) override {}

 private:
  [[nodiscard]] const Token& culprit(int line, int column, std::string_view message) const;
  [[nodiscard]] int protobuf_column(const Token& token) const;

  const Source& source_;
  Reporter& report_;
};

// Protobuf names the token it has read last. Where the message quotes the one before, that is
// meant.
const Token& Collector::culprit(int line, int column, std::string_view message) const {
  const Token* before = nullptr;
  for (const Token& token : source_.tokens) {
    if (token.kind == TokenKind::kComment) continue;
    const bool reached =
        token.line - 1 > line || (token.line - 1 == line && protobuf_column(token) >= column);
    if (!reached && token.kind != TokenKind::kEnd) {
      before = &token;
      continue;
    }
    // Any message may hold a ":"; only words are quoted on purpose.
    if (before == nullptr || before->kind == TokenKind::kSymbol) return token;
    const auto text = std::string_view(source_.text).substr(before->offset, before->len);
    return message.find(text) != std::string_view::npos ? *before : token;
  }
  return source_.tokens.back();
}

// Protobuf counts columns from 0, in bytes, with tabs to the next multiple of eight.
int Collector::protobuf_column(const Token& token) const {
  const std::string& text = source_.text;
  std::size_t at = token.offset;
  while (at > 0 && text[at - 1] != '\n') --at;
  int column = 0;
  for (; at < token.offset; ++at) column += text[at] == '\t' ? 8 - column % 8 : 1;
  return column;
}

}  // namespace

void check_tree(const Descriptor& type, const TextTree& tree, Reporter& report) {
  Checker(type, report).block(type, tree.root());
}

void fill_message(const TextTree& tree, google::protobuf::Message& message, Reporter& report) {
  // A byte order mark is nonsense to protobuf. The space in its place keeps all but line 1 in
  // place.
  std::string text = tree.source().text;
  if (text.starts_with("\xef\xbb\xbf")) text.replace(0, 3, "   ");
  Collector collector(tree.source(), report);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.SetRecursionLimit(static_cast<int>(limits::kConfigDepthMax) + 1);
  // A refusal without a word would let a half-filled message pass.
  if (!parser.ParseFromString(text, &message) && report.ok()) {
    report.error(1, 1, "the file could not be read", {});
  }
}

}  // namespace interlock::policy
