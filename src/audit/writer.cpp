#include "audit/writer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/format.h"
#include "audit/line.h"
#include "audit/queue.h"
#include "base/fd.h"
#include "base/hex.h"
#include "pki/digest.h"

namespace interlock::audit {
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point after(Millis interval) {
  return Clock::now() + std::chrono::milliseconds(interval.ms);
}

class SystemCalls final : public FileCalls {
 public:
  ssize_t write(int fd, std::string_view bytes) override {
    return ::write(fd, bytes.data(), bytes.size());
  }
  int ftruncate(int fd, off_t size) override { return ::ftruncate(fd, size); }
  int fdatasync(int fd) override { return ::fdatasync(fd); }
};

Result<Fd> open_locked(const std::string& path) {
  Fd file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!file.valid()) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot open the audit log", errno);
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) {
    return fail(Errc::kState, Origin::kEnvironment, "another process writes this audit log");
  }
  return fail(Errc::kIo, Origin::kEnvironment, "cannot lock the audit log", errno);
}

// Tail is where the chain of a file stands.
struct Tail {
  std::uint64_t seq = 0;  // Of the last whole line; 0: none.
  Hash hash{};
  off_t size = 0;             // Up to the end of that line.
  std::size_t cut_bytes = 0;  // What follows it: the beginning of a line, torn by a crash.
};

// is_torn says whether `tail` can be the beginning of one of our lines; after a power cut, file
// systems may leave zeros for what was not written.
bool is_torn(std::string_view tail) {
  tail = tail.substr(0, std::min(tail.find('\0'), kLineStart.size()));
  return kLineStart.starts_with(tail);
}

Result<std::string> read_last(int fd, off_t size, std::size_t bytes_max) {
  std::string text(std::min(static_cast<std::size_t>(size), bytes_max), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const off_t at = size - static_cast<off_t>(text.size() - have);
    const ssize_t got = ::pread(fd, text.data() + have, text.size() - have, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {  // It cannot end early: we hold the lock.
      return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log",
                  got < 0 ? errno : EIO);
    }
    have += static_cast<std::size_t>(got);
  }
  return text;
}

Result<Tail> read_tail(int fd) {
  const auto not_ours =
      fail(Errc::kMalformed, Origin::kEnvironment, "the file does not end in an audit record");
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log", errno);
  }
  if (!S_ISREG(status.st_mode)) return not_ours;
  // A torn line, the whole line before it, and the newline before that.
  IL_TRY_ASSIGN(const std::string text,
                read_last(fd, status.st_size, 2 * limits::kAuditLineBytesMax));
  const bool from_start = static_cast<off_t>(text.size()) == status.st_size;
  const std::size_t whole = text.rfind('\n') + 1;  // 0 where there is no newline.
  const std::string_view torn = std::string_view(text).substr(whole);
  Tail tail;
  tail.cut_bytes = torn.size();
  tail.size = status.st_size - static_cast<off_t>(torn.size());
  if (!is_torn(torn) || (whole == 0 && !from_start)) return not_ours;
  if (whole == 0) return tail;
  std::string_view last = std::string_view(text).substr(0, whole - 1);
  const std::size_t start = last.rfind('\n') + 1;
  if (start == 0 && !from_start) return not_ours;
  last.remove_prefix(start);
  const auto line = parse_line(last);
  if (!line) return not_ours;
  tail.seq = line->seq;
  tail.hash = pki::sha256(as_bytes(last));
  return tail;
}

}  // namespace

FileCalls& system_calls() {
  static SystemCalls calls;
  return calls;
}

Sink::Sink(Queue& queue) : queue_(queue) { queue_.add_sink(); }

Sink::~Sink() {
  flush();
  queue_.remove_sink();
}

bool Sink::append(const AuditRecord& record) {
  if (!queue_.healthy()) return false;
  if (buffer_.empty() && !queue_.reserve()) return false;
  append_fields(buffer_, record);
  buffer_.push_back('\n');
  if (buffer_.size() >= limits::kAuditFlushBytes) flush();
  return true;
}

void Sink::flush() {
  if (!buffer_.empty()) buffer_ = queue_.hand_over(std::move(buffer_));
}

// Thread is the writer thread and what it alone touches while it runs.
class Writer::Thread {
 public:
  Thread(Queue& queue, Fd file, Envelope envelope, const Tail& tail, const WriterOptions& options)
      : queue_(queue),
        file_(std::move(file)),
        envelope_(std::move(envelope)),
        options_(options),
        seq_(tail.seq),
        hash_(tail.hash),
        size_(tail.size),
        thread_([this] { run(); }) {}

  Status join() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  void run() {
    std::vector<std::string> taken;
    while (queue_.take(taken, sync_at_)) {
      for (std::string& members : taken) {
        chain(members);
        if (!insist(&Thread::write_batch)) return;
        queue_.give_back(std::move(members));
      }
      taken.clear();
      if (sync_at_ && Clock::now() >= *sync_at_ && !insist(&Thread::sync)) return;
    }
    if (sync_at_) insist(&Thread::sync);
  }

