#include "session/exchange.h"

#include <algorithm>
#include <utility>

#include "session/answer.h"

namespace interlock::session {
namespace {

template <class T, class Event>
const T* as(const Event& event) {
  return std::get_if<T>(&event);
}

}  // namespace

void Exchange::begin(const http1::RequestHead& head, ClientSide& client) {
  reset();
  method_ = head.method;
  path_ = head.path;
  content_type_ = head.content_type;
  upgrade_ = head.upgrade;
  announced_ = head.framing == http1::Framing::kChunked ? std::optional<std::uint64_t>{}
                                                        : head.content_length;
  request_ = {
      .method = method_, .minor_version = head.minor_version, .keep_alive = head.keep_alive};
  request_framing_ = head.framing;
  client.closing = !head.keep_alive;

  const Judgement judgement = gate_.judge(operation());
  if (!judgement.allowed()) {
    // A client that waits for 100 may send its body or not: only closing is clear. A body that is
    // not worth reading to its end is not read at all.
    const bool short_body = announced_ && *announced_ <= limits::kDiscardedBodyBytesMax;
    if (head.expect_continue || !short_body || !gate_.admission().admitted()) client.closing = true;
    refuse(client, judgement, http_status(judgement.reason));
    return;
  }
  phase_ = Phase::kRelay;
  permit_ = judgement.permit;
  begun_us_ = context_.clock.micros();
  context_.meter.services.of(permit_->service->name).requests.add();
  body_bytes_max_ = judgement.body_bytes_max;
  if (head.expect_continue) http1::encode_continue(client.out.tail());
  if (leg_.begin(*permit_->service, gate_.admission().device->id, head, gate_.identity_fields()) ==
      ServiceLeg::Moved::kFailed) {
    service_failed(client);
  }
}

Step Exchange::advance(ClientSide& client) {
  switch (phase_) {
    case Phase::kIdle:
      return Step::again();
    case Phase::kRelay:
      return relay(client);
    case Phase::kTunnel:
      return tunnel(client);
    case Phase::kDiscard:
      return discard(client);
    case Phase::kBroken:
      return Step::close();
  }
  return Step::close();
}

Step Exchange::relay(ClientSide& client) {
  bool moved = take_request(client);
  if (phase_ == Phase::kRelay && !may_go_on(client)) return Step::again();
  if (phase_ == Phase::kRelay) moved |= send_to_service(client);
  if (phase_ == Phase::kRelay) moved |= take_answer(client);
  if (phase_ != Phase::kRelay) return Step::again();
  if (answer_done_) {
    if (switches_ && request_done_) {
      context_.meter.request.observe(context_.clock.micros() - begun_us_);
      phase_ = Phase::kTunnel;
      tunnel_ = Tunnel();
    } else {
      finish(client);
    }
    return Step::again();
  }
  if (moved) return Step::again();
  return Step::wait({.client_read = !request_done_ && client.in.room() > 0 && leg_.out().room() > 0,
                     .service_read = client.out.room() > 0,
                     .service_write = !leg_.out().empty()});
}

// Reads and decodes the body as far as there is room towards the service.
bool Exchange::take_request(ClientSide& client) {
  bool moved = false;
  while (!request_done_ && leg_.out().room() > 0) {
    const auto decoded = client.decoder.decode(client.in.view(), client.eof);
    if (!decoded) {
      const http1::Refusal& bad = decoded.error();
      refuse_midway(client, gate_.refuse(bad.reason, bad.what, operation(), bad.status),
                    bad.status);
      return true;
    }
    if (as<NeedMore>(decoded->event)) {
      client.in.consume(decoded->consumed);
      if (!client.fill(context_)) return moved;
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
        http1::encode_chunk(leg_.out().tail(), body->bytes);
      }
      if (request_framing_ == http1::Framing::kLength) leg_.out().append(body->bytes);
    } else if (as<http1::MessageEnd>(decoded->event)) {
      if (request_framing_ == http1::Framing::kChunked) {
        http1::encode_last_chunk(leg_.out().tail());
      }
      request_done_ = true;
    }
    client.in.consume(decoded->consumed);
    // Whoever pipelines more than there is room for waits until this one is answered.
    if (request_done_ && !client.in.empty() && std::exchange(client.full, false)) {
      context_.meter.reached(Limit::kPipeline);
    }
    moved = true;
  }
  return moved;
}

