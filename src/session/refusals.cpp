#include "session/refusals.h"

#include <algorithm>
#include <array>

#include "base/hex.h"

namespace interlock::session {
namespace {

std::string_view address_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

std::string key_of(std::string_view caller, bool is_device, Reason reason) {
  std::string key{static_cast<char>(reason), is_device ? 'd' : 's'};
  return key.append(caller);
}

}  // namespace

std::string Refusals::write(AuditRecord refusal) {
  bool has_line = false;
  Window& window = window_for(refusal, has_line);
  if (has_line) {
    std::string id = new_denial_id();
    refusal.denial_id = id;
    if (window.num_lines == 0) window.denial_id = id;
    if (audit_.append(refusal)) {
      ++window.num_lines;
      window.denial_id = id;
      return id;
    }
    meter_.records_not_accepted.add();
  }
  if (window.num_counted++ == 0) window.since = refusal.time;
  window.until = refusal.time;
  meter_.refusals_counted.add();
  return window.denial_id;
}

// Once a window counts, the id that its callers were told stays.
bool Refusals::has_line_left(const Window& window) {
  return window.num_counted == 0 && window.num_lines < limits::kRefusalLinesPerWindow;
}

// window_for returns the window in which a refusal belongs, and says whether it gets a line.
Refusals::Window& Refusals::window_for(const AuditRecord& refusal, bool& has_line) {
  if (!refusal.device.empty()) {
    Window& window = window_of(refusal.device, true, refusal.reason);
    has_line = has_line_left(window);
    return window;
  }
  const std::string_view address = address_of(refusal.peer);
  const auto known = windows_by_key_.find(key_of(address, false, refusal.reason));
  const bool is_new = known == windows_by_key_.end();
  has_line = (is_new || has_line_left(*known->second)) && take_stranger_line();
  // Without a line a stranger gets no window of its own: many addresses cost nothing.
  const bool own = has_line || !is_new;
  return window_of(own ? address : std::string_view(), false, refusal.reason);
}

Refusals::Window& Refusals::window_of(std::string_view caller, bool is_device, Reason reason) {
  std::string key = key_of(caller, is_device, reason);
  if (const auto at = windows_by_key_.find(key); at != windows_by_key_.end()) return *at->second;
  if (!caller.empty()) make_room();
  windows_.push_back({.key = std::move(key),
                      .caller = std::string(caller),
                      .is_device = is_device,
                      .reason = reason,
                      .start = clock_.now(),
                      .denial_id = new_denial_id()});
  windows_by_key_.emplace(windows_.back().key, std::prev(windows_.end()));
  return windows_.back();
}

// A window that must go while nothing can be written leaves its count to all callers together.
// There is room for that always, so there are more than kRefusalWindowsMax by the number of
// reasons.
void Refusals::make_room() {
  if (windows_.size() < limits::kRefusalWindowsMax) return;
  const auto oldest = std::find_if(windows_.begin(), windows_.end(),
                                   [](const Window& each) { return !each.caller.empty(); });
  if (oldest == windows_.end()) return;
  const Window gone = *oldest;
  erase(oldest);
  if (gone.num_counted == 0 || put_count_on_record(gone)) return;
  Window& all = window_of({}, false, gone.reason);
  all.since = all.num_counted == 0 ? gone.since : std::min(all.since, gone.since);
  all.until = std::max(all.until, gone.until);
  all.num_counted += gone.num_counted;
}

bool Refusals::take_stranger_line() {
  const Instant now = clock_.now();
  const auto earned =
      static_cast<std::size_t>((now - stranger_lines_at_).ms / limits::kStrangerLineInterval.ms);
  if (earned > 0) {
    num_stranger_lines_ = std::min(num_stranger_lines_ + earned, limits::kStrangerLinesBurst);
    stranger_lines_at_ = now;
  }
  if (num_stranger_lines_ == 0) return false;
  --num_stranger_lines_;
  return true;
}

bool Refusals::put_count_on_record(const Window& window) {
  const std::string since = format_utc(window.since), until = format_utc(window.until);
  AuditRecord counted;
  counted.event = AuditEvent::kRefusalsCounted;
  counted.time = clock_.wall();
  counted.reason = window.reason;
  counted.denial_id = window.denial_id;
  (window.is_device ? counted.device : counted.peer) = window.caller;
  counted.suppressed = window.num_counted;
  counted.since = since;
  counted.until = until;
  return audit_.append(counted);
}

void Refusals::on_tick() {
  const Instant now = clock_.now();
  while (!windows_.empty() && windows_.front().start + limits::kRefusalWindow <= now) {
    const Window& over = windows_.front();
    if (over.num_counted > 0 && !put_count_on_record(over)) return;  // Later, then.
    erase(windows_.begin());
  }
}

void Refusals::flush() {
  for (const Window& each : windows_) {
    if (each.num_counted > 0 && !put_count_on_record(each)) meter_.records_not_accepted.add();
  }
  windows_by_key_.clear();
  windows_.clear();
}

void Refusals::erase(Windows::iterator at) {
  windows_by_key_.erase(at->key);
  windows_.erase(at);
}

std::string Refusals::new_denial_id() {
  std::array<std::uint8_t, 16> id{};
  random_.fill(id);
  return to_hex(id);
}

}  // namespace interlock::session
