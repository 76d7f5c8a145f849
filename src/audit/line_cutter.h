// Cuts an audit log, read in pieces of any size, into lines. Holds one line at most.
#pragma once

#include <string>
#include <string_view>

#include "base/limits.h"

namespace interlock::audit {

class LineCutter {
 public:
  // feed calls `take(line)` for each line that `bytes` end, without its newline; with an empty one
  // for a line above limits::kAuditLineBytesMax, which is no record. `take` returns whether to go
  // on.
  template <class Take>
  void feed(std::string_view bytes, const Take& take) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      too_long_ = too_long_ || partial_.size() + piece.size() >= limits::kAuditLineBytesMax;
      if (too_long_) partial_.clear();
      if (end == std::string_view::npos) {
        if (!too_long_) partial_ += piece;
        return;
      }
      bytes.remove_prefix(end + 1);
      if (!take_whole(piece, take)) return;
    }
  }

  // is_partial says whether the beginning of a line was fed whose end was not.
  [[nodiscard]] bool is_partial() const { return too_long_ || !partial_.empty(); }

  // partial returns that beginning; empty where it is too long already.
  [[nodiscard]] std::string_view partial() const { return partial_; }

 private:
  template <class Take>
  bool take_whole(std::string_view last_piece, const Take& take) {
    bool more = false;
    if (too_long_) {
      more = take(std::string_view());
    } else if (partial_.empty()) {
      more = take(last_piece);
    } else {
      partial_ += last_piece;
      more = take(std::string_view(partial_));
    }
    partial_.clear();
    too_long_ = false;
    return more;
  }

  std::string partial_;
  bool too_long_ = false;  // The end of that line is awaited; the line is lost already.
};

}  // namespace interlock::audit