  // insist repeats a step, which returns 0 or an errno, until it succeeds. False: it was told to
  // stop, tried once more, and gave up.
  bool insist(int (Thread::*step)()) {
    for (bool last_try = false;; last_try = !queue_.wait_unless_stopped(retry_at())) {
      const int error = (this->*step)();
      queue_.set_healthy(error == 0);
      if (error == 0) return true;
      if (last_try) {
        result_ =
            fail(Errc::kIo, Origin::kEnvironment, "audit records could not be written", error);
        return false;
      }
    }
  }
  [[nodiscard]] Clock::time_point retry_at() const { return after(options_.retry_interval); }

  // chain makes whole lines of a buffer of members. From here on their numbers and hashes are
  // settled: the batch is kept, and tried again, as it is.
  void chain(std::string_view members) {
    batch_.clear();
    while (!members.empty()) {
      const std::size_t end = members.find('\n');
      const std::size_t start = batch_.size();
      envelope_.append_line(batch_, ++seq_, members.substr(0, end), hash_);
      const auto line = std::string_view(batch_).substr(start);
      hash_ = pki::sha256(as_bytes(line.substr(0, line.size() - 1)));
      members.remove_prefix(end + 1);
    }
  }

  // write_batch writes all of the batch or, as far as the file lets it, nothing.
  int write_batch() {
    if (torn_ && options_.calls->ftruncate(file_.get(), size_) != 0) return errno;
    torn_ = false;
    std::string_view rest = batch_;
    while (!rest.empty()) {
      const ssize_t put = options_.calls->write(file_.get(), rest);
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) {
        const int error = put < 0 ? errno : EIO;
        torn_ = rest.size() < batch_.size() && options_.calls->ftruncate(file_.get(), size_) != 0;
        return error;
      }
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
    size_ += static_cast<off_t>(batch_.size());
    queue_.set_last_seq(seq_);
    if (!sync_at_) sync_at_ = after(options_.sync_interval);
    return 0;
  }

  int sync() {
    if (options_.calls->fdatasync(file_.get()) != 0) return errno;
    sync_at_.reset();
    return 0;
  }

  Queue& queue_;
  const Fd file_;  // Its lock ends with it.
  const Envelope envelope_;
  const WriterOptions options_;
  std::uint64_t seq_;  // Of the last line that was chained.
  Hash hash_;
  off_t size_;  // Of the file, up to the last batch that was written whole.
  std::string batch_;
  bool torn_ = false;                         // Beyond size_ lies a piece of the batch.
  std::optional<Clock::time_point> sync_at_;  // Set while something written is not on the disk.
  Status result_ = Ok{};
  std::thread thread_;  // Last: starts when all else is there.
};

Result<std::unique_ptr<Writer>> Writer::open(const std::string& path, std::string_view gateway,
                                             WallTime now, WriterOptions options) {
  Envelope envelope(gateway);
  if (!envelope.fits()) {
    return fail(Errc::kLimit, Origin::kEnvironment, "gateway_id is too long for audit records");
  }
  IL_TRY_ASSIGN(Fd file, open_locked(path));
  IL_TRY_ASSIGN(const Tail tail, read_tail(file.get()));
  auto queue = std::make_unique<Queue>();
  queue->set_last_seq(tail.seq);
  if (tail.cut_bytes != 0) {
    if (options.calls->ftruncate(file.get(), tail.size) != 0) {
      return fail(Errc::kIo, Origin::kEnvironment, "cannot repair the audit log", errno);
    }
    const std::string detail = "An incomplete last line of " + std::to_string(tail.cut_bytes) +
                               " bytes, left by a crash, was cut off.";
    AuditRecord repaired;
    repaired.event = AuditEvent::kAuditRepaired;
    repaired.time = now;
    repaired.detail = detail;
    const bool accepted = Sink(*queue).append(repaired);
    IL_ASSERT(accepted);
  }
  auto thread =
      std::make_unique<Thread>(*queue, std::move(file), std::move(envelope), tail, options);
  return std::unique_ptr<Writer>(new Writer(std::move(queue), std::move(thread)));
}

Writer::Writer(std::unique_ptr<Queue> queue, std::unique_ptr<Thread> thread)
    : queue_(std::move(queue)), thread_(std::move(thread)) {}

Writer::~Writer() { static_cast<void>(stop()); }

std::unique_ptr<Sink> Writer::sink() { return std::make_unique<Sink>(*queue_); }

bool Writer::healthy() const { return queue_->healthy(); }

std::uint64_t Writer::last_seq() const { return queue_->last_seq(); }

std::uint64_t Writer::queue_bytes() const { return queue_->reserved_bytes(); }

Status Writer::stop() {
  queue_->stop();
  const Status result = thread_->join();
  queue_->set_healthy(false);  // Nothing is accepted any more.
  return result;
}

}  // namespace interlock::audit
