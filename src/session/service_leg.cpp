#include "session/service_leg.h"

#include <algorithm>

namespace interlock::session {
namespace {

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

ServiceLeg::Moved ServiceLeg::begin(const policy::Service& service, const http1::RequestHead& head,
                                    std::string_view identity_fields) {
  service_ = &service;
  method_ = head.method;
  http1::encode_request(out_.tail(), head, service.authority(), identity_fields);
  if (is_safe(method_) && head.framing == http1::Framing::kNone) retry_ = out_.view();
  decoder_.expect(method_);
  connection_ = context_.services.borrow(service);
  if (connection_.stream == nullptr) return fail("the service cannot be reached");
  connection_.stream->observe(&observer_);
  return Moved::kOn;
}

ServiceLeg::Moved ServiceLeg::send() {
  Moved moved = Moved::kNot;
  while (!out_.empty()) {
    port::IoResult sent;
    if (connected_ || !connection_.reused || connection_.is_quiet()) {
      sent = connection_.stream->write(as_bytes(out_.view()));
    }
    if (sent.state == port::IoState::kBlocked) break;
    if (sent.state != port::IoState::kProgress) {
      // Before its first byte is out any request may take another connection.
      if (!connected_ && connection_.reused && dial_anew()) continue;
      // It may have answered, and then closed, without reading to the end: look before giving up.
      out_.clear();
      reusable_ = false;
      if (connected_ && !may_retry()) break;
      return fail(connected_ ? "the service closed the connection"
                             : "the service cannot be reached");
    }
    connected_ = true;
    out_.consume(sent.bytes);
    moved = Moved::kOn;
  }
  return moved;
}

ServiceLeg::Moved ServiceLeg::next(http1::ResponseEvent& event) {
  const auto decoded = decoder_.decode(connection_.in.view(), eof_);
  if (!decoded) return fail(decoded.error().what);
  decoded_len_ = decoded->consumed;
  event = decoded->event;
  if (const auto* head = std::get_if<http1::ResponseHead>(&event)) {
    heard_ = true;
    answering_ = !head->interim;
    reusable_ = reusable_ && (head->interim || head->keep_alive);
  }
  if (!std::holds_alternative<NeedMore>(event)) return Moved::kOn;
  consume();
  return read();
}

void ServiceLeg::consume() { connection_.in.consume(std::exchange(decoded_len_, 0)); }

// Reads something new to decode: bytes, or the end of the stream.
ServiceLeg::Moved ServiceLeg::read() {
  if (eof_) return fail("the service ended its answer early");
  const std::size_t most = std::min(connection_.in.room(), context_.scratch.size());
  const port::IoResult got = connection_.stream->read(std::span(context_.scratch).first(most));
  switch (got.state) {
    case port::IoState::kBlocked:
      return Moved::kNot;
    case port::IoState::kProgress:
      // Nothing of the request is out yet: whatever this is, it is not its answer.
      if (!connected_) return fail("the service sent bytes that nobody asked for");
      connection_.in.append(as_text(std::span(context_.scratch).first(got.bytes)));
      return Moved::kOn;
    case port::IoState::kEof:
      if (!answering_ && connection_.in.empty()) {
        return fail("the service closed the connection without an answer");
      }
      eof_ = true;
      return Moved::kOn;
    case port::IoState::kFailed:
      break;
  }
  return fail(connected_ ? "the connection to the service broke" : "the service cannot be reached");
}

// The service may have closed an idle connection just as the request was on its way. Only a request
// that changes nothing is sent again, once, and only if nothing of an answer has come.
bool ServiceLeg::may_retry() const {
  return connection_.reused && !retry_.empty() && !heard_ && connection_.in.empty();
}

bool ServiceLeg::retry() {
  out_.clear();
  out_.append(retry_);
  retry_.clear();
  connected_ = eof_ = false;
  reusable_ = true;
  decoder_ = http1::ResponseDecoder();
  decoder_.expect(method_);
  return dial_anew();
}

bool ServiceLeg::dial_anew() {
  connection_ = context_.services.borrow(*service_, /*fresh=*/true);
  if (connection_.stream != nullptr) connection_.stream->observe(&observer_);
  return connection_.stream != nullptr;
}

ServiceLeg::Moved ServiceLeg::fail(std::string_view detail) {
  if (may_retry() && retry()) return Moved::kOn;
  give_up(detail);
  return Moved::kFailed;
}

void ServiceLeg::give_up(std::string_view why) {
  failure_ = why;
  connection_.stream.reset();
  retry_.clear();
}

void ServiceLeg::end(bool answered) {
  // What the service has not read yet of this request would swallow the beginning of the next one.
  if (answered && out_.empty() && reusable_ && !eof_) {
    context_.services.give_back(std::move(connection_));
  }
  service_ = nullptr;
  connection_ = ServiceConnection();
  out_.clear();
  decoder_ = http1::ResponseDecoder();
  retry_.clear();
  decoded_len_ = 0;
  connected_ = heard_ = answering_ = eof_ = false;
  reusable_ = true;
  failure_ = {};
}

void ServiceLeg::want(bool read, bool write) {
  if (connection_.stream != nullptr) connection_.stream->want(read, write);
}

}  // namespace interlock::session
