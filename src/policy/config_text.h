// One configuration file: text in, typed message and the place of every field out. Internal to
// policy/: protobuf stays behind this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interlock/config.pb.h"
#include "policy/problem.h"
#include "policy/text_tree.h"

namespace interlock::policy {

// ConfigText is a file that is right in form: known fields, right types, single values given once.
// The tree mirrors the message: message.function(3).permit(1) is
// tree.root().field("function", 3)->field("permit", 1).
struct ConfigText {
  config::Config message;
  TextTree tree;
};

// parse_config reads one file, at most limits::kConfigFileBytesMax long; `file` is its name in
// messages. It appends all problems to `problems`, and returns nothing if one of them is an error.
// What must be present, and what names and values mean, is not judged here.
std::optional<ConfigText> parse_config(std::string file, std::string_view text,
                                       std::vector<Problem>& problems);

}  // namespace interlock::policy
