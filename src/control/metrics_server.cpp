#include "control/metrics_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hex.h"
#include "base/limits.h"
#include "control/metrics.h"
#include "wire/http1/encoder.h"
#include "wire/http1/request_decoder.h"

namespace interlock::control {
namespace {

constexpr std::string_view kPath = "/metrics";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";

}  // namespace

// Connection reads one request, answers it, and goes on reading until the client has closed, so
// that what the client has still sent does not eat the answer.
class MetricsServer::Connection final : public port::StreamObserver {
 public:
  Connection(MetricsServer& server, std::uint64_t id, std::unique_ptr<port::ByteStream> stream)
      : server_(server),
        id_(id),
        stream_(std::move(stream)),
        deadline_(server.clock_.now() + limits::kMetricsTimeout) {
    stream_->observe(this);
  }

  void on_stream_ready() override { advance(); }

  void advance() {
    if (phase_ == Phase::kRead) read();
    if (phase_ == Phase::kWrite) write();
    if (phase_ == Phase::kDrain) drain();
  }

  [[nodiscard]] bool is_answered() const { return phase_ >= Phase::kDrain; }

  void on_tick(Instant now) {
    if (phase_ != Phase::kDone && deadline_ <= now) end();
  }

 private:
  enum class Phase : std::uint8_t { kRead, kWrite, kDrain, kDone };

  void read() {
    std::array<std::uint8_t, 1024> scratch{};
    for (;;) {
      const auto decoded = decoder_.decode(in_, false);
      if (!decoded) return answer(decoded.error().status, decoded.error().what);
      if (const auto* head = std::get_if<http1::RequestHead>(&decoded->event)) {
        return answer(*head);
      }
      in_.erase(0, decoded->consumed);
      if (in_.size() >= limits::kMetricsRequestBytesMax) {
        return answer(431, "the request is too large");
      }
      const port::IoResult got = stream_->read(scratch);
      if (got.state == port::IoState::kBlocked) return stream_->want(true, false);
      if (got.state != port::IoState::kProgress) return end();
      in_ += as_text({scratch.data(), got.bytes});
    }
  }

  void answer(const http1::RequestHead& head) {
    request_ = {.method = head.method, .minor_version = head.minor_version};
    if (head.path != kPath) return answer(404, "there is nothing but /metrics");
    if (head.method != "GET" && head.method != "HEAD") {
      return answer(405, "the page can only be read", "Allow: GET, HEAD\r\n");
    }
    http1::encode_answer(
        out_, {.status = 200, .content_type = kMetricsType, .body = server_.page()}, request_);
    phase_ = Phase::kWrite;
  }

  void answer(int status, std::string_view what, std::string_view fields = {}) {
    http1::encode_answer(out_,
                         {.status = status,
                          .content_type = kPlain,
                          .body = std::string(what) + "\n",
                          .extra_fields = fields},
                         request_);
    phase_ = Phase::kWrite;
  }

  void write() {
    while (written_ < out_.size()) {
      const port::IoResult sent = stream_->write(as_bytes(std::string_view(out_).substr(written_)));
      if (sent.state == port::IoState::kBlocked) return stream_->want(false, true);
      if (sent.state != port::IoState::kProgress) return end();
      written_ += sent.bytes;
    }
    stream_->shutdown_write();
    phase_ = Phase::kDrain;
  }

  void drain() {
    std::array<std::uint8_t, 1024> scratch{};
    for (;;) {
      const port::IoResult got = stream_->read(scratch);
      if (got.state == port::IoState::kBlocked) return stream_->want(true, false);
      drained_ += got.bytes;
      const bool too_much = drained_ > limits::kMetricsRequestBytesMax;
      if (got.state != port::IoState::kProgress || too_much) return end();
    }
  }

  void end() {
    phase_ = Phase::kDone;
    stream_->want(false, false);
    server_.retire(id_);
  }

  MetricsServer& server_;
  const std::uint64_t id_;
  std::unique_ptr<port::ByteStream> stream_;
  const Instant deadline_;
  Phase phase_ = Phase::kRead;
  http1::RequestDecoder decoder_;
  http1::RequestContext request_;  // Its method is a view of in_.
  std::string in_, out_;
  std::size_t written_ = 0, drained_ = 0;
};

MetricsServer::MetricsServer(const port::Clock& clock, port::Wakeup& wakeup,
                             std::function<std::string()> render)
    : clock_(clock), wakeup_(wakeup), render_(std::move(render)) {}

MetricsServer::~MetricsServer() = default;

void MetricsServer::open(std::unique_ptr<port::ByteStream> stream) {
  // Who has been answered may be gone already, and not have had its turn yet: one reader after the
  // other can come faster than that.
  if (connections_.size() >= limits::kMetricsConnectionsMax) {
    const auto answered = std::find_if(connections_.begin(), connections_.end(),
                                       [](auto& each) { return each.second->is_answered(); });
    if (answered != connections_.end()) connections_.erase(answered);
  }
  if (connections_.size() >= limits::kMetricsConnectionsMax) return;
  const std::uint64_t id = ++last_id_;
  connections_.emplace(id, std::make_unique<Connection>(*this, id, std::move(stream)))
      .first->second->advance();
}

void MetricsServer::on_tick() {
  const Instant now = clock_.now();
  for (const auto& [id, connection] : connections_) connection->on_tick(now);
}

void MetricsServer::on_wakeup() {
  for (const std::uint64_t id : std::exchange(retired_, {})) connections_.erase(id);
}

// Who asks again and again gets what was rendered a moment ago: reading costs next to nothing.
const std::string& MetricsServer::page() {
  const Instant now = clock_.now();
  if (!rendered_ || now >= *rendered_ + limits::kMetricsAgeMax) {
    page_ = render_();
    rendered_ = now;
  }
  return page_;
}

void MetricsServer::retire(std::uint64_t id) {
  retired_.push_back(id);
  wakeup_.request();
}

}  // namespace interlock::control
