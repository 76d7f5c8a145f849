// Small questions about text that several folders ask.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace interlock {

// utf8_sequence_len returns the length (1 to 4) of the UTF-8 sequence at the start of `text`, or 0
// where there is none: overlong forms, surrogates and code points above U+10FFFF are not UTF-8
// (RFC 3629, section 3).
std::size_t utf8_sequence_len(std::string_view text);

bool is_utf8(std::string_view text);

// is_control tells whether `character`, one UTF-8 sequence, steers a terminal instead of showing
// something: C0, DEL and C1.
bool is_control(std::string_view character);

// is_invisible tells whether `character`, one UTF-8 sequence, shows nothing or changes the order in
// which its neighbours show, so that text could read differently from what it says: zero-width
// spaces, directional marks, embeddings, overrides and isolates.
bool is_invisible(std::string_view character);

bool equals_ignoring_case(std::string_view a, std::string_view b);

std::string to_lower(std::string_view text);

std::string_view trim(std::string_view text);

// nearest returns the candidate that a person who typed `word` most likely meant, or "" where none
// is close: at most a third of the letters may differ (edit distance).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// errno_text says in plain words what an errno means: "No such file or directory".
std::string_view errno_text(int error);

}  // namespace interlock
