#include "policy/path_trie.h"

#include <algorithm>

namespace interlock::policy {

const PathTrie::Edge* PathTrie::find_literal(const Node& node, std::string_view segment) const {
  const auto at =
      std::lower_bound(node.literals.begin(), node.literals.end(), segment,
                       [](const Edge& edge, std::string_view text) { return edge.text < text; });
  return at != node.literals.end() && at->text == segment ? &*at : nullptr;
}

std::uint32_t PathTrie::child(std::uint32_t from, const PathSegment& segment) {
  const auto fresh = static_cast<std::uint32_t>(nodes_.size());
  if (segment.kind == PathSegment::Kind::kAny) {
    if (nodes_[from].any != 0) return nodes_[from].any;
    nodes_[from].any = fresh;
  } else {
    Node& node = nodes_[from];
    auto& edges = segment.kind == PathSegment::Kind::kLiteral ? node.literals : node.attributes;
    const auto at = std::lower_bound(
        edges.begin(), edges.end(), segment.text,
        [](const Edge& edge, const std::string& text) { return edge.text < text; });
    if (at != edges.end() && at->text == segment.text) return at->to;
    edges.insert(at, Edge{segment.text, fresh});
  }
  nodes_.emplace_back();
  return fresh;
}

void PathTrie::add(const PathPattern& pattern, std::uint32_t permit) {
  std::uint32_t at = 0;
  for (const PathSegment& segment : pattern) {
    if (segment.kind == PathSegment::Kind::kRest) {
      nodes_[at].rests.push_back(permit);
      return;
    }
    at = child(at, segment);
  }
  nodes_[at].permits.push_back(permit);
}

}  // namespace interlock::policy
