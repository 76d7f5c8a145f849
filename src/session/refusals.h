// Refusals: where refusals go on record. A storm of them must neither fill the disk nor push other
// records out of the queue: of each caller and reason the first few in kRefusalWindow get a line of
// their own, the rest is counted, and the count goes on record when the window ends.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/limits.h"
#include "model/audit_record.h"
#include "port/audit_sink.h"
#include "port/clock.h"
#include "session/meter.h"

namespace interlock::session {

// Refusals belongs to one data thread. A caller is a device that has proved itself, or the address
// of a stranger; strangers together have a quota of lines, above which they are counted by reason
// alone. What cannot be written down now is counted too, and on record once it can be.
class Refusals {
 public:
  Refusals(port::AuditSink& audit, port::Random& random, port::Clock& clock, Meter& meter)
      : audit_(audit), random_(random), clock_(clock), meter_(meter) {}

  // write puts a refusal on record or counts it, and returns its denial id: that of its own line,
  // else of the last line about the same caller and reason; the record of the count has it too.
  std::string write(AuditRecord refusal);

  // on_tick puts the counts of windows that are over on record. Call it a few times a second.
  void on_tick();

  // flush does it for all windows, at the end of the thread.
  void flush();

  // new_denial_id returns 128 random bits in hexadecimal digits.
  std::string new_denial_id();

 private:
  struct Window {
    std::string key;  // In windows_by_key_.
    std::string caller;
    bool is_device = false;
    Reason reason = Reason::kNone;
    Instant start;
    std::size_t num_lines = 0;
    std::string denial_id;
    std::uint64_t num_counted = 0;
    WallTime since, until;  // Of what was counted.
  };
  using Windows = std::list<Window>;  // In the order of their starts.

  Window& window_of(std::string_view caller, bool is_device, Reason reason);
  Window& window_for(const AuditRecord& refusal, bool& has_line);
  static bool has_line_left(const Window& window);
  bool take_stranger_line();
  void make_room();
  bool put_count_on_record(const Window& window);
  void erase(Windows::iterator at);

  port::AuditSink& audit_;
  port::Random& random_;
  port::Clock& clock_;
  Meter& meter_;
  Windows windows_;
  std::unordered_map<std::string, Windows::iterator> windows_by_key_;
  // Strangers' lines that may be written now: a bucket that fills by one each interval.
  std::size_t num_stranger_lines_ = limits::kStrangerLinesBurst;
  Instant stranger_lines_at_{};
};

}  // namespace interlock::session
