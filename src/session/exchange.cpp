#include "session/exchange.h"

#include <algorithm>

#include "session/answer.h"

namespace interlock::session {
namespace {

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

template <class T, class Event>
const T* as(const Event& event) {
  return std::get_if<T>(&event);
}

}  // namespace

void Exchange::begin(const http1::RequestHead& head, ClientSide& client) {
  reset();
  method_ = head.method;
  path_ = head.path;
  request_ = {
      .method = method_, .minor_version = head.minor_version, .keep_alive = head.keep_alive};
  request_framing_ = head.framing;
  client.closing = !head.keep_alive;

  HttpOperation wanted = operation();
  wanted.content_type = head.content_type;
  wanted.body_bytes = head.framing == http1::Framing::kChunked ? std::optional<std::uint64_t>{}
                                                               : head.content_length;
  const Judgement judgement = gate_.judge(wanted);
  if (!judgement.allowed()) {
    // A client that waits for 100 may send its body or not: only closing is clear. A body that is
    // not worth reading to its end is not read at all.
    const bool short_body =
        wanted.body_bytes && *wanted.body_bytes <= limits::kDiscardedBodyBytesMax;
    if (head.expect_continue || !short_body || !gate_.admission().admitted()) client.closing = true;
    refuse(client, judgement, http_status(judgement.reason));
    return;
  }
  phase_ = Phase::kRelay;
  permit_ = judgement.permit;
  body_bytes_max_ = judgement.body_bytes_max;
  const Endpoint& endpoint = permit_->service->endpoint;
  http1::encode_request(to_service_.tail(), head, endpoint.to_string(), gate_.identity_fields());
  if (is_safe(method_) && head.framing == http1::Framing::kNone) retry_ = to_service_.view();
  if (head.expect_continue) http1::encode_continue(client.out.tail());
  decoder_.expect(method_);
  service_ = context_.services.borrow(endpoint);
  if (service_.stream == nullptr) {
    service_failed(client, "the service cannot be reached", 502);
    return;
  }
  service_.stream->observe(&observer_);
}

Step Exchange::advance(ClientSide& client) {
  switch (phase_) {
    case Phase::kIdle:
      return Step::again();
    case Phase::kRelay:
      return relay(client);
    case Phase::kDiscard:
      return discard(client);
    case Phase::kBroken:
      return Step::close();
  }
  return Step::close();
}

Step Exchange::relay(ClientSide& client) {
  bool moved = take_request(client);
  if (phase_ == Phase::kRelay) moved |= send_to_service(client);
  if (phase_ == Phase::kRelay) moved |= take_answer(client);
  if (phase_ != Phase::kRelay) return Step::again();
  if (answer_done_) {
    finish(client);
    return Step::again();
  }
  if (moved) return Step::again();
  return Step::wait(
      {.client_read = !request_done_ && client.in.room() > 0 && to_service_.room() > 0,
       .service_read = client.out.room() > 0,
       .service_write = !to_service_.empty()});
}

// Reads and decodes the body as far as there is room towards the service.
bool Exchange::take_request(ClientSide& client) {
  bool moved = false;
  while (!request_done_ && to_service_.room() > 0) {
    const auto decoded = client.decoder.decode(client.in.view(), client.eof);
    if (!decoded) {
      const http1::Refusal& bad = decoded.error();
      refuse_midway(client, gate_.refuse(bad.reason, bad.what, operation(), bad.status),
                    bad.status);
      return true;
    }
    if (as<NeedMore>(decoded->event)) {
      client.in.consume(decoded->consumed);
      if (!client.fill(context_.scratch)) return moved;
      moved = true;
      continue;
    }
    if (const auto* body = as<http1::BodyBytes>(decoded->event)) {
      body_bytes_ += body->bytes.size();
      if (body_bytes_ > body_bytes_max_) {
        const int status = http_status(Reason::too_large);
        refuse_midway(client,
                      gate_.refuse(Reason::too_large, "the body grew beyond what the permit allows",
                                   operation(), status),
                      status);
        return true;
      }
      if (request_framing_ == http1::Framing::kChunked) {
        http1::encode_chunk(to_service_.tail(), body->bytes);
      }
      if (request_framing_ == http1::Framing::kLength) to_service_.append(body->bytes);
    } else if (as<http1::MessageEnd>(decoded->event)) {
      if (request_framing_ == http1::Framing::kChunked) {
        http1::encode_last_chunk(to_service_.tail());
      }
      request_done_ = true;
    }
    client.in.consume(decoded->consumed);
    moved = true;
  }
  return moved;
}

bool Exchange::send_to_service(ClientSide& client) {
  bool moved = false;
  while (!to_service_.empty()) {
    port::IoResult sent;
    if (connected_ || !service_.reused || service_.is_quiet()) {
      sent = service_.stream->write(as_bytes(to_service_.view()));
    }
    if (sent.state == port::IoState::kBlocked) break;
    if (sent.state != port::IoState::kProgress) {
      // Before its first byte is out any request may take another connection.
      if (!connected_ && service_.reused && dial_anew()) continue;
      // It may have answered, and then closed, without reading to the end: look before giving up.
      to_service_.clear();
      service_reusable_ = false;
      if (connected_ && !may_retry()) break;
      service_failed(
          client,
          connected_ ? "the service closed the connection" : "the service cannot be reached", 502);
      return true;
    }
    connected_ = true;
    to_service_.consume(sent.bytes);
    moved = true;
  }
  return moved;
}

// Decodes what the service has sent as far as there is room towards the client.
bool Exchange::take_answer(ClientSide& client) {
  bool moved = false;
  while (!answer_done_ && client.out.room() > 0) {
    const auto decoded = decoder_.decode(service_.in.view(), service_eof_);
    if (!decoded) {
      service_failed(client, decoded.error().what, 502);
      return true;
    }
    if (as<NeedMore>(decoded->event)) {
      service_.in.consume(decoded->consumed);
      if (!read_service(client)) return moved;
      if (phase_ != Phase::kRelay) return true;
      moved = true;
      continue;
    }
    if (const auto* head = as<http1::ResponseHead>(decoded->event)) {
      if (!on_response_head(*head, client)) return true;
    } else if (const auto* body = as<http1::BodyBytes>(decoded->event)) {
      if (answer_form_ == http1::BodyForm::kChunked) {
        http1::encode_chunk(client.out.tail(), body->bytes);
      }
      if (answer_form_ == http1::BodyForm::kRaw) client.out.append(body->bytes);
    } else if (as<http1::MessageEnd>(decoded->event)) {
      if (answer_form_ == http1::BodyForm::kChunked) http1::encode_last_chunk(client.out.tail());
      answer_done_ = true;
    }
    if (phase_ != Phase::kRelay) return true;
    service_.in.consume(decoded->consumed);
    moved = true;
  }
  return moved;
}

// True where there is something new to decode: bytes, or the end of the stream.
bool Exchange::read_service(ClientSide& client) {
  if (service_eof_) {
    service_failed(client, "the service ended its answer early", 502);
    return true;
  }
  const std::size_t most = std::min(service_.in.room(), context_.scratch.size());
  const port::IoResult got = service_.stream->read(std::span(context_.scratch).first(most));
  switch (got.state) {
    case port::IoState::kBlocked:
      return false;
    case port::IoState::kProgress:
      // Nothing of the request is out yet: whatever this is, it is not its answer.
      if (!connected_) {
        service_failed(client, "the service sent bytes that nobody asked for", 502);
        return true;
      }
      service_.in.append(as_text(std::span(context_.scratch).first(got.bytes)));
      return true;
    case port::IoState::kEof:
      if (!answer_started_ && service_.in.empty()) {
        service_failed(client, "the service closed the connection without an answer", 502);
        return true;
      }
      service_eof_ = true;
      return true;
    case port::IoState::kFailed:
      service_failed(
          client,
          connected_ ? "the connection to the service broke" : "the service cannot be reached",
          502);
      return true;
  }
  return false;
}

bool Exchange::on_response_head(const http1::ResponseHead& head, ClientSide& client) {
  if (head.interim) {
    // The gateway has answered `Expect: 100-continue` itself; other interim answers carry nothing.
    if (++num_interim_ <= limits::kHttpInterimResponsesMax) return true;
    service_failed(client, "the service sent too many interim answers", 502);
    return false;
  }
  // An answer before the end of the request: the client learns it, and the connection ends.
  if (!request_done_) client.closing = true;
  request_.keep_alive = !client.closing;
  const http1::ResponsePlan plan = http1::encode_response(client.out.tail(), head, request_);
  answer_form_ = plan.body;
  client.closing |= plan.close;
  service_reusable_ = service_reusable_ && head.keep_alive;
  answer_started_ = true;
  return true;
}

// Reads the rest of a refused request, so that the client can send the next one.
Step Exchange::discard(ClientSide& client) {
  for (;;) {
    const auto decoded = client.decoder.decode(client.in.view(), client.eof);
    if (!decoded) {
      client.closing = true;
      reset();
      return Step::again();
    }
    const bool end = as<http1::MessageEnd>(decoded->event) != nullptr;
    const bool more = as<NeedMore>(decoded->event) != nullptr;
    client.in.consume(decoded->consumed);
    if (end) {
      reset();
      return Step::again();
    }
    if (more && !client.fill(context_.scratch)) return Step::wait({.client_read = true});
  }
}

void Exchange::refuse(ClientSide& client, const Judgement& judgement, int status) {
  request_.keep_alive = !client.closing;
  encode_problem(client.out.tail(), status, judgement.reason, judgement.detail, judgement.denial_id,
                 request_, judgement.retry_after_s);
  if (client.closing) {
    reset();
  } else {
    phase_ = Phase::kDiscard;
  }
}

// A permitted request turned out to be wrong while it streamed: the service must not take it for
// whole.
void Exchange::refuse_midway(ClientSide& client, const Judgement& judgement, int status) {
  client.closing = true;
  service_.stream.reset();
  if (answer_started_) {
    phase_ = Phase::kBroken;
  } else {
    refuse(client, judgement, status);
  }
}

bool Exchange::may_retry() const {
  // The service may have closed an idle connection just as the request was on its way. Only a
  // request that changes nothing is sent again, once, and only if nothing of an answer has come.
  return service_.reused && !retry_.empty() && !answer_started_ && num_interim_ == 0 &&
         service_.in.empty();
}

bool Exchange::dial_anew() {
  service_ = context_.services.borrow(permit_->service->endpoint, /*fresh=*/true);
  if (service_.stream != nullptr) service_.stream->observe(&observer_);
  return service_.stream != nullptr;
}

void Exchange::service_failed(ClientSide& client, std::string_view detail, int status) {
  if (may_retry()) {
    to_service_.clear();
    to_service_.append(retry_);
    retry_.clear();
    connected_ = service_eof_ = false;
    service_reusable_ = true;
    decoder_ = http1::ResponseDecoder();
    decoder_.expect(method_);
    if (dial_anew()) return;
  }
  service_.stream.reset();
  gate_.service_failed(*permit_, operation(), detail, answer_started_ ? 0 : status);
  if (answer_started_) {
    phase_ = Phase::kBroken;
    return;
  }
  if (!request_done_) client.closing = true;
  request_.keep_alive = !client.closing;
  encode_problem(client.out.tail(), status, Reason::service_unavailable, detail, {}, request_);
  reset();
}

void Exchange::finish(ClientSide& client) {
  // What the service has not read yet of this request would swallow the beginning of the next one.
  const bool whole = request_done_ && to_service_.empty();
  if (whole && service_reusable_ && !service_eof_) {
    context_.services.give_back(permit_->service->endpoint, std::move(service_));
  }
  if (!request_done_) client.closing = true;
  reset();
}

Step Exchange::on_timeout(ClientSide& client) {
  if (phase_ != Phase::kRelay) return Step::close();
  // Is it the client that does not read its answer?
  if (client.stream->flush().state == port::IoState::kBlocked) return Step::close();
  retry_.clear();
  if (waits_for_body()) {
    refuse_midway(
        client,
        gate_.refuse(Reason::malformed, "the request body stopped coming", operation(), 408), 408);
    return Step::again();
  }
  service_failed(client,
                 connected_ ? "the service did not answer in time"
                            : "the service could not be reached in time",
                 504);
  return Step::again();
}

Millis Exchange::timeout() const {
  if (waits_for_body()) return limits::kBodyStallTimeout;
  return connected_ ? limits::kServiceTimeout : limits::kDialTimeout;
}

void Exchange::want(Wants wants) {
  if (service_.stream != nullptr) service_.stream->want(wants.service_read, wants.service_write);
}

void Exchange::reset() {
  phase_ = Phase::kIdle;
  permit_ = nullptr;
  service_ = ServiceConnection();
  to_service_.clear();
  decoder_ = http1::ResponseDecoder();
  answer_form_ = http1::BodyForm::kNone;
  body_bytes_ = body_bytes_max_ = 0;
  num_interim_ = 0;
  retry_.clear();
  connected_ = request_done_ = answer_started_ = answer_done_ = service_eof_ = false;
  service_reusable_ = true;
}

}  // namespace interlock::session
