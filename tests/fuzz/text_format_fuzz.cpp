// Any bytes as a file to lay out: what is laid out has the same words and comments, reads in form,
// and is laid out by being laid out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "base/result.h"
#include "policy/text_format.h"
#include "policy/text_tree.h"

using namespace interlock;
using namespace interlock::policy;

namespace {

struct Words {
  std::vector<std::string> values, comments;
  bool operator==(const Words&) const = default;
};

Words words(std::string_view text) {
  std::vector<Problem> problems;
  Reporter report("f", problems);
  Words out;
  for (const Token& token : tokenize(text, report)) {
    std::string word(text.substr(token.offset, token.len));
    if (token.kind == TokenKind::kComment) {
      while (word.ends_with(' ') || word.ends_with('\t')) word.pop_back();
      out.comments.push_back(word);
    } else if (word != ":" && word != "," && word != ";") {
      out.values.push_back(word);
    }
  }
  std::sort(out.comments.begin(), out.comments.end());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  std::vector<Problem> problems;
  const auto once = format_text("f", text, problems);
  if (!once) {
    IL_ASSERT(has_errors(problems));
    return 0;
  }
  IL_ASSERT(words(*once) == words(text));
  const auto twice = format_text("f", *once, problems);
  IL_ASSERT(twice && *twice == *once);
  return 0;
}