// An exchange may take longer than the right to it lasts: in line for a connection, over a long
// body, or with an answer that never ends. It is judged by what is in force now, all the way.
bool Exchange::may_go_on(ClientSide& client) {
  if (!gate_.is_outdated()) return true;
  const SnapshotPtr before = gate_.snapshot();
  const std::string device = gate_.admission().device->id;
  HttpOperation now = operation();
  if (!announced_) now.body_bytes = std::max<std::uint64_t>(body_bytes_, 1);
  Judgement again = gate_.judge_under_way(now);
  if (again.allowed() && gate_.admission().device->id != device) {
    // The service would be told of one that is no more, or has been.
    again = gate_.refuse(Reason::no_permit, "its device is another now", operation(),
                         http_status(Reason::no_permit));
  }
  if (!again.allowed()) {
    before_ = before;
    if (answer_started_) {
      refuse_midway(client, again, http_status(again.reason));
      return false;
    }
    leg_.give_up();
    if (!request_done_ || !gate_.admission().admitted()) client.closing = true;
    refuse(client, again, http_status(again.reason));
    return false;
  }
  if (again.permit->service->key == permit_->service->key) {
    permit_ = again.permit;
    leg_.move_to(*permit_->service);
    body_bytes_max_ = permit_->body_bytes_max;
    before_.reset();
  } else if (before_ == nullptr) {
    before_ = before;  // No allowed request is lost: it goes where it was on its way to.
  }
  return true;
}

bool Exchange::send_to_service(ClientSide& client) {
  const ServiceLeg::Moved moved = leg_.send();
  if (moved == ServiceLeg::Moved::kFailed) service_failed(client);
  return moved != ServiceLeg::Moved::kNot;
}

// Takes what the service has sent as far as there is room towards the client.
bool Exchange::take_answer(ClientSide& client) {
  bool moved = false;
  while (!answer_done_ && client.out.room() > 0) {
    http1::ResponseEvent event;
    switch (leg_.next(event)) {
      case ServiceLeg::Moved::kNot:
        return moved;
      case ServiceLeg::Moved::kFailed:
        service_failed(client);
        return true;
      case ServiceLeg::Moved::kOn:
        break;
    }
    moved = true;
    if (const auto* head = as<http1::ResponseHead>(event)) {
      if (!on_response_head(*head, client)) return true;
    } else if (const auto* body = as<http1::BodyBytes>(event)) {
      if (answer_form_ == http1::BodyForm::kChunked) {
        http1::encode_chunk(client.out.tail(), body->bytes);
      }
      if (answer_form_ == http1::BodyForm::kRaw) client.out.append(body->bytes);
    } else if (as<http1::MessageEnd>(event)) {
      if (answer_form_ == http1::BodyForm::kChunked) http1::encode_last_chunk(client.out.tail());
      answer_done_ = true;
    }
    leg_.consume();
  }
  return moved;
}

bool Exchange::on_response_head(const http1::ResponseHead& head, ClientSide& client) {
  if (head.interim) {
    // The gateway has answered `Expect: 100-continue` itself; other interim answers carry nothing.
    if (++num_interim_ <= limits::kHttpInterimResponsesMax) return true;
    leg_.blame("the service sent too many interim answers");
    service_failed(client);
    return false;
  }
  context_.meter.first_byte.observe(context_.clock.micros() - begun_us_);
  // An answer before the end of the request: the client learns it, and the connection ends.
  if (!request_done_) client.closing = true;
  request_.keep_alive = !client.closing;
  const http1::ResponsePlan plan = http1::encode_response(client.out.tail(), head, request_);
  answer_form_ = plan.body;
  switches_ = head.status == 101;
  client.closing |= plan.close;
  answer_started_ = true;
  return true;
}

