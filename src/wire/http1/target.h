// The request target: one strict reading of a path, in one canonical form. What is matched against
// permits is what is forwarded; what a service might read otherwise is refused, not repaired.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/http1/refusal.h"

namespace interlock::http1 {

// Target is a path and a query. `path` begins with "/"; unreserved characters are decoded, all
// other escapes are in upper case; a trailing slash makes another path. `query` is as sent.
struct Target {
  std::string path;
  std::string query;
  bool has_query = false;
};

// parse_target reads an origin-form target (RFC 9112, section 3.2.1). It refuses
// - ambiguous_request: encoded "/", "\", "%" and ";", raw "\" and ";", "." and ".." segments, empty
//   segments but a last one, segments ending in a dot or space, octets that are not UTF-8, and
//   letters that some services turn into ASCII punctuation (full-width forms, U+2024, U+2044,
//   U+2215, U+2216);
// - malformed: broken escapes, encoded controls, characters outside RFC 3986, fragments;
// - too_large (414): more than kHttpTargetBytesMax, or kHttpPathSegmentsMax.
// A canonical path is a fixed point: parse_target(path) yields that path.
Parsed<Target> parse_target(std::string_view raw);

// parse_target_into is the same and reuses the strings of `target`, whose contents are undefined
// after a refusal.
Parsed<Ok> parse_target_into(std::string_view raw, Target& target);

}  // namespace interlock::http1
