#include "audit/writer.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/format.h"
#include "audit/line.h"
#include "audit/log_files.h"
#include "audit/open_file.h"
#include "audit/queue.h"
#include "audit/tail.h"
#include "base/hex.h"
#include "pki/digest.h"

namespace interlock::audit {
namespace {

using SteadyClock = std::chrono::steady_clock;

SteadyClock::time_point after(Millis interval) {
  return SteadyClock::now() + std::chrono::milliseconds(interval.ms);
}

// Start is what a writer goes on from.
struct Start {
  OpenFile file;
  std::uint64_t first_seq = 0;  // Of the file.
  std::uint64_t seq = 0;        // Of the last record, in this file or the one before it.
  Hash hash{};
  bool is_next = false;  // The file is empty, and others go before it.
  std::string repaired;  // What a crash had left; empty: nothing.
};

Result<Tail> tail_of(const LogFile& file) {
  const Fd fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot open the file before it", errno);
  }
  IL_TRY_ASSIGN(Tail tail, read_tail(fd.get()));
  if (tail.seq == 0 || tail.cut_bytes != 0) {
    return fail(Errc::kMalformed, Origin::kEnvironment,
                "the file before it does not end in an audit record");
  }
  return tail;
}

Result<Start> find_start(const std::string& path, FileCalls& calls) {
  const bool was_there = ::access(path.c_str(), F_OK) == 0;
  IL_TRY_ASSIGN(OpenFile file, OpenFile::open(path, calls));
  IL_TRY_ASSIGN(Tail tail, file.tail());
  IL_TRY_ASSIGN(const std::vector<LogFile> files, log_files(path));
  Start start{.file = std::move(file)};
  if (tail.cut_bytes != 0) {
    if (const int error = start.file.cut(tail.size); error != 0) {
      return fail(Errc::kIo, Origin::kEnvironment, "cannot repair the audit log", error);
    }
    start.repaired = fmt::format(
        "An incomplete last line of {} bytes, left by a crash, was cut off.", tail.cut_bytes);
  }
  if (tail.seq == 0 && files.size() > 1) {
    const LogFile& before = files[files.size() - 2];
    IL_TRY_ASSIGN(tail, tail_of(before));
    start.is_next = true;
    if (!was_there) {
      start.repaired =
          fmt::format("{} was not there; the chain goes on from {}.", path, before.path);
    }
  }
  start.seq = tail.seq;
  start.hash = tail.hash;
  start.first_seq = start.file.first_seq().value_or(tail.seq + 1);
  return start;
}

}  // namespace

Sink::Sink(Queue& queue, About about) : queue_(queue), about_(about) { queue_.add_sink(); }

Sink::~Sink() {
  flush();
  queue_.remove_sink();
}

bool Sink::append(const AuditRecord& record) {
  // The ends of tunnels are no more than there are tunnels, and none begins while the disk is full.
  const bool for_acts = about_ == About::kActs || record.event == AuditEvent::kTunnelEnd;
  if (!queue_.healthy()) return false;
  if (!for_acts && (queue_.full_disk() || queue_.late())) return false;
  if (buffer_.empty() && !queue_.reserve(for_acts)) return false;
  append_fields(buffer_, record);
  buffer_.push_back('\n');
  if (buffer_.size() >= limits::kAuditFlushBytes) flush();
  return true;
}

void Sink::flush() {
  queue_.note_late();
  if (!buffer_.empty()) buffer_ = queue_.hand_over(std::move(buffer_));
}

void Sink::sync(std::function<void()> on_disk) {
  flush();
  queue_.ask_sync(std::move(on_disk));
}

// Thread is the writer thread and what it alone touches while it runs.
class Writer::Thread {
 public:
  Thread(Queue& queue, std::string path, Start start, Envelope envelope, const port::Clock& clock,
         const WriterOptions& options)
      : queue_(queue),
        path_(std::move(path)),
        envelope_(std::move(envelope)),
        clock_(clock),
        options_(options),
        file_(std::move(start.file)),
        first_seq_(start.first_seq),
        seq_(start.seq),
        hash_(start.hash),
        is_next_(start.is_next),
        thread_([this] { run(); }) {}

