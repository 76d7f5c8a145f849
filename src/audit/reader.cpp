// How a break is told apart. Record E, holding hash H of the line before, belongs on line N.
//   holds H, numbered E      good.
//   holds H, other number    N was altered: it was written here, under another number.
//   other hash, numbered E   N-1 was altered, or the hash in N. Line N+1 tells: if it holds the
//                            hash of N as it stands, N is sound and N-1 was altered.
//   other hash, number > E   records are missing; if E comes later after all, they were moved.
//   other hash, number < E   moved or repeated.
//   no record                N was altered beyond recognition, if a number above E comes next;
//                            else it never was one.
#include "audit/reader.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

#include "audit/log_files.h"
#include "base/fd.h"
#include "base/hex.h"
#include "pki/digest.h"

namespace interlock::audit {

std::string_view to_string(BreakKind kind) {
  switch (kind) {
    case BreakKind::kAltered:
      return "altered";
    case BreakKind::kMissing:
      return "missing";
    case BreakKind::kReordered:
      return "reordered";
    case BreakKind::kIncompleteLine:
      return "incomplete last line";
    case BreakKind::kNotARecord:
      return "not an audit record";
  }
  return "";
}

void Verifier::feed(std::string_view bytes) {
  if (phase_ == Phase::kDone) return;
  lines_.feed(bytes, [this](std::string_view line) {
    take_line(line);
    return phase_ != Phase::kDone;
  });
}

VerifyReport Verifier::finish() {
  if (lines_.is_partial() && phase_ == Phase::kFollowing) {
    break_at(line_ + 1, BreakKind::kIncompleteLine, Phase::kDone);
  }
  phase_ = Phase::kDone;
  return std::move(report_);
}

void Verifier::take_line(std::string_view line) {
  ++line_;
  const auto record = parse_line(line);
  if (record) {
    take_record(*record, pki::sha256(as_bytes(line)));
  } else if (phase_ == Phase::kFollowing) {
    break_at(line_, BreakKind::kNotARecord, Phase::kAfterDamage);
  } else if (phase_ == Phase::kAfterMismatch) {
    phase_ = Phase::kDone;  // The witness is damaged too.
  }
}

void Verifier::take_record(const Line& record, const Hash& hash) {
  switch (phase_) {
    case Phase::kFollowing:
      follow(record, hash);
      break;
    case Phase::kAfterMismatch:
      if (record.prev != previous_) ++report_.first_break->line;
      phase_ = Phase::kDone;
      break;
    case Phase::kAfterGap:
      if (record.seq < expected_seq_ || record.seq >= gap_end_) break;
      report_.first_break->kind = BreakKind::kReordered;
      phase_ = Phase::kDone;
      break;
    case Phase::kAfterDamage:
      if (record.seq > expected_seq_) report_.first_break->kind = BreakKind::kAltered;
      phase_ = Phase::kDone;
      break;
    case Phase::kDone:
      break;
  }
}

void Verifier::follow(const Line& record, const Hash& hash) {
  if (line_ == 1 && first_seq_ > 1 && record.seq == first_seq_) previous_ = record.prev;
  const bool linked = record.prev == previous_;
  const bool in_order = record.seq == expected_seq_;
  if (linked ? !in_order : in_order && line_ == 1) {
    break_at(line_, BreakKind::kAltered,
             Phase::kDone);  // Only its own number or hash can be wrong.
  } else if (record.seq > expected_seq_) {
    gap_end_ = record.seq;
    break_at(line_, BreakKind::kMissing, Phase::kAfterGap);
  } else if (record.seq < expected_seq_) {
    break_at(line_, BreakKind::kReordered, Phase::kDone);
  } else if (!linked) {
    break_at(line_ - 1, BreakKind::kAltered, Phase::kAfterMismatch);
    previous_ = hash;
  } else {
    if (report_.num_records++ == 0) {
      report_.first_seq = record.seq;
      report_.first_time = record.time;
    }
    report_.last_seq = record.seq;
    report_.last_time = record.time;
    previous_ = hash;
    ++expected_seq_;
  }
}

void Verifier::break_at(std::uint64_t line, BreakKind kind, Phase next) {
  report_.first_break = Break{kind, line, expected_seq_};
  phase_ = next;
}

namespace {

// The writer puts down many lines at once, and a reader may see a part of them.
constexpr int kLookMs = 20;
constexpr int kLooksMax = 50;

// first_record says which record a log begins with, if nothing was taken away. Files older than
// need be may still be there.
std::uint64_t first_record(const std::vector<OpenedFile>& files) {
  const LogFile& first = files.front().file;
  if (first.first_seq != 0 && files.size() == 1) return first.first_seq;
  std::uint64_t oldest = 1;
  for (const OpenedFile& each : files) {  // The newest file that says it is right.
    const auto beginning = beginning_of(each.fd.get());
    if (beginning && beginning->oldest_seq != 0) oldest = beginning->oldest_seq;
  }
  return first.first_seq == 0 ? oldest : std::min(oldest, first.first_seq);
}

Status feed_file(Verifier& verifier, const Fd& file) {
  std::string block(256 * limits::kKiB, '\0');
  while (true) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::kIo, Origin::kEnvironment, "cannot read the audit log", errno);
    if (got == 0) return Ok{};
    verifier.feed(std::string_view(block).substr(0, static_cast<std::size_t>(got)));
  }
}

}  // namespace

Result<VerifyReport> verify_log(const std::string& path) {
  IL_TRY_ASSIGN(const std::vector<OpenedFile> files, open_log_files(path));
  Verifier verifier(first_record(files));
  std::vector<std::uint64_t> ends;  // Lines up to the end of each file.
  for (const OpenedFile& each : files) {
    if (!ends.empty()) verifier.end_file();
    if (!ends.empty()) ends.back() = verifier.num_lines();
    IL_TRY(feed_file(verifier, each.fd));
    ends.push_back(verifier.num_lines());
  }
  for (int looks = 0; verifier.is_partial() && looks < kLooksMax; ++looks) {
    poll(nullptr, 0, kLookMs);
    IL_TRY(feed_file(verifier, files.back().fd));
    ends.back() = verifier.num_lines();
  }
  VerifyReport report = verifier.finish();
  if (!report.first_break) return report;
  std::size_t at = 0;
  while (at + 1 < files.size() && report.first_break->line > ends[at]) ++at;
  if (at > 0) report.first_break->line -= ends[at - 1];
  report.break_file = files[at].file.path;
  return report;
}

}  // namespace interlock::audit
