#include "session/service_leg.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace interlock::session {
namespace {

// RFC 9110, section 9.2.1.
bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

// A line or a lack of descriptors may be gone a moment later.
constexpr std::int64_t kRetryAfterS = 1;

}  // namespace

ServiceLeg::Moved ServiceLeg::begin(const policy::Service& service, std::string_view device,
                                    const http1::RequestHead& head,
                                    std::string_view identity_fields) {
  service_ = &service;
  device_ = device;
  method_ = head.method;
  upgrade_ = head.upgrade;
  http1::encode_request(out_.tail(), head, service.authority(), identity_fields);
  if (is_safe(method_) && head.framing == http1::Framing::kNone) repeat_ = out_.view();
  decoder_.expect(method_, upgrade_);
  return connect(/*fresh=*/false);
}

ServiceLeg::Moved ServiceLeg::connect(bool fresh) {
  const bool waited = place_.taken();
  auto outcome = context_.services.borrow({*service_, device_, tried_, place_, observer_}, fresh);
  switch (outcome.borrowed) {
    case ServicePool::Borrowed::kYes:
      ++num_tries_;
      due_ = context_.clock.now() + service_->connect_timeout;
      connection_ = std::move(outcome.connection);
      connection_.stream->observe(&observer_);
      return Moved::kOn;
    case ServicePool::Borrowed::kWait:
      if (!waited) due_ = context_.clock.now() + service_->queue_wait;
      return Moved::kNot;
    case ServicePool::Borrowed::kQueueFull:
      context_.meter.reached(Limit::kServiceQueue);
      return refuse(Reason::service_busy, "too many requests wait for the service", kRetryAfterS);
    case ServicePool::Borrowed::kDown:
      return refuse(Reason::service_unavailable, "its health checks find the service down",
                    (service_->health_interval.ms + 999) / 1000);
    case ServicePool::Borrowed::kNoSocket:
      context_.meter.reached(Limit::kDescriptors);
      return refuse(Reason::overloaded,
                    "no connection to the service can be opened here: " + outcome.failure,
                    kRetryAfterS);
    case ServicePool::Borrowed::kUnreachable:
      break;
  }
  if (!outcome.failure.empty()) {
    failure_ = {.detail = "the service cannot be reached: " + outcome.failure};
  }
  give_up();  // Why the last one failed is what there is to say.
  return Moved::kFailed;
}

ServiceLeg::Moved ServiceLeg::send() {
  if (connection_.stream == nullptr) return connect(/*fresh=*/false);
  Moved moved = Moved::kNot;
  // Nothing is written any more, and the end of what was may still wait for room inside the stream.
  // Where it cannot be sent, reading says why.
  if (begun_ && out_.empty()) static_cast<void>(connection_.stream->flush());
  while (!out_.empty()) {
    port::IoResult sent;
    if (begun_ || !connection_.reused || connection_.is_quiet()) {
      sent = connection_.stream->write(as_bytes(out_.view()));
    }
    if (sent.state == port::IoState::kBlocked) break;
    if (sent.state != port::IoState::kProgress) {
      if (begun_ && !may_repeat()) {
        // It may have answered, and then closed, without reading to the end: look before giving up.
        out_.clear();
        reusable_ = false;
        break;
      }
      return fail(why_broken());
    }
    begun_ = true;
    context_.meter.service_sent_bytes.add(sent.bytes);
    out_.consume(sent.bytes);
    moved = Moved::kOn;
  }
  return moved;
}

