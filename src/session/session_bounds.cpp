// What a session may hold, and how slow its client may be.
#include "session/session.h"
#include "session/session_table.h"

namespace interlock::session {

std::size_t Session::buffered() const {
  return client_.in.held() + client_.out.held() + client_.stream->held() + exchange_.held();
}

// Small changes are left out, so that small requests touch nothing that threads share.
void Session::hold(std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  const std::size_t pages = bytes / kPage * kPage;
  if (pages == held_) return;
  context_.capacity.hold(static_cast<std::int64_t>(pages) - static_cast<std::int64_t>(held_));
  if (pages > held_ && context_.capacity.is_full()) context_.wakeup.request();
  held_ = pages;
  if (held_ > 0) rest_later();
}

void Session::rest() noexcept {
  if (phase_ == Phase::kClosed || client_.stream == nullptr) return;
  if (phase_ == Phase::kServe && !exchange_.active() && client_.decoder.idle()) {
    // A ticket may wait inside TLS for something to be written.
    if (client_.out.empty()) static_cast<void>(client_.stream->write({}));
    client_.decoder.rest();
    gate_.rest();
  }
  client_.in.rest();
  client_.out.rest();
  exchange_.rest();
  rests_at_ = kNever;
  hold(buffered());
  if (held_ > 0) rest_later();  // Something is on its way: look again.
}

// Nothing more is taken in, from nobody; what waits for the client may still leave.
Step Session::wait_for_memory() {
  Step step = Step::wait({});
  if (!send_answers(step)) return Step::close();
  if (step.kind == Step::Kind::kWait) table_.pause(id_);
  return step;
}

void Session::shed(std::string_view detail) noexcept {
  if (phase_ == Phase::kClosed) return;
  // Who drains has its last record already.
  if (phase_ != Phase::kDrain) gate_.refuse_handshake(Reason::overloaded, detail);
  context_.meter.reached(Limit::kMemory);
  close();
}

void Session::watch_pace(const Step& step) {
  const bool owes_body = phase_ == Phase::kServe && exchange_.waits_for_client();
  const bool owes_reading = phase_ != Phase::kHandshake && step.wants.client_write;
  const bool watched = std::min(sending_.ends(), taking_.ends()) != Pace::kNever;
  if (!owes_body && !owes_reading && !watched) return;  // The usual case.
  const Instant now = context_.clock.now();
  const Millis window = limits().transfer_timeout;
  sending_.watch(owes_body, client_.received, now, window);
  taking_.watch(owes_reading, client_.taken, now, window);
}

// Looks at what has run out. A client that takes its answer too slowly is late; so is one that
// sends too slowly, and one that has let deadline_ pass. But as long as an answer waits for the
// client nothing else is held against anybody.
bool Session::is_late() {
  const Instant now = context_.clock.now();
  const Millis window = limits().transfer_timeout;
  const std::uint64_t bytes_min = limits().transfer_bytes();
  if (taking_.is_lost(client_.taken, bytes_min, now, window)) {
    context_.meter.reached(Limit::kReadTime);
    if (phase_ != Phase::kDrain) {
      gate_.refuse_handshake(Reason::overloaded, "cut because it did not take its answer in time");
    }
    close();
    return false;
  }
  const bool slow = sending_.is_lost(client_.received, bytes_min, now, window);
  if (taking_.ends() == Pace::kNever || phase_ == Phase::kDrain) return slow || deadline_ <= now;
  if (deadline_ <= now) set_deadline(window);
  return false;
}

}  // namespace interlock::session
