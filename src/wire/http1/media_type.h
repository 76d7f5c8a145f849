// The media type in a Content-Type field (RFC 9110, sections 8.3 and 8.3.1).
#pragma once

#include <string_view>

namespace interlock::http1 {

// media_type returns the "type/subtype" at the start of a whole Content-Type field value, as
// written there; compare it without case. Empty where the value is not exactly a media type with
// well-formed parameters: what one reader takes for JSON and another for something else is no
// media type at all. A view into `field_value`, which has no white space around it.
std::string_view media_type(std::string_view field_value);

}  // namespace interlock::http1