ServiceLeg::Moved ServiceLeg::next(http1::ResponseEvent& event) {
  if (connection_.stream == nullptr) return Moved::kNot;
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

ServiceLeg::Moved ServiceLeg::take(ByteQueue& to) {
  if (!std::exchange(switched_, true)) context_.services.answered(*service_, connection_.endpoint);
  if (connection_.in.empty()) {
    if (eof_) return Moved::kNot;
    const Moved moved = read();
    if (moved != Moved::kOn) return moved;
  }
  const std::size_t len = std::min(to.room(), connection_.in.size());
  to.append(connection_.in.view().substr(0, len));
  connection_.in.consume(len);
  return Moved::kOn;
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
      if (!begun_) return fail("the service sent bytes that nobody asked for");
      context_.meter.service_received_bytes.add(got.bytes);
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
  return fail(why_broken());
}

std::string ServiceLeg::why_broken() const {
  const std::string why = connection_.stream->failure();
  return fmt::format(
      "{}{}{}", begun_ ? "the connection to the service broke" : "the service cannot be reached",
      why.empty() ? "" : ": ", why);
}

ServiceLeg::Moved ServiceLeg::on_timeout() {
  if (place_.taken()) {
    context_.meter.reached(Limit::kServiceConnections);
    return refuse(Reason::service_busy,
                  "the service has as many connections as it may have, and none became free",
                  kRetryAfterS);
  }
  context_.meter.reached(Limit::kServiceTime);
  repeat_.clear();  // Whoever has waited so long for an answer does not wait twice.
  return fail(
      begun_ ? "the service did not answer in time" : "the service could not be reached in time",
      504);
}

Millis ServiceLeg::timeout() const {
  return begun_ ? service_->response_timeout : due_ - context_.clock.now();
}

// Before its first byte is out any request may go elsewhere. After it only one that changes nothing
// may, once, and only if nothing of an answer has come (RFC 9110, section 9.2.2).
bool ServiceLeg::may_repeat() const {
  if (num_tries_ >= limits::kServiceTriesMax || !connection_.in.empty()) return false;
  return !begun_ || (!repeat_.empty() && !heard_);
}

ServiceLeg::Moved ServiceLeg::fail(std::string_view why, int status) {
  failure_ = {.status = status, .detail = std::string(why)};
  const bool repeat = may_repeat();
  // A service may close an idle connection just as a request is on its way: nobody's fault, and
  // another connection to the same endpoint will do.
  const bool stale = connection_.reused && connection_.in.empty() && !heard_ && status != 504;
  // Many services end what is no HTTP with a reset; they did answer.
  if (!stale && !switched_) {
    tried_.add(connection_.endpoint);
    context_.services.failed(*service_, connection_.endpoint, why);
  }
  if (!repeat) {
    give_up();
    return Moved::kFailed;
  }
  context_.meter.services.of(service_->name).retries.add();
  connection_ = ServiceConnection();
  if (begun_) {
    out_.clear();
    out_.append(std::exchange(repeat_, {}));
  }
  begun_ = eof_ = false;
  reusable_ = true;
  decoder_.reset();
  decoder_.expect(method_, upgrade_);
  const Moved moved = connect(/*fresh=*/true);
  return moved == Moved::kNot ? Moved::kOn : moved;
}

ServiceLeg::Moved ServiceLeg::refuse(Reason reason, std::string_view why,
                                     std::int64_t retry_after_s) {
  failure_ = {reason, 503, std::string(why), retry_after_s};
  give_up();
  return Moved::kFailed;
}

void ServiceLeg::blame(std::string_view why) {
  failure_ = {.detail = std::string(why)};
  context_.services.failed(*service_, connection_.endpoint, why);
  give_up();
}

void ServiceLeg::give_up() {
  place_.leave();
  connection_.stream.reset();
  connection_.room = Room();
  repeat_.clear();
}

void ServiceLeg::end(bool answered) {
  if (service_ != nullptr) {
    if (answered) context_.services.answered(*service_, connection_.endpoint);
    // What the service has not read yet of this request would swallow the beginning of the next.
    if (answered && out_.empty() && reusable_ && !eof_) {
      context_.services.give_back(*service_, std::move(connection_));
    }
  }
  service_ = nullptr;
  place_.leave();
  connection_ = ServiceConnection();
  tried_.clear();
  num_tries_ = 0;
  out_.clear();
  decoder_.reset();
  repeat_.clear();
  decoded_len_ = 0;
  begun_ = heard_ = answering_ = switched_ = eof_ = false;
  reusable_ = true;
  failure_ = {};
}

void ServiceLeg::want(bool read, bool write) {
  if (connection_.stream != nullptr) connection_.stream->want(read, write);
}

}  // namespace interlock::session
