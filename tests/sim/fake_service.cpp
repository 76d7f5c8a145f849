#include "sim/fake_service.h"

#include <cerrno>

#include <fmt/format.h>

#include "base/hex.h"
#include "base/limits.h"

namespace interlock::sim {
namespace {

using port::IoResult;
using port::IoState;

// What one exchange may hold for its service: the queue, one piece of body over its mark, and the
// framing of that piece.
constexpr std::size_t kHeldForServiceMax =
    limits::kServiceOutBytesMax + limits::kClientInBytesMax + 64;

class FakeServiceStream final : public port::ByteStream {
 public:
  FakeServiceStream(FakeService& service, Connection& connection, Ledger& ledger, Chance& chance)
      : service_(service), connection_(connection), ledger_(ledger), chance_(chance) {}
  ~FakeServiceStream() override {
    connection_.closed = true;
    connection_.observer = nullptr;
  }

  IoResult read(std::span<std::uint8_t> into) override {
    ledger_.must(into.size() <= limits::kServiceInBytesMax, "too much was read from a service");
    if (broken()) return {IoState::kFailed, 0};
    if (connection_.state == Connection::State::kConnecting) return {IoState::kBlocked, 0};
    move();
    return connection_.out.read(into);
  }

  IoResult write(std::span<const std::uint8_t> from) override {
    ledger_.must(from.size() <= kHeldForServiceMax,
                 fmt::format("{} bytes were held for a service", from.size()));
    if (broken() || connection_.deaf) return {IoState::kFailed, 0};
    if (connection_.state == Connection::State::kConnecting) return {IoState::kBlocked, 0};
    if (connection_.buffers) {
      if (!move()) return {IoState::kBlocked, 0};
      connection_.unsent = as_text(from);
      move();
      return {IoState::kProgress, from.size()};
    }
    std::size_t len = from.size();
    if (connection_.piece_max > 0) len = std::min(len, 1 + chance_.below(connection_.piece_max));
    len = take_room(connection_.room, len);
    if (len == 0) return {IoState::kBlocked, 0};
    connection_.received += as_text(from.first(len));
    serve();
    return {IoState::kProgress, len};
  }

  IoResult flush() override {
    if (broken()) return {IoState::kFailed, 0};
    return {move() ? IoState::kProgress : IoState::kBlocked, 0};
  }

  void shutdown_write() override { connection_.finished = true; }
  void want(bool read, bool write) override {
    connection_.wants_read = read;
    connection_.wants_write = write;
  }
  void observe(port::StreamObserver* observer) override { connection_.observer = observer; }

 private:
  bool broken() {
    if (ledger_.call_fails()) connection_.broken = true;
    return connection_.broken || connection_.state == Connection::State::kRefused;
  }

  // False where something is left that there is no room for.
  bool move() {
    const std::size_t len = take_room(connection_.room, connection_.unsent.size());
    connection_.received.append(connection_.unsent, 0, len);
    connection_.unsent.erase(0, len);
    if (len > 0) serve();
    return connection_.unsent.empty();
  }

  void serve() {
    while (!connection_.tunnel && (!connection_.head_seen || connection_.may_be_whole())) {
      std::string_view rest = std::string_view(connection_.received).substr(connection_.read_len);
      const std::size_t before = rest.size();
      const auto request = take_message(rest, Kind::kRequest, false);
      if (!request) return;
      if (!connection_.head_seen) {
        connection_.head_seen = true;
        connection_.whole_len = request->whole_len;
        ledger_.trail.push_back(fmt::format("head {} {} {}", request->method(), request->target(),
                                            request->field("X-Tag")));
        service_.on_head(*request, connection_);
      }
      if (!request->whole) return;
      connection_.read_len += before - rest.size();
      connection_.head_seen = false;
      connection_.requests.push_back(*request);
      service_.on_request(*request, connection_);
    }
  }

  FakeService& service_;
  Connection& connection_;
  Ledger& ledger_;
  Chance& chance_;
};

}  // namespace

bool Connection::ready() const {
  if (observer == nullptr || state == State::kConnecting) return false;
  if (broken || state == State::kRefused) return wants_read || wants_write;
  return (wants_read && out.readable()) || ((wants_write || !unsent.empty()) && (room > 0 || deaf));
}

bool Connection::may_be_whole() const {
  return whole_len > 0 ? received.size() - read_len >= whole_len
                       : received.ends_with("\r\n0\r\n\r\n");
}

std::string answer_text(int status, std::string_view body, std::string_view fields) {
  return fmt::format("HTTP/1.1 {} Fine\r\n{}Content-Length: {}\r\n\r\n{}", status, fields,
                     body.size(), body);
}

void FakeService::echo(const Message& request, Connection& connection) {
  const std::string fields = "X-Tag: " + request.field("X-Tag") + "\r\n";
  connection.send(request.method() == "HEAD"
                      ? "HTTP/1.1 200 Fine\r\n" + fields + "Content-Length: 7\r\n\r\n"
                      : answer_text(200, request.body, fields));
}

std::size_t FakeService::num_requests() const {
  std::size_t count = 0;
  for (const Connection& each : connections) count += each.requests.size();
  return count;
}

std::size_t FakeService::num_open() const {
  return static_cast<std::size_t>(std::count_if(
      connections.begin(), connections.end(), [](const Connection& each) { return !each.closed; }));
}

const Message& FakeService::only() const {
  static const Message none;
  if (num_requests() != 1) return none;
  for (const Connection& each : connections) {
    if (!each.requests.empty()) return each.requests.front();
  }
  return none;
}

Result<std::unique_ptr<port::ByteStream>> FakeDialer::dial(const policy::Service& /*service*/,
                                                           const Endpoint& endpoint) {
  ledger_.trail.push_back("dial " + endpoint.to_string());
  const auto at = services.find(endpoint.to_string());
  if (at == services.end()) return fail(Errc::kIo, Origin::kService, "", EHOSTUNREACH);
  if (ledger_.call_fails() || at->second->no_socket) {
    return fail(Errc::kLimit, Origin::kOwn, "", EMFILE);
  }
  FakeService& service = *at->second;
  Connection& connection = service.connections.emplace_back();
  service.on_dial(connection);
  return std::make_unique<FakeServiceStream>(service, connection, ledger_, chance_);
}

}  // namespace interlock::sim
