// Lays out a configuration file in the one way `interlock fmt` knows: two spaces a level, one field
// a line, short blocks on one line where they were written so. It works on tokens: it never changes
// what a file says, nor the spelling of a value, and keeps every comment.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem.h"

namespace interlock::policy {

// A block that was written on one line stays on one line of at most this many columns.
constexpr std::size_t kFormatColumnsMax = 110;

// format_text returns `text` laid out, with LF line ends and no byte order mark; formatting the
// result changes nothing. At most one empty line in a row is kept. Separators behind fields and
// colons before blocks go. A comment in the middle of a field moves
// before it. Appends all problems of form to `problems` and returns nothing if one is an error;
// whether fields and values mean anything is not judged. `file` is its name in messages.
std::optional<std::string> format_text(std::string file, std::string_view text,
                                       std::vector<Problem>& problems);

}  // namespace interlock::policy
