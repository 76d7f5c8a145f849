// Holds a tree of fields against a schema, and fills the typed message. Works for every proto2
// message type, so that later schema files need nothing new. Internal to policy/.
#pragma once

#include <google/protobuf/message.h>

#include "policy/problem.h"
#include "policy/text_tree.h"

namespace interlock::policy {

// check_tree reports every field of the tree that `type` does not know, that has another type, or
// that is single and given twice. Text must be UTF-8 without NUL.
void check_tree(const google::protobuf::Descriptor& type, const TextTree& tree, Reporter& report);

// fill_message reads the tree's text into `message` with protobuf's own parser. What that refuses
// is reported where it is wrong: protobuf often names the token after it.
void fill_message(const TextTree& tree, google::protobuf::Message& message, Reporter& report);

}  // namespace interlock::policy
