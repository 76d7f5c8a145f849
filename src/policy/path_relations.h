// How the paths of two permits relate, for every device and every request: what loading must know
// to refuse permits that leave the service to luck, and permits that can never be chosen. Where an
// answer cannot be had cheaply, may_intersect says true and covers says false.
#pragma once

#include "policy/path_pattern.h"
#include "policy/path_regex.h"

namespace interlock::policy {

// may_intersect is false only where no path of any device is covered by both. Patterns are compared
// exactly, except that the value of an attribute may be any plain name. An expression and a path
// without `*`, `**` and templates are compared exactly. All else that holds an expression is told
// apart by the text that its paths begin with, and by nothing further in.
bool may_intersect(const PathPattern& a, const PathPattern& b);
bool may_intersect(const PathRegex& a, const PathPattern& b);
bool may_intersect(const PathRegex& a, const PathRegex& b);

// covers is true only where `a` covers every path that `b` covers, for every device. An expression
// is known to cover a path without `*`, `**` and templates, and itself.
bool covers(const PathPattern& a, const PathPattern& b);
bool covers(const PathRegex& a, const PathPattern& b);

}  // namespace interlock::policy
