// Any bytes as a configuration file: no crash, every problem inside the file, and what is accepted
// means the same to protobuf's parser as to ours.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "base/result.h"
#include "policy/config_text.h"
#include "policy/text_check.h"

using namespace interlock;
using namespace interlock::policy;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// Line lengths in bytes bound the columns, which count characters.
void check_places(std::string_view text, const std::vector<Problem>& problems) {
  std::vector<std::size_t> lens = {0};
  for (const char c : text) {
    ++lens.back();
    if (c == '\n') lens.push_back(0);
  }
  for (const Problem& problem : problems) {
    IL_ASSERT(!problem.message.empty());
    IL_ASSERT(problem.at.line >= 1 && static_cast<std::size_t>(problem.at.line) <= lens.size());
    const std::size_t len = lens[static_cast<std::size_t>(problem.at.line) - 1];
    IL_ASSERT(problem.at.column >= 1 && static_cast<std::size_t>(problem.at.column) <= len + 1);
  }
}

// Tokens follow each other, and only white space stands between them.
void check_tokens(const Source& source) {
  std::size_t end = source.text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  for (const Token& token : source.tokens) {
    IL_ASSERT(token.offset >= end);
    const std::string between = source.text.substr(end, token.offset - end);
    IL_ASSERT(between.find_first_not_of(" \t\r\n") == std::string::npos);
    end = std::size_t{token.offset} + token.len;
  }
  IL_ASSERT(end == source.text.size());
}

// The typed message and the tree say the same, field by field.
void check_agreement(const Message& message, const Node& block) {
  std::map<std::string, int, std::less<>> seen;
  for (const Node& node : block.fields()) {
    const int index = seen[std::string(node.name())]++;
    IL_ASSERT(block.field(node.name(), static_cast<std::size_t>(index)) == &node);
    const auto& reflection = *message.GetReflection();
    const FieldDescriptor* field =
        message.GetDescriptor()->FindFieldByName(std::string(node.name()));
    IL_ASSERT(field != nullptr && (field->is_repeated() || index == 0));
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      check_agreement(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, index)
                                           : reflection.GetMessage(message, field),
                      node);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      IL_ASSERT(node.value() == (field->is_repeated()
                                     ? reflection.GetRepeatedString(message, field, index)
                                     : reflection.GetString(message, field)));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      IL_ASSERT(node.value() == (field->is_repeated()
                                     ? reflection.GetRepeatedEnum(message, field, index)->name()
                                     : reflection.GetEnum(message, field)->name()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<Problem> problems;
  const auto config = parse_config("f", text, problems);
  IL_ASSERT(config.has_value() == !has_errors(problems));
  check_places(text, problems);
  if (config.has_value()) check_agreement(config->message, config->tree.root());

  // What our reader lets through, protobuf's accepts: the two never differ about a file.
  std::vector<Problem> own;
  Reporter report("f", own);
  const TextTree tree = TextTree::parse(text, report);
  if (tree.source().tokens.size() > 1) check_tokens(tree.source());
  if (tree.whole()) check_tree(*config::Config::descriptor(), tree, report);
  report.finish();
  IL_ASSERT(has_errors(own) == has_errors(problems));
  return 0;
}
