// Writes the audit log: one JSON line a record, each line holding the hash of the one before, in
// files that are put aside when they have grown large (FORMAT.md). Data threads format records into
// buffers of their own and hand them over whole; one writer thread numbers, chains and writes them.
//
// Threads: open() and stop() belong to the owner. A Sink belongs to one data thread. healthy(),
// last_seq() and figures() may be called by any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/file_calls.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "port/audit_sink.h"
#include "port/clock.h"

namespace interlock::audit {

struct WriterOptions {
  Millis retry_interval = limits::kAuditRetryInterval;     // Between attempts after a failure.
  Millis sync_interval = limits::kAuditSyncInterval;       // At most this long from write to disk.
  Millis late_max = limits::kAuditLateMax;                 // Beyond that, operations are refused.
  std::uint64_t rotate_bytes = limits::kAuditRotateBytes;  // A file that has so many is put aside.
  std::size_t num_kept = limits::kAuditFilesKept;          // Of the files put aside; 1 or more.
  std::uint64_t reserve_bytes = limits::kAuditReserveBytes;
  FileCalls* calls = &system_calls();  // Not owned; outlives the Writer.
};

class Queue;

// What a sink's records are about. Those of acts (of operators, and of the gateway itself) are also
// taken while the disk is full, out of the reserve; so are the ends of operations that go on.
enum class About : std::uint8_t { kOperations, kActs };

// Sink takes the records of one data thread, and is used by that thread alone. It must be gone
// before its Writer is.
class Sink final : public port::AuditSink {
 public:
  Sink(Queue& queue, About about);
  ~Sink() override;  // Flushes.
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // append formats `record` into this thread's buffer: no lock, and no allocation in steady state.
  // False when limits::kAuditQueueBytesMax bytes, over all sinks, wait to be written, while the
  // writer cannot write, or while the disk is full or hangs and this sink is about operations; the
  // record is then not taken. What was taken and flushed before stop() is never dropped while the
  // gateway runs.
  [[nodiscard]] bool append(const AuditRecord& record) override;

  // no_more_operations says that nothing is decided any more: what is still to be said, such as how
  // many refusals there were, is taken like acts.
  void no_more_operations() { about_ = About::kActs; }

  // flush hands the buffer to the writer thread. The owner calls it at least every
  // limits::kAuditFlushInterval, also when nothing was appended: that is when it is noticed that
  // the disk hangs, or goes on. append does so by itself at limits::kAuditFlushBytes.
  void flush();

  // sync flushes, and has all that was appended so far brought to the disk at once; the writer
  // thread then calls `on_disk`. While writing fails that waits; after stop() it never comes.
  void sync(std::function<void()> on_disk);

 private:
  Queue& queue_;
  About about_;
  std::string buffer_;  // Members of records (append_fields), one line each.
};

struct WriterFigures {
  bool disk_full = false;          // But for the reserve.
  std::uint64_t queue_bytes = 0;   // The room of records that are not written yet.
  std::uint64_t num_failures = 0;  // Attempts to write, or to bring to the disk, since the start.
  Millis lag{0};                   // How long the oldest record has waited to be on the disk.
};

class Writer {
 public:
  // open opens or creates the log `path` (mode 0640), takes its lock, and continues its chain. What
  // a crash left is repaired and recorded (`audit.repaired`): an incomplete last line is cut off;
  // where the file is gone the chain goes on from the last one put aside. `gateway` is the
  // gateway_id of the configuration; `clock` outlives the Writer, which reads it from its thread.
  // Fails, with the file untouched: kState, if another process holds the lock; kMalformed, if the
  // file does not end in an audit record; kLimit, if `gateway` is longer than a line has room for;
  // kIo.
  static Result<std::unique_ptr<Writer>> open(const std::string& path, std::string_view gateway,
                                              const port::Clock& clock, WriterOptions options = {});
  ~Writer();  // stop(), if that has not been done.
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // sink makes the sink of one thread.
  std::unique_ptr<Sink> sink(About about = About::kOperations);

  // healthy says whether operations' records are taken: the last attempt to write succeeded, the
  // reserve is whole, and no record waits for longer than it may. Else the writer keeps what it
  // has, tries again every retry_interval, and recovers by itself.
  [[nodiscard]] bool healthy() const;

  // last_seq is the number of the last record written; 0: there is none.
  [[nodiscard]] std::uint64_t last_seq() const;

  // figures are for metrics.
  [[nodiscard]] WriterFigures figures() const;

  // stop writes what was handed over, brings it to the disk and ends the thread; sinks are to be
  // flushed before. While writing fails it tries once more and gives up: kIo, with the errno of
  // that attempt. Later calls do nothing and return the same.
  Status stop();

 private:
  class Thread;
  Writer(std::unique_ptr<Queue> queue, std::unique_ptr<Thread> thread);
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace interlock::audit