  Status join() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  // Steps return false where the thread was told to stop and had to give up.

  void run() {
    Queue::Taken taken;
    if (is_next_ && !begin_file()) return;
    if (!look_at_room()) return;
    while (queue_.take(taken, wake_at())) {
      if (!taken.buffers.empty()) begin_waiting();
      for (std::string& members : taken.buffers) {
        if (!rotate() || !look_at_room()) return;
        chain(members);
        if (!insist(&Thread::write_batch)) return;
        queue_.give_back(std::move(members));
      }
      if (full_ && !look_at_room()) return;
      const bool asked = !taken.asks.empty() || (sync_at_ && SteadyClock::now() >= *sync_at_);
      if (asked && sync_at_ && !insist(&Thread::sync)) return;
      for (const auto& on_disk : taken.asks) on_disk();
      taken.buffers.clear();
      taken.asks.clear();
    }
    if (sync_at_) insist(&Thread::sync);
  }

  [[nodiscard]] std::optional<SteadyClock::time_point> wake_at() const {
    if (!full_) return sync_at_;
    const auto retry = after(options_.retry_interval);
    return sync_at_ ? std::min(*sync_at_, retry) : retry;
  }

  // insist repeats a step, which returns 0 or an errno, until it succeeds. False: it was told to
  // stop, tried once more, and gave up.
  bool insist(int (Thread::*step)()) {
    for (bool last_try = false;;
         last_try = !queue_.wait_unless_stopped(after(options_.retry_interval))) {
      const int error = (this->*step)();
      queue_.set_healthy(error == 0);
      if (error == 0) return true;
      queue_.count_failure();
      if (last_try) {
        result_ =
            fail(Errc::kIo, Origin::kEnvironment, "audit records could not be written", error);
        return false;
      }
    }
  }

  void begin_waiting() {
    if (!queue_.waiting_since()) queue_.set_waiting_since(SteadyClock::now());
  }

  // chain makes whole lines of a buffer of members. From here on their numbers and hashes are
  // settled: the batch is kept, and tried again, as it is.
  void chain(std::string_view members) {
    batch_.clear();
    begin_waiting();
    while (!members.empty()) {
      const std::size_t end = members.find('\n');
      const std::size_t start = batch_.size();
      envelope_.append_line(batch_, ++seq_, members.substr(0, end), hash_);
      const auto line = std::string_view(batch_).substr(start);
      hash_ = pki::sha256(as_bytes(line.substr(0, line.size() - 1)));
      members.remove_prefix(end + 1);
    }
  }

  int write_batch() {
    if (const int error = file_.write(batch_); error != 0) return error;
    queue_.set_last_seq(seq_);
    if (!sync_at_) sync_at_ = after(options_.sync_interval);
    return 0;
  }

  int sync() {
    const int error = file_.sync();
    if (error != 0) return error;
    sync_at_.reset();
    queue_.set_waiting_since(std::nullopt);
    return 0;
  }

  // note writes a record of the writer's own.
  bool note(AuditRecord record) {
    record.time = clock_.wall();
    std::string members;
    append_fields(members, record);
    members.push_back('\n');
    chain(members);
    return insist(&Thread::write_batch);
  }

  // look_at_room says when the disk is full, and when it no longer is. What was accepted before,
  // and acts, are written into the reserve meanwhile.
  bool look_at_room() {
    const bool full = file_.hold_room(options_.reserve_bytes) != 0;
    if (full == full_) return true;
    full_ = full;
    queue_.set_full_disk(full);
    AuditRecord record;
    record.event = full ? AuditEvent::kAuditFull : AuditEvent::kAuditRoom;
    record.detail = full ? "The disk is full but for the reserve: operations are refused."
                         : "There is room on the disk again: operations are decided as usual.";
    return note(record);
  }

