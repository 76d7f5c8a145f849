// From tokens to fields. After each mistake the builder goes on at the next line that begins with a
// name, or at the end of the block, so that one mistake is one problem and the next is found too.
#include "policy/text_tree.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"

namespace interlock::policy {

// TreeBuilder reads the grammar
//   block  = { field [";" | ","] }
//   field  = name [":"] "{" block "}" | name ":" value | name [":"] "[" item { "," item } "]"
//   value  = string { string } | word | ["-"] number
class TreeBuilder {
 public:
  TreeBuilder(const Source& source, Reporter& report) : source_(source), report_(report) {}

  // build returns the root; whole() tells whether all blocks closed.
  Node build();
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  using Index = std::uint32_t;

  Index peek();
  Index take();
  [[nodiscard]] const Token& token(Index index) const { return source_.tokens[index]; }
  [[nodiscard]] std::string_view text(Index index) const {
    return std::string_view(source_.text).substr(token(index).offset, token(index).len);
  }
  bool next_is(std::string_view symbol) {
    return token(peek()).kind == TokenKind::kSymbol && text(peek()) == symbol;
  }
  bool next_is(TokenKind kind) { return token(peek()).kind == kind; }
  void error(Index index, std::string message, std::string hint) {
    report_.error(token(index).line, token(index).column, std::move(message), std::move(hint));
  }

  void fields(Node& block, std::size_t depth);
  void field(Node& parent, std::size_t depth);
  void missing_colon(Index name);
  bool value(Node& parent, Index name, std::size_t depth, bool in_list);
  bool block(Node& node, std::size_t depth);
  bool list(Node& parent, Index name, std::size_t depth);
  bool scalar(Node& node);
  void unclosed(Index open);
  void note_layout(Index open, Index close);
  void recover();

  const Source& source_;
  Reporter& report_;
  Index next_ = 0;
  bool whole_ = true;
  Index suspect_ = 0;  // The first block whose end stands further left than its beginning.
  bool has_suspect_ = false;
};

Node TreeBuilder::build() {
  Node root;
  root.source_ = &source_;
  root.is_root_ = true;
  fields(root, 0);
  while (!next_is(TokenKind::kEnd)) {
    error(peek(), "no block is open that " + quoted(text(peek())) + " could close",
          "remove it, or look above for one too many");
    whole_ = false;
    take();
    fields(root, 0);
  }
  root.value_end_ = peek() + 1;
  root.index_fields();
  return root;
}

// peek returns the next token that is no comment.
TreeBuilder::Index TreeBuilder::peek() {
  while (token(next_).kind == TokenKind::kComment) ++next_;
  return next_;
}

TreeBuilder::Index TreeBuilder::take() {
  const Index index = peek();
  if (token(index).kind != TokenKind::kEnd) ++next_;
  return index;
}

void TreeBuilder::fields(Node& block, std::size_t depth) {
  while (!next_is(TokenKind::kEnd) && !next_is("}") && !next_is(">")) field(block, depth);
}

void TreeBuilder::field(Node& parent, std::size_t depth) {
  if (!next_is(TokenKind::kName)) {
    if (!next_is(TokenKind::kBad)) {
      error(peek(), "the name of a field is expected here, not " + quoted(text(peek())), {});
    }
    return recover();
  }
  const Index name = take();
  bool colon = next_is(":");
  if (colon) take();
  if (next_is(TokenKind::kBad) && !colon) {
    const int line = token(take()).line;  // "=" in place of ":", say; or the value itself.
    if (token(peek()).line > line) return;
    colon = true;
  }
  const bool opens = next_is("{") || next_is("<") || next_is("[");
  if (!colon && !opens) {
    missing_colon(name);
    if (!next_is(TokenKind::kString) && !next_is(TokenKind::kNumber)) return recover();
  }
  const bool read = next_is("[") ? list(parent, name, depth) : value(parent, name, depth, false);
  if (!read) return recover();
  if (next_is(";") || next_is(",")) take();
}

void TreeBuilder::missing_colon(Index name) {
  const Token& at = token(name);
  report_.error(at.line, at.column + static_cast<int>(at.len),
                R"(":" is missing after )" + quoted(text(name)),
                "write " + std::string(text(name)) + R"(: "value", or { } around a block)");
}

// value reads one value of the field `name` into a new child of `parent`; false where the rest of
// the line is best passed over.
bool TreeBuilder::value(Node& parent, Index name, std::size_t depth, bool in_list) {
  if (next_is(TokenKind::kBad)) {
    take();
    return true;
  }
  Node node;
  node.source_ = &source_;
  node.name_ = name;
  node.in_list_ = in_list;
  node.value_begin_ = peek();
  const bool is_block = next_is("{") || next_is("<");
  if (is_block ? !block(node, depth) : !scalar(node)) {
    if (!is_block) error(name, quoted(text(name)) + " has no value", {});
    return false;
  }
  parent.fields_.push_back(std::move(node));
  return true;
}

bool TreeBuilder::block(Node& node, std::size_t depth) {
  if (depth + 1 > limits::kConfigDepthMax) {
    error(peek(), "blocks are nested too deeply", {});
    return false;
  }
  if (next_is("<")) error(peek(), "a block stands in braces", "write { and } in place of < and >");
  const bool angle = next_is("<");
  const Index open = take();
  node.kind_ = Node::Kind::kBlock;
  fields(node, depth + 1);
  const Index close = take();
  if (token(close).kind == TokenKind::kEnd) {
    unclosed(open);
  } else if (!angle && text(close) == ">") {
    error(close, R"(a block ends with "}")", {});
  } else {
    note_layout(open, close);
  }
  node.value_end_ = close + 1;
  node.index_fields();
  return true;
}

