// The small fakes: time, audit, wake-up, the count of port calls; and the pipe that streams are
// made of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "port/audit_sink.h"
#include "port/byte_stream.h"
#include "port/clock.h"
#include "port/wakeup.h"
#include "sim/chance.h"
#include "support/test_pki.h"

namespace interlock::sim {

// VirtualClock stands still unless a test moves it. Wall time begins at test::kNow.
class VirtualClock final : public port::Clock {
 public:
  [[nodiscard]] Instant now() const override { return {passed_.ms}; }
  [[nodiscard]] WallTime wall() const override { return test::kNow + passed_; }
  void pass(Millis by) { passed_.ms += by.ms; }

 private:
  Millis passed_{};
};

class FakeWakeup final : public port::Wakeup {
 public:
  void request() override { requested = true; }
  void notify() override { requested = true; }
  bool requested = false;
};

// Ledger is what all fakes share: what happened, in order; what must never happen; and the count
// of port calls that can fail, of which one may be told to.
struct Ledger {
  // "allow GET /a none", "dial 10.20.0.5:8080", "head GET /a TAG" ...
  std::vector<std::string> trail;
  std::vector<std::string> violations;
  std::string policy;  // Id of the configuration in force.
  std::uint64_t num_calls = 0;
  std::uint64_t failing_call = 0;  // 0: none.

  bool call_fails() { return ++num_calls == failing_call; }
  void must(bool holds, const std::string& law) {
    if (!holds) violations.push_back(law);
  }
  // position of the first line that begins so; trail.size() where there is none.
  [[nodiscard]] std::size_t position(std::string_view beginning) const {
    const auto at = std::find_if(trail.begin(), trail.end(), [&](const std::string& line) {
      return line.starts_with(beginning);
    });
    return static_cast<std::size_t>(at - trail.begin());
  }
  [[nodiscard]] std::size_t count(std::string_view beginning) const {
    return static_cast<std::size_t>(
        std::count_if(trail.begin(), trail.end(),
                      [&](const std::string& line) { return line.starts_with(beginning); }));
  }
};

// Entry is a copy of an AuditRecord.
struct Entry {
  AuditEvent event;
  Reason reason;
  std::uint64_t session;
  int status;
  std::string denial_id, peer, device, method, path, service, permit, detail;
  std::uint64_t suppressed;
};

class RecordingAudit final : public port::AuditSink {
 public:
  explicit RecordingAudit(Ledger& ledger) : ledger_(ledger) {}

  bool append(const AuditRecord& record) override;

  [[nodiscard]] std::size_t count(AuditEvent event, Reason reason) const {
    return static_cast<std::size_t>(std::count_if(
        entries.begin(), entries.end(),
        [&](const Entry& each) { return each.event == event && each.reason == reason; }));
  }

  std::vector<Entry> entries;
  bool full = false;
  std::size_t num_unwritten = 0;  // Records that were not accepted.

 private:
  Ledger& ledger_;
};

// Pipe is one direction of a connection: what its writer has sent and its reader has not taken. Of
// that only what has arrived can be read.
class Pipe {
 public:
  std::size_t piece_max = 0;  // Bytes that arrive in one tick, at most; 0: everything at once.
  bool ended = false;         // Nothing will follow.

  void send(std::string_view more) {
    bytes_ += more;
    if (piece_max == 0) arrived_ = bytes_.size();
  }
  bool deliver(Chance& chance) {
    if (arrived_ == bytes_.size()) return false;
    const std::size_t most = piece_max == 0 ? bytes_.size() : 1 + chance.below(piece_max);
    arrived_ = std::min(bytes_.size(), arrived_ + most);
    return true;
  }
  // left counts what was sent and not taken.
  [[nodiscard]] std::size_t left() const { return bytes_.size() - taken_; }
  [[nodiscard]] bool readable() const { return arrived_ > taken_ || (ended && left() == 0); }
  port::IoResult read(std::span<std::uint8_t> into) {
    if (ended && left() == 0) return {port::IoState::kEof, 0};
    const std::size_t len = std::min(arrived_ - taken_, into.size());
    if (len == 0) return {port::IoState::kBlocked, 0};
    std::copy_n(bytes_.data() + taken_, len, into.data());
    taken_ += len;
    return {port::IoState::kProgress, len};
  }

 private:
  std::string bytes_;  // Everything ever sent: worlds are short.
  std::size_t arrived_ = 0, taken_ = 0;
};

// take_room takes up to `len` bytes of `room`, and returns how many; kRoomUnlimited never ends.
constexpr std::size_t kRoomUnlimited = SIZE_MAX;
inline std::size_t take_room(std::size_t& room, std::size_t len) {
  if (room == kRoomUnlimited) return len;
  len = std::min(room, len);
  room -= len;
  return len;
}

}  // namespace interlock::sim