  // rotate puts the file aside once it is large. Where that fails the file goes on growing, and it
  // is tried again later.
  bool rotate() {
    if (file_.size() < options_.rotate_bytes || full_ || SteadyClock::now() < rotate_at_) {
      return true;
    }
    if (!insist(&Thread::sync)) return false;
    rotate_at_ = after(options_.retry_interval);
    if (file_.put_aside(put_aside_path(path_, first_seq_)) != 0) return true;
    rotate_at_ = {};
    first_seq_ = seq_ + 1;
    return begin_file();
  }

  // begin_file writes the first record of a file that follows others. Those that are too many go
  // once it is on the disk that they were to go.
  bool begin_file() {
    const auto files = log_files(path_);
    const std::size_t num_aside = files && !files->empty() ? files->size() - 1 : 0;
    const std::size_t num_gone = num_aside - std::min(num_aside, options_.num_kept);
    AuditRecord record;
    record.event = AuditEvent::kAuditRotated;
    record.oldest_seq = num_aside > 0 ? (*files)[num_gone].first_seq : first_seq_;
    const std::string detail = fmt::format(
        "Goes on from the file before; records from {} on are kept.", record.oldest_seq);
    record.detail = detail;
    if (!note(record) || !insist(&Thread::sync)) return false;
    for (std::size_t i = 0; i < num_gone; ++i) ::unlink((*files)[i].path.c_str());
    return true;
  }

  Queue& queue_;
  const std::string path_;
  const Envelope envelope_;
  const port::Clock& clock_;
  const WriterOptions options_;
  OpenFile file_;
  std::uint64_t first_seq_;  // Of the file.
  std::uint64_t seq_;        // Of the last line that was chained.
  Hash hash_;
  const bool is_next_;  // The file begins with us.
  std::string batch_;
  bool full_ = false;                               // The reserve is not whole.
  std::optional<SteadyClock::time_point> sync_at_;  // Set while something is not on the disk.
  SteadyClock::time_point rotate_at_{};             // Not before.
  Status result_ = Ok{};
  std::thread thread_;  // Last: starts when all else is there.
};

Result<std::unique_ptr<Writer>> Writer::open(const std::string& path, std::string_view gateway,
                                             const port::Clock& clock, WriterOptions options) {
  Envelope envelope(gateway);
  if (!envelope.fits()) {
    return fail(Errc::kLimit, Origin::kEnvironment, "gateway_id is too long for audit records");
  }
  IL_TRY_ASSIGN(Start start, find_start(path, *options.calls));
  auto queue = std::make_unique<Queue>();
  queue->set_last_seq(start.seq);
  queue->set_late_after(std::chrono::milliseconds(options.sync_interval.ms + options.late_max.ms));
  if (!start.repaired.empty()) {
    AuditRecord repaired;
    repaired.event = AuditEvent::kAuditRepaired;
    repaired.time = clock.wall();
    repaired.detail = start.repaired;
    const bool accepted = Sink(*queue, About::kActs).append(repaired);
    IL_ASSERT(accepted);
  }
  auto thread =
      std::make_unique<Thread>(*queue, path, std::move(start), std::move(envelope), clock, options);
  return std::unique_ptr<Writer>(new Writer(std::move(queue), std::move(thread)));
}

Writer::Writer(std::unique_ptr<Queue> queue, std::unique_ptr<Thread> thread)
    : queue_(std::move(queue)), thread_(std::move(thread)) {}

Writer::~Writer() { static_cast<void>(stop()); }

std::unique_ptr<Sink> Writer::sink(About about) { return std::make_unique<Sink>(*queue_, about); }

bool Writer::healthy() const {
  return queue_->healthy() && !queue_->full_disk() && !queue_->is_late_now();
}

std::uint64_t Writer::last_seq() const { return queue_->last_seq(); }

WriterFigures Writer::figures() const {
  WriterFigures figures{.disk_full = queue_->full_disk(),
                        .queue_bytes = queue_->reserved_bytes(),
                        .num_failures = queue_->num_failures()};
  if (const auto since = queue_->waiting_since()) {
    figures.lag.ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - *since).count();
  }
  return figures;
}

Status Writer::stop() {
  queue_->stop();
  const Status result = thread_->join();
  queue_->set_healthy(false);  // Nothing is accepted any more.
  return result;
}

}  // namespace interlock::audit
