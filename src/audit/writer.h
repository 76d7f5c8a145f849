// Writes the audit log: one file, one JSON line a record, each line holding the hash of the one
// before (FORMAT.md). Data threads format records into buffers of their own and hand them over
// whole; one writer thread numbers, chains and writes them.
//
// Threads: open() and stop() belong to the owner. A Sink belongs to one data thread. healthy() and
// last_seq() may be called by any thread. The writer thread never calls anybody back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "port/audit_sink.h"

namespace interlock::audit {

// FileCalls are the system calls that may fail while running; tests put faults here. Each returns
// what the call of the same name does, with errno set. open() calls ftruncate; after it, the
// writer thread alone calls.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual ssize_t write(int fd, std::string_view bytes) = 0;
  virtual int ftruncate(int fd, off_t size) = 0;
  virtual int fdatasync(int fd) = 0;
};

// system_calls are the kernel's own. They live as long as the program.
FileCalls& system_calls();

struct WriterOptions {
  Millis retry_interval = limits::kAuditRetryInterval;  // Between attempts after a failure.
  Millis sync_interval = limits::kAuditSyncInterval;    // At most this long from write to disk.
  FileCalls* calls = &system_calls();                   // Not owned; outlives the Writer.
};

class Queue;

// Sink takes the records of one data thread, and is used by that thread alone. It must be gone
// before its Writer is.
class Sink final : public port::AuditSink {
 public:
  explicit Sink(Queue& queue);
  ~Sink() override;  // Flushes.
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // append formats `record` into this thread's buffer: no lock, and no allocation in steady state.
  // False when limits::kAuditQueueBytesMax bytes, over all sinks, wait to be written, or while the
  // writer cannot write; the record is then not taken. What was taken and flushed before stop() is
  // never dropped while the gateway runs.
  [[nodiscard]] bool append(const AuditRecord& record) override;

  // flush hands the buffer to the writer thread. The owner calls it at least every
  // limits::kAuditFlushInterval; append does so by itself at limits::kAuditFlushBytes. An empty
  // buffer costs one comparison.
  void flush();

 private:
  Queue& queue_;
  std::string buffer_;  // Members of records (append_fields), one line each.
};

class Writer {
 public:
  // open opens or creates the log `path` (mode 0640), takes its lock, and continues its chain. An
  // incomplete last line, left by a crash, is cut off and recorded (`audit.repaired`, at `now`).
  // `gateway` is the gateway_id of the configuration. Fails, with the file untouched: kState, if
  // another process holds the lock; kMalformed, if the file does not end in an audit record;
  // kLimit, if `gateway` is longer than a line has room for; kIo.
  static Result<std::unique_ptr<Writer>> open(const std::string& path, std::string_view gateway,
                                              WallTime now, WriterOptions options = {});
  ~Writer();  // stop(), if that has not been done.
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // sink makes the sink of one data thread.
  std::unique_ptr<Sink> sink();

  // healthy says whether the last attempt to write succeeded. After a failure the writer keeps what
  // it has, tries again every retry_interval, and recovers by itself.
  [[nodiscard]] bool healthy() const;

  // last_seq is the number of the last record in the file; 0: it holds none.
  [[nodiscard]] std::uint64_t last_seq() const;

  // queue_bytes is the room that records take which are not written yet.
  [[nodiscard]] std::uint64_t queue_bytes() const;

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