bool TreeBuilder::list(Node& parent, Index name, std::size_t depth) {
  const Index open = take();
  if (next_is("]")) {
    error(open, "an empty list says nothing", "remove the field");
    take();
    return true;
  }
  while (true) {
    if (next_is("[")) {
      error(peek(), "a list stands in a list", "write one list");
      return false;
    }
    if (!value(parent, name, depth, true)) return false;
    if (next_is("]")) break;
    if (!next_is(",")) {
      error(peek(), R"("," or "]" is expected here, in a list)", "put commas between values");
      return false;
    }
    take();
  }
  take();
  return true;
}

bool TreeBuilder::scalar(Node& node) {
  const Index begin = peek();
  Index last = begin;
  if (next_is(TokenKind::kString)) {
    node.kind_ = Node::Kind::kString;
    // In a list, strings side by side are a lost comma, not one long string.
    do {
      last = take();
    } while (next_is(TokenKind::kString) && !node.in_list_);
  } else if (next_is(TokenKind::kName)) {
    node.kind_ = Node::Kind::kWord;
    take();
    if (next_is(":") || next_is("{")) {  // This is the next field already.
      next_ = begin;
      return false;
    }
  } else {
    node.kind_ = Node::Kind::kNumber;
    if (next_is("-")) take();
    if (!next_is(TokenKind::kNumber)) return false;
    last = take();
  }
  node.value_end_ = last + 1;
  return true;
}

void TreeBuilder::unclosed(Index open) {
  whole_ = false;
  std::string hint = R"(add "}")";
  if (has_suspect_) {
    hint += "; by the layout, the block that opens in line " +
            std::to_string(token(suspect_).line) + " is the one that does not close";
  }
  error(open, R"(the block that opens here does not close)", std::move(hint));
}

// A "}" that begins its line further left than the line of its "{" closes, to the eye, another
// block.
void TreeBuilder::note_layout(Index open, Index close) {
  if (has_suspect_ || token(close - 1).line == token(close).line) return;
  Index first = open;
  while (first > 0 && token(first - 1).line == token(open).line) --first;
  if (token(close).column >= token(first).column) return;
  suspect_ = open;
  has_suspect_ = true;
}

// recover passes over the rest of a mistake: to a name that begins a line, or to the end of the
// block it stands in. Blocks on the way are passed over whole.
void TreeBuilder::recover() {
  std::size_t depth = 0;
  int line = token(next_ > 0 ? next_ - 1 : 0).line;
  while (!next_is(TokenKind::kEnd)) {
    if (depth == 0 && next_is("}")) return;
    if (depth == 0 && next_is(TokenKind::kName) && token(peek()).line > line) return;
    if (next_is("{")) ++depth;
    if (next_is("}")) --depth;
    line = token(take()).line;
  }
}

std::string_view Node::name() const {
  if (is_root_) return {};
  const Token& token = source_->tokens[name_];
  return std::string_view(source_->text).substr(token.offset, token.len);
}

std::string Node::value() const {
  std::string out;
  if (kind_ == Kind::kBlock) return out;
  for (std::uint32_t index = value_begin_; index < value_end_; ++index) {
    const Token& token = source_->tokens[index];
    if (token.kind == TokenKind::kComment) continue;
    if (token.kind != TokenKind::kString) {
      out += std::string_view(source_->text).substr(token.offset, token.len);
      continue;
    }
    StringCursor cursor(source_->text, token);
    while (cursor.next()) out += cursor.bytes();
  }
  return out;
}

const Node* Node::field(std::string_view name, std::size_t index) const {
  const auto begin = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](std::uint32_t i, std::string_view n) { return fields_[i].name() < n; });
  if (index >= static_cast<std::size_t>(by_name_.end() - begin)) return nullptr;
  const Node& found = fields_[begin[static_cast<std::ptrdiff_t>(index)]];
  return found.name() == name ? &found : nullptr;
}

void Node::index_fields() {
  by_name_.resize(fields_.size());
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  std::stable_sort(by_name_.begin(), by_name_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return fields_[a].name() < fields_[b].name();
  });
}

Position Node::at(std::uint32_t token) const {
  return {source_->file, source_->tokens[token].line, source_->tokens[token].column};
}

Position Node::name_at() const { return is_root_ ? Position{source_->file, 1, 1} : at(name_); }
Position Node::value_at() const {
  return is_root_ ? Position{source_->file, 1, 1} : at(value_begin_);
}
Position Node::end_at() const { return at(value_end_ - 1); }

Position Node::inside(std::size_t byte_offset) const {
  if (kind_ != Kind::kString) return value_at();
  Position place;
  std::size_t passed = 0;
  for (std::uint32_t index = value_begin_; index < value_end_; ++index) {
    const Token& token = source_->tokens[index];
    if (token.kind != TokenKind::kString) continue;
    StringCursor cursor(source_->text, token);
    bool found = false;
    while (!found && cursor.next()) {
      passed += cursor.bytes().size();
      found = byte_offset < passed;
    }
    place = {source_->file, token.line, column_at(source_->text, token, cursor.offset())};
    if (found) break;
  }
  return place;
}

TextTree TextTree::parse(std::string_view text, Reporter& report) {
  TextTree tree;
  tree.source_ = std::make_unique<Source>();
  tree.source_->file = report.file();
  tree.source_->text = text;
  tree.source_->tokens = tokenize(tree.source_->text, report);
  TreeBuilder builder(*tree.source_, report);
  tree.root_ = std::make_unique<Node>(builder.build());
  tree.whole_ = builder.whole();
  return tree;
}

}  // namespace interlock::policy
