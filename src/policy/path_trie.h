// The patterns of one function as a tree of path segments: cost grows with the length of the path,
// not with the number of permits or devices. Compiled once per function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/path_pattern.h"

namespace interlock::policy {

class PathTrie {
 public:
  // add inserts a pattern for permit number `permit`.
  void add(const PathPattern& pattern, std::uint32_t permit);

  // match calls `visit(permit)` for every pattern that covers `path` (canonical) for this device.
  // No pattern covers what does not begin with `/`. The order is not that of the permits. Allocates
  // nothing; visits each node at most once.
  template <class Visit>
  void match(std::string_view path, const Device& device, const Visit& visit) const {
    if (path.starts_with('/')) walk(0, path, device, visit);
  }

 private:
  struct Edge {
    std::string text;
    std::uint32_t to = 0;
  };
  struct Node {
    std::vector<Edge> literals;          // Sorted by text.
    std::vector<Edge> attributes;        // Few; `text` is the attribute's name.
    std::uint32_t any = 0;               // 0: none (the root is nobody's child).
    std::vector<std::uint32_t> permits;  // Whose patterns end here ...
    std::vector<std::uint32_t> rests;    // ... or with `**` behind this.
  };

  [[nodiscard]] const Edge* find_literal(const Node& node, std::string_view segment) const;
  std::uint32_t child(std::uint32_t from, const PathSegment& segment);

  // `rest` begins with the `/` of the next segment, or is empty at the end of the path.
  template <class Visit>
  void walk(std::uint32_t at, std::string_view rest, const Device& device,
            const Visit& visit) const {
    const Node& node = nodes_[at];
    if (rest.empty()) {
      for (const std::uint32_t permit : node.permits) visit(permit);
      return;
    }
    for (const std::uint32_t permit : node.rests) visit(permit);
    const std::size_t slash = rest.find('/', 1);
    const std::string_view segment =
        rest.substr(1, slash == std::string_view::npos ? slash : slash - 1);
    const std::string_view after =
        slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
    if (const Edge* edge = find_literal(node, segment)) walk(edge->to, after, device, visit);
    for (const Edge& edge : node.attributes) {
      if (binds(device.attribute(edge.text), segment)) walk(edge.to, after, device, visit);
    }
    if (node.any != 0 && !segment.empty()) walk(node.any, after, device, visit);
  }

  std::vector<Node> nodes_ = std::vector<Node>(1);
};

}  // namespace interlock::policy
