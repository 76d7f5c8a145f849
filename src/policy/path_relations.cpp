#include "policy/path_relations.h"

#include <algorithm>
#include <string>

namespace interlock::policy {
namespace {

using Kind = PathSegment::Kind;

bool may_be(const PathSegment& segment, const std::string& literal) {
  switch (segment.kind) {
    case Kind::kLiteral:
      return segment.text == literal;
    case Kind::kAny:
      return !literal.empty();
    case Kind::kAttribute:
      return is_path_name(literal);
    case Kind::kRest:
      return true;
  }
  return true;
}

bool may_be_same(const PathSegment& a, const PathSegment& b) {
  if (a.kind == Kind::kLiteral) return may_be(b, a.text);
  if (b.kind == Kind::kLiteral) return may_be(a, b.text);
  return true;
}

bool covers_segment(const PathSegment& a, const PathSegment& b) {
  switch (a.kind) {
    case Kind::kLiteral:
      return b.kind == Kind::kLiteral && b.text == a.text;
    case Kind::kAny:
      return b.kind == Kind::kAny || b.kind == Kind::kAttribute ||
             (b.kind == Kind::kLiteral && !b.text.empty());
    case Kind::kAttribute:
      return b.kind == Kind::kAttribute && b.text == a.text;
    case Kind::kRest:
      return true;
  }
  return false;
}

// What every path of a pattern begins with, and whether that is all of it.
struct LiteralPart {
  std::string text;
  bool whole = false;
};

LiteralPart literal_part(const PathPattern& pattern) {
  LiteralPart out;
  for (const PathSegment& segment : pattern) {
    out.text += '/';
    if (segment.kind != Kind::kLiteral) return out;
    out.text += segment.text;
  }
  out.whole = true;
  return out;
}

}  // namespace

bool may_intersect(const PathPattern& a, const PathPattern& b) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (!may_be_same(a[i], b[i])) return false;
    if (a[i].kind == Kind::kRest || b[i].kind == Kind::kRest) return true;
  }
  return a.size() == b.size();
}

bool may_intersect(const PathRegex& a, const PathPattern& b) {
  const LiteralPart begin = literal_part(b);
  if (begin.whole) return a.covers(begin.text);
  const bool all_before = a.high() < begin.text;
  const bool all_behind = a.low() > begin.text && !a.low().starts_with(begin.text);
  return !all_before && !all_behind;
}

bool may_intersect(const PathRegex& a, const PathRegex& b) {
  return a.low() <= b.high() && b.low() <= a.high();
}

bool covers(const PathPattern& a, const PathPattern& b) {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (!covers_segment(a[i], b[i])) return false;
    if (a[i].kind == Kind::kRest) return true;
  }
  return a.size() == b.size();
}

bool covers(const PathRegex& a, const PathPattern& b) {
  const LiteralPart all = literal_part(b);
  return all.whole && a.covers(all.text);
}

}  // namespace interlock::policy