void Exchange::abandon() {
  if (phase_ == Phase::kTunnel) end_tunnel("the client's connection ended");
  if (active()) phase_ = Phase::kBroken;
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
    if (more && !client.fill(context_)) return Step::wait({.client_read = true});
  }
}

void Exchange::refuse(ClientSide& client, const Judgement& judgement, int status) {
  request_.keep_alive = !client.closing;
  encode_problem(client.out.tail(), status, judgement.reason, judgement.detail, judgement.denial_id,
                 request_, judgement.retry_after_s);
  if (client.closing || request_done_) {
    reset();
  } else {
    phase_ = Phase::kDiscard;
  }
}

// A permitted request turned out to be wrong while it streamed: the service must not take it for
// whole.
void Exchange::refuse_midway(ClientSide& client, const Judgement& judgement, int status) {
  client.closing = true;
  leg_.give_up();
  if (answer_started_) {
    phase_ = Phase::kBroken;
  } else {
    refuse(client, judgement, status);
  }
}

void Exchange::service_failed(ClientSide& client) {
  const LegFailure failure = leg_.failure();
  const std::string id = gate_.service_failed(*permit_, operation(), failure.reason, failure.detail,
                                              answer_started_ ? 0 : failure.status);
  if (answer_started_) {
    phase_ = Phase::kBroken;
    return;
  }
  if (!request_done_ && request_framing_ != http1::Framing::kNone) client.closing = true;
  request_.keep_alive = !client.closing;
  encode_problem(client.out.tail(), failure.status, failure.reason, failure.detail, id, request_,
                 failure.retry_after_s);
  if (request_done_ || client.closing) {
    reset();
  } else {
    phase_ = Phase::kDiscard;
  }
}

void Exchange::finish(ClientSide& client) {
  context_.meter.request.observe(context_.clock.micros() - begun_us_);
  leg_.end(/*answered=*/request_done_);
  if (!request_done_) client.closing = true;
  reset();
}

Step Exchange::on_timeout(ClientSide& client) {
  if (phase_ == Phase::kTunnel) {
    context_.meter.reached(Limit::kIdleTime);
    end_tunnel("nothing had moved for too long");
    client.closing = true;
    reset();
    return Step::again();
  }
  const bool clients_fault = waits_for_client() && !(phase_ == Phase::kRelay && leg_.is_due());
  if (clients_fault) context_.meter.reached(Limit::kBodyTime);
  if (phase_ != Phase::kRelay) return Step::close();
  if (clients_fault) {
    refuse_midway(
        client,
        gate_.refuse(Reason::malformed, "the request body stopped coming", operation(), 408), 408);
    return Step::again();
  }
  if (leg_.on_timeout() == ServiceLeg::Moved::kFailed) service_failed(client);
  return Step::again();
}

Millis Exchange::timeout() const {
  const policy::ClientLimits& limits = context_.snapshots.current()->limits;
  if (phase_ == Phase::kTunnel) return limits.idle_timeout;
  if (phase_ == Phase::kDiscard) return limits.transfer_timeout;
  if (!waits_for_body()) return leg_.timeout();
  return leg_.begun() ? limits.transfer_timeout : std::min(limits.transfer_timeout, leg_.timeout());
}

void Exchange::want(Wants wants) { leg_.want(wants.service_read, wants.service_write); }

void Exchange::reset() {
  phase_ = Phase::kIdle;
  permit_ = nullptr;
  leg_.end(/*answered=*/false);
  before_.reset();
  answer_form_ = http1::BodyForm::kNone;
  body_bytes_ = body_bytes_max_ = 0;
  num_interim_ = 0;
  request_done_ = answer_started_ = answer_done_ = switches_ = false;
}

}  // namespace interlock::session
