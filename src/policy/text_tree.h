// A configuration file as a tree of fields, each knowing its place: what the typed message forgets
// and every later error message needs. Built from tokens alone; it knows nothing of the schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem.h"
#include "policy/text_tokens.h"

namespace interlock::policy {

// Source is one file: its text and tokens, at a fixed place in memory while nodes point to it.
struct Source {
  std::string file;
  std::string text;
  std::vector<Token> tokens;
};

// Node is one field with its value, or the whole file (the root: a block without a name). A list
// `[a, b]` is as many nodes as it has values, as if each had been written with the field's name.
// Nodes live as long as their TextTree, also when that is moved.
class Node {
 public:
  enum class Kind : std::uint8_t { kBlock, kString, kWord, kNumber };

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool in_list() const { return in_list_; }
  [[nodiscard]] std::string_view name() const;

  // value returns the decoded string (adjacent ones joined), or the word or number as written;
  // empty for a block.
  [[nodiscard]] std::string value() const;

  // fields returns the fields of a block in the order of the file.
  [[nodiscard]] const std::vector<Node>& fields() const { return fields_; }

  // field returns the field `name` of this block, the `index`th (from 0) of a repeated one, in the
  // order of the typed message; null where there is none. Takes logarithmic time.
  [[nodiscard]] const Node* field(std::string_view name, std::size_t index = 0) const;

  // The place of the field's name, of its value (of a block: its "{"), and of a block's "}". The
  // root's name and value are at the start of the file, its end is at the end.
  [[nodiscard]] Position name_at() const;
  [[nodiscard]] Position value_at() const;
  [[nodiscard]] Position end_at() const;

  // inside returns the place of the `byte_offset`th byte of value(): of the character or escape
  // that holds it, in whichever of the adjacent strings; past the end, that of the closing quote.
  [[nodiscard]] Position inside(std::size_t byte_offset) const;

 private:
  friend class TreeBuilder;
  [[nodiscard]] Position at(std::uint32_t token) const;
  void index_fields();

  const Source* source_ = nullptr;
  std::uint32_t name_ = 0;         // Token of the name.
  std::uint32_t value_begin_ = 0;  // Tokens of the value; of a block, "{" and "}".
  std::uint32_t value_end_ = 0;    // One past the last.
  Kind kind_ = Kind::kBlock;
  bool in_list_ = false;
  bool is_root_ = false;
  std::vector<Node> fields_;
  std::vector<std::uint32_t> by_name_;  // Indexes of fields_, by name and then by place.
};

// TextTree owns a file's text and its nodes.
class TextTree {
 public:
  // parse reads `text` and reports every problem of form. It goes on after each one, so the tree
  // holds what could be read. `whole` is false where blocks do not close: then what stands where is
  // a guess, and checking it further would only confuse.
  static TextTree parse(std::string_view text, Reporter& report);

  [[nodiscard]] const Node& root() const { return *root_; }
  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] bool whole() const { return whole_; }

 private:
  std::unique_ptr<Source> source_;
  std::unique_ptr<Node> root_;
  bool whole_ = true;
};

}  // namespace interlock::policy
