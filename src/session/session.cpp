#include "session/session.h"

#include "session/answer.h"
#include "session/session_table.h"

namespace interlock::session {
Session::Session(SessionTable& table, SessionId id, Context& context, Origin origin, Place place)
    : table_(table),
      id_(id),
      context_(context),
      gate_(context, std::move(origin)),
      exchange_(context, gate_, *this),
      place_(std::move(place)) {
  set_deadline(limits().handshake_timeout);
}

void Session::start(std::unique_ptr<port::SecureStream> stream) {
  client_.stream = std::move(stream);
  client_.stream->want(true, false);
}

void Session::advance() noexcept {
  if (phase_ == Phase::kHandshake && !table_.may_handshake(id_, place_.known())) {
    client_.stream->want(false, false);
    return;
  }
  for (int budget = limits::kStepsPerWakeup; budget > 0; --budget) {
    Step step = Step::close();
    switch (phase_) {
      case Phase::kHandshake:
        step = do_handshake();
        break;
      case Phase::kIdentify:
        step = do_identify();
        break;
      case Phase::kServe:
        step = do_serve();
        break;
      case Phase::kDrain:
        step = do_drain();
        break;
      case Phase::kClosed:
        return;
    }
    switch (step.kind) {
      case Step::Kind::kAgain:
        continue;
      case Step::Kind::kWait:
        wait(step);
        return;
      case Step::Kind::kClose:
        close();
        return;
    }
  }
  table_.come_back(id_);  // Others have their turn first.
}

void Session::wait(const Step& step) {
  client_.stream->want(step.wants.client_read, step.wants.client_write);
  exchange_.want(step.wants);
  watch_pace(step);
  hold(buffered());
}

Step Session::do_handshake() {
  switch (client_.stream->handshake()) {
    case port::Handshake::kWaitRead:
      return Step::wait({.client_read = true});
    case port::Handshake::kWaitWrite:
      return Step::wait({.client_read = true, .client_write = true});
    case port::Handshake::kWaitVerdict:
      phase_ = Phase::kIdentify;
      return Step::again();
    case port::Handshake::kDone:
      if (!gate_.admission().admitted() || gate_.admission().device == nullptr) {
        return Step::close();
      }
      return begin_service();
    case port::Handshake::kFailed:
      if (!refused_) {
        gate_.refuse_handshake(client_.stream->failure(), client_.stream->failure_detail());
      }
      drain();
      return Step::again();
  }
  return Step::close();
}

void Session::count_handshake() const {
  Meter& meter = context_.meter;
  (client_.stream->resumed() ? meter.handshakes_resumed : meter.handshakes_full).add();
  meter.handshake.observe(context_.clock.micros() - accepted_us_);
}

Step Session::begin_service() {
  phase_ = Phase::kServe;
  context_.capacity.handshake_over(place_);
  gate_.client_proved();
  count_handshake();
  if (const auto refused = context_.capacity.identify(place_, gate_.admission().device->id)) {
    context_.meter.reached(refused->limit);
    gate_.refuse_handshake(Reason::overloaded, refused->detail);
    client_.stream->refuse(Reason::overloaded);
    drain();
    return Step::again();
  }
  keep_index();
  rest_later();
  set_deadline(limits().idle_timeout);
  return Step::again();
}

Step Session::do_identify() {
  const Reason verdict = gate_.admit(client_.stream->peer_chain());
  client_.stream->set_verdict(verdict);
  refused_ = verdict != Reason::kNone;
  phase_ = Phase::kHandshake;
  return Step::again();
}

Step Session::do_serve() {
  // Who may have lost its right does not keep it for want of memory.
  const auto may_end = [this] {
    return exchange_.active() && (gate_.is_outdated() || exchange_.is_broken());
  };
  if (context_.capacity.is_full() && !may_end()) return wait_for_memory();
  if (loses_tunnel()) return Step::again();
  const bool was_active = exchange_.active();
  Step step = was_active ? exchange_.advance(client_) : next_request();
  if (step.kind == Step::Kind::kClose) return step;
  if (!send_answers(step)) return Step::close();
  if (was_active && !exchange_.active()) {
    after_exchange();
    return Step::again();
  }
  if (exchange_.active() && step.kind == Step::Kind::kAgain) set_deadline(exchange_.timeout());
  return step;
}

// What was permitted when a tunnel began may be so no longer: then nothing more passes.
bool Session::loses_tunnel() {
  const Reason reason = exchange_.look_again();
  if (reason == Reason::kNone) {
    if (exchange_.is_tunnel()) keep_index();
    return false;
  }
  client_.stream->refuse(reason);
  client_.out.clear();
  drain();
  return true;
}

void Session::after_exchange() {
  if (client_.closing) {
    drain();
  } else {
    keep_index();
    rest_later();
    set_deadline(limits().idle_timeout);
  }
}

// Writes what is there for the client; false where the client is gone. A write that made room turns
// waiting into going on.
bool Session::send_answers(Step& step) {
  port::IoResult sent = client_.stream->flush();
  client_.taken += sent.bytes;
  if (sent.bytes > 0 && phase_ == Phase::kDrain) set_deadline(limits().transfer_timeout);
  if (sent.state == port::IoState::kProgress && !client_.out.empty()) {
    sent = client_.stream->write(as_bytes(client_.out.view()));
    if (sent.state == port::IoState::kProgress) {
      context_.meter.client_sent_bytes.add(client_.out.view().size());
      client_.out.clear();
      step = Step::again();
    }
  }
  if (sent.state == port::IoState::kBlocked) step.wants.client_write = true;
  return sent.state == port::IoState::kProgress || sent.state == port::IoState::kBlocked;
}

Step Session::next_request() {
  // One answer at a time: a client that does not read its answers sends no more requests.
  if (!client_.out.empty()) return Step::wait({});
  const bool was_idle = client_.decoder.idle();
  const auto decoded = client_.decoder.decode(client_.in.view(), client_.eof);
  if (!decoded) {
    return refuse_request(decoded.error().reason, decoded.error().what, decoded.error().status);
  }
  if (const auto* head = std::get_if<http1::RequestHead>(&decoded->event)) {
    exchange_.begin(*head, client_);
    keep_index();
    client_.in.consume(decoded->consumed);
    if (client_.closing && !exchange_.active()) drain();
    return Step::again();
  }
  client_.in.consume(decoded->consumed);
  if (client_.eof) {
    drain();
    return Step::again();
  }
  if (was_idle && !client_.decoder.idle()) set_deadline(limits().head_timeout);
  return client_.fill(context_) ? Step::again() : Step::wait({.client_read = true});
}

Step Session::refuse_request(Reason reason, std::string_view detail, int status) {
  const Judgement refusal = gate_.refuse(reason, detail, {}, status);
  encode_problem(client_.out.tail(), status, reason, refusal.detail, refusal.denial_id,
                 {.keep_alive = false});
  client_.in.clear();
  drain();
  return Step::again();
}

void Session::drain() {
  phase_ = Phase::kDrain;
  context_.capacity.handshake_over(place_);
  set_deadline(limits().transfer_timeout);  // For what is still to be sent.
}

Step Session::do_drain() {
  if (!finished_) {
    Step step = Step::again();
    if (!send_answers(step)) return Step::close();
    if (step.wants.client_write) return Step::wait(step.wants);
    client_.stream->finish();
    finished_ = true;
  }
  if (!flushed_) {
    const port::IoResult flushed = client_.stream->flush();
    if (flushed.state == port::IoState::kFailed) return Step::close();
    client_.taken += flushed.bytes;
    if (flushed.bytes > 0) set_deadline(limits().transfer_timeout);
    if (flushed.state == port::IoState::kBlocked) {
      return Step::wait({.client_read = true, .client_write = true});
    }
    flushed_ = true;
    set_deadline(limits::kDrainTimeout);
  }
  const port::IoResult got = client_.stream->discard();
  if (got.state == port::IoState::kBlocked) return Step::wait({.client_read = true});
  drained_ += got.bytes;
  if (got.state != port::IoState::kProgress || drained_ > limits::kDrainBytesMax) {
    return Step::close();
  }
  return Step::again();
}

void Session::look_again() noexcept {
  if (phase_ != Phase::kServe) return;
  if (exchange_.active()) {
    if (gate_.is_outdated()) advance();
    return;
  }
  if (const Reason reason = gate_.readmit(); reason != Reason::kNone) {
    cut(reason, gate_.admission().detail);
  } else if (const Standing& standing = gate_.standing(); standing.holds_nothing()) {
    cut(standing.reason, what_happened(standing.reason));
  } else {
    keep_index();
    table_.expires(gate_.expires_at());
  }
}

// A new configuration may mean another device by the same certificate.
void Session::keep_index() {
  if (gate_.generation() == indexed_generation_ || !gate_.admission().admitted()) return;
  indexed_generation_ = gate_.generation();
  // Where another device has no connection left, this one goes on counting as the old one's.
  static_cast<void>(context_.capacity.identify(place_, gate_.admission().device->id));
  table_.index(id_, gate_);
}

void Session::cut(Reason reason, std::string_view detail) noexcept {
  if (phase_ == Phase::kDrain || phase_ == Phase::kClosed) return;
  gate_.refuse_handshake(reason, detail);
  if (exchange_.active() || phase_ != Phase::kServe) {
    close();
    return;
  }
  client_.stream->refuse(reason);
  client_.out.clear();
  drain();
  advance();
}

bool Session::is_idle() const {
  return phase_ == Phase::kServe && !exchange_.active() && client_.decoder.idle() &&
         client_.in.empty() && client_.out.empty();
}

void Session::end_idle() noexcept {
  drain();
  advance();
}

void Session::on_deadline() noexcept {
  if (!is_late()) return;
  switch (phase_) {
    case Phase::kHandshake:
    case Phase::kIdentify:
      context_.meter.reached(Limit::kHandshakeTime);
      gate_.refuse_handshake(Reason::tls_failed, "the handshake took too long");
      close();
      return;
    case Phase::kDrain:
      close();
      return;
    case Phase::kClosed:
      return;
    case Phase::kServe:
      break;
  }
  if (exchange_.active()) {
    set_deadline(exchange_.timeout());
    if (exchange_.on_timeout(client_).kind == Step::Kind::kClose) {
      close();
      return;
    }
    if (!exchange_.active()) after_exchange();
  } else if (!client_.decoder.idle()) {
    context_.meter.reached(Limit::kHeadTime);
    refuse_request(Reason::malformed, "the request head stopped coming", 408);
  } else {
    context_.meter.reached(Limit::kIdleTime);
    drain();
  }
  advance();
}

void Session::close() {
  phase_ = Phase::kClosed;
  exchange_.abandon();
  hold(0);
  table_.retire(id_);
}

}  // namespace interlock::session
