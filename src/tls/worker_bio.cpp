#include "tls/worker_bio.h"

#include <algorithm>
#include <cstring>

#include "base/result.h"

namespace interlock::tls {
namespace {

struct MethodDeleter {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};
using MethodPtr = std::unique_ptr<BIO_METHOD, MethodDeleter>;

std::size_t take(std::span<const std::uint8_t> from, std::span<std::uint8_t> to) {
  const std::size_t len = std::min(from.size(), to.size());
  std::copy_n(from.begin(), len, to.begin());
  return len;
}

}  // namespace

port::IoResult Link::flush() {
  std::size_t moved = 0;
  while (!unsent.empty()) {
    const port::IoResult sent = stream->write(unsent);
    if (sent.state != port::IoState::kProgress) return {sent.state, moved};
    moved += sent.bytes;
    unsent.erase(unsent.begin(), unsent.begin() + static_cast<std::ptrdiff_t>(sent.bytes));
  }
  unsent.shrink_to_fit();
  return {port::IoState::kProgress, moved};
}

WorkerBio::WorkerBio() {
  static const MethodPtr method = [] {
    MethodPtr made(BIO_meth_new(BIO_get_new_index(), "interlock"));
    IL_ASSERT(made != nullptr);
    BIO_meth_set_read(made.get(), bio_read);
    BIO_meth_set_write(made.get(), bio_write);
    BIO_meth_set_ctrl(made.get(), bio_ctrl);
    return made;
  }();
  bio_.reset(BIO_new(method.get()));
  IL_ASSERT(bio_ != nullptr);
  BIO_set_data(bio_.get(), this);
  BIO_set_init(bio_.get(), 1);
}

WorkerBio::~WorkerBio() = default;

WorkerBio::Turn::Turn(WorkerBio& worker, Link& link) : worker_(worker) {
  IL_ASSERT(worker.link_ == nullptr);
  worker.link_ = &link;
  ERR_clear_error();
}

WorkerBio::Turn::~Turn() { worker_.end_turn(); }

int WorkerBio::read(std::span<std::uint8_t> out) {
  if (!link_->unread.empty()) {
    const std::size_t len = take(std::span(link_->unread).subspan(link_->unread_begin), out);
    link_->unread_begin += len;
    if (link_->unread_begin == link_->unread.size()) {
      link_->unread = {};
      link_->unread_begin = 0;
    }
    return static_cast<int>(len);
  }
  if (received_begin_ == received_end_) {
    const port::IoResult got = link_->stream->read(received_);
    link_->eof = got.state == port::IoState::kEof;
    link_->failed = got.state == port::IoState::kFailed;
    if (got.state == port::IoState::kBlocked) BIO_set_retry_read(bio_.get());
    if (got.state != port::IoState::kProgress) return got.state == port::IoState::kEof ? 0 : -1;
    received_begin_ = 0;
    received_end_ = got.bytes;
  }
  const std::size_t len =
      take(std::span(received_).subspan(received_begin_, received_end_ - received_begin_), out);
  received_begin_ += len;
  return static_cast<int>(len);
}

int WorkerBio::bio_read(BIO* bio, char* out, int len) {
  auto* worker = static_cast<WorkerBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  return worker->read({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(len)});
}

int WorkerBio::bio_write(BIO* bio, const char* in, int len) {
  auto* worker = static_cast<WorkerBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(in);  // Same type: copied in one go.
  worker->to_send_.insert(worker->to_send_.end(), bytes, bytes + len);
  return len;
}

long WorkerBio::bio_ctrl(BIO*, int cmd, long, void*) { return cmd == BIO_CTRL_FLUSH ? 1 : 0; }

void WorkerBio::end_turn() {
  Link& link = *link_;
  link_ = nullptr;
  const auto rest = std::span(received_).subspan(received_begin_, received_end_ - received_begin_);
  link.unread.insert(link.unread.end(), rest.begin(), rest.end());
  received_begin_ = received_end_ = 0;

  std::span<const std::uint8_t> out(to_send_);
  // What waited for room goes first; during a handshake nobody else sends it.
  bool has_room = link.flush().state == port::IoState::kProgress;
  while (has_room && !out.empty()) {
    const port::IoResult sent = link.stream->write(out);
    has_room = sent.state == port::IoState::kProgress;
    if (has_room) out = out.subspan(sent.bytes);
  }
  link.unsent.insert(link.unsent.end(), out.begin(), out.end());
  to_send_.clear();
}

}  // namespace interlock::tls
