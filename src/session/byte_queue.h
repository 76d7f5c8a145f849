// Bytes on their way through a session: appended at the end, consumed at the front, bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace interlock::session {

// ByteQueue asks its owner to stop filling at `bytes_max`; room() says how much more may come. One
// message head may be encoded over that mark (heads have their own limit). A queue keeps its memory
// while it is in use: rest() is for when it no longer is.
class ByteQueue {
 public:
  explicit ByteQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  [[nodiscard]] bool empty() const { return start_ == bytes_.size(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - start_; }
  [[nodiscard]] std::size_t room() const { return size() < bytes_max_ ? bytes_max_ - size() : 0; }
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(start_); }

  // held is the memory that it takes.
  [[nodiscard]] std::size_t held() const { return bytes_.capacity(); }

  // tail returns the text to append to. Views into the queue end with the next append or consume.
  [[nodiscard]] std::string& tail() {
    compact();
    return bytes_;
  }
  void append(std::string_view more) { tail().append(more); }

  void consume(std::size_t len) {
    start_ += len;
    if (!empty()) return;
    start_ = 0;
    bytes_.clear();
  }
  void clear() { consume(size()); }

  // rest gives back the memory of an empty queue.
  void rest() {
    if (empty()) std::string().swap(bytes_);
  }

 private:
  // Moving the rest to the front is worth it once half of the bytes are gone.
  void compact() {
    if (start_ <= bytes_.size() / 2) return;
    bytes_.erase(0, start_);
    start_ = 0;
  }

  std::string bytes_;
  std::size_t start_ = 0;
  std::size_t bytes_max_;
};

}  // namespace interlock::session
