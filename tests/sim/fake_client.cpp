#include "sim/fake_client.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::sim {
namespace {

using port::Handshake;
using port::IoResult;
using port::IoState;

// What one session may hold for its client: the queue, one piece of answer over its mark, and the
// framing of that piece.
constexpr std::size_t kHeldForClientMax =
    limits::kClientOutBytesMax + limits::kServiceInBytesMax + 64;

class FakeSecureStream final : public port::SecureStream {
 public:
  FakeSecureStream(FakeClient& client, Ledger& ledger) : client_(client), ledger_(ledger) {}
  ~FakeSecureStream() override {
    client_.closed = true;
    client_.observer = nullptr;
  }

  Handshake handshake() override {
    if (broken()) fail_handshake(Reason::tls_failed);
    if (failed_) return Handshake::kFailed;
    if (client_.stalled && client_.in.ended) fail_handshake(Reason::tls_failed);
    if (client_.stalled) return failed_ ? Handshake::kFailed : Handshake::kWaitRead;
    if (client_.steps.empty()) return done();
    const Handshake step = client_.steps.front();
    if (step == Handshake::kWaitVerdict) {
      if (!client_.verdict_given) return step;
      client_.steps.pop_front();
      if (client_.alert) fail_handshake(*client_.alert);
      return handshake();
    }
    client_.steps.pop_front();
    if (step == Handshake::kFailed) fail_handshake(client_.failure);
    return step;
  }

  std::vector<Bytes> peer_chain() const override {
    return {client_.chain.begin(), client_.chain.end()};
  }
  void set_verdict(Reason verdict) override {
    ledger_.must(!client_.verdict_given, "a second verdict");
    client_.verdict_given = true;
    if (verdict != Reason::kNone) client_.alert = verdict;
  }
  Reason failure() const override { return failure_; }
  std::string_view failure_detail() const override { return "a fake failure"; }
  bool resumed() const override { return client_.resumes; }

  IoResult read(std::span<std::uint8_t> into) override {
    ledger_.must(established_, "plaintext was read before the handshake was done");
    ledger_.must(into.size() <= limits::kClientInBytesMax, "too much was read from a client");
    ++client_.num_reads;
    if (broken()) return {IoState::kFailed, 0};
    if (closing_) return {IoState::kBlocked, 0};
    return client_.in.read(into);
  }

  IoResult write(std::span<const std::uint8_t> from) override {
    ledger_.must(established_, "plaintext was written before the handshake was done");
    ledger_.must(from.size() <= kHeldForClientMax,
                 fmt::format("{} bytes were held for a client", from.size()));
    if (broken() || closing_) return {IoState::kFailed, 0};
    if (!client_.unsent.empty()) return {IoState::kBlocked, 0};
    client_.unsent += as_text(from);
    move();
    return {IoState::kProgress, from.size()};
  }

  IoResult flush() override {
    if (broken()) return {IoState::kFailed, 0};
    const std::size_t moved = move();
    if (!client_.unsent.empty()) return {IoState::kBlocked, moved};
    if (finishing_ && !failed_ && !client_.alert) client_.finished = true;
    return {IoState::kProgress, moved};
  }

  void refuse(Reason reason) override {
    client_.alert = reason;
    closing_ = true;
  }
  void finish() override { finishing_ = closing_ = true; }

  IoResult discard() override {
    if (broken()) return {IoState::kFailed, 0};
    std::array<std::uint8_t, 4096> dropped;
    const IoResult got = client_.in.read(dropped);
    client_.num_discarded += got.bytes;
    return got;
  }

  void want(bool read, bool write) override {
    client_.wants_read = read;
    client_.wants_write = write || !client_.unsent.empty();
  }
  std::size_t held() const override { return client_.unsent.capacity(); }

 private:
  bool broken() {
    if (ledger_.call_fails()) client_.broken = true;
    return client_.broken;
  }
  void fail_handshake(Reason why) {
    if (!failed_) failure_ = why;
    failed_ = closing_ = true;
    client_.handshaking = false;
  }
  Handshake done() {
    ledger_.must(client_.verdict_given && !client_.alert, "a handshake without a good verdict");
    established_ = true;
    client_.handshaking = false;
    return Handshake::kDone;
  }
  std::size_t move() {
    const std::size_t len = take_room(client_.room, client_.unsent.size());
    client_.received.append(client_.unsent, 0, len);
    client_.unsent.erase(0, len);
    if (client_.unsent.empty()) client_.unsent.shrink_to_fit();
    return len;
  }

  FakeClient& client_;
  Ledger& ledger_;
  Reason failure_ = Reason::kNone;
  bool failed_ = false, established_ = false, closing_ = false, finishing_ = false;
};

}  // namespace

std::string text_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view fields) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: gateway\r\n{}", method, target, fields);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n";
  return text += body;
}

void FakeClient::request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view fields) {
  methods.emplace_back(method);
  send(text_request(method, target, body, fields));
}

std::vector<Message> FakeClient::answers() const {
  std::vector<Message> all;
  std::string_view rest = received;
  std::size_t asked = 0;
  for (;;) {
    const bool head = asked < methods.size() && methods[asked] == "HEAD";
    auto next = take_message(rest, head ? Kind::kAnswerToHead : Kind::kAnswer, finished);
    if (!next) return all;
    if (next->status() >= 200) ++asked;
    const bool whole = next->whole;
    all.push_back(std::move(*next));
    if (!whole) return all;
  }
}

bool FakeClient::ready() const {
  if (observer == nullptr) return false;
  if (broken) return wants_read || wants_write;
  const bool readable = handshaking ? !stalled || in.ended : in.readable();
  return (wants_read && readable) || (wants_write && room > 0);
}

std::unique_ptr<port::SecureStream> make_stream(FakeClient& client, Ledger& ledger) {
  return std::make_unique<FakeSecureStream>(client, ledger);
}

}  // namespace interlock::sim
