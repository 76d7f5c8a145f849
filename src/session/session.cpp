#include "session/session.h"

#include "session/answer.h"
#include "session/session_table.h"

namespace interlock::session {

Session::Session(SessionTable& table, SessionId id, Context& context, Origin origin)
    : table_(table),
      id_(id),
      context_(context),
      gate_(context, std::move(origin)),
      exchange_(context, gate_, *this) {
  set_deadline(limits::kHandshakeTimeout);
}

void Session::start(std::unique_ptr<port::SecureStream> stream) {
  client_.stream = std::move(stream);
  advance();
}

void Session::advance() noexcept {
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
      phase_ = Phase::kServe;
      gate_.client_proved();
      keep_index();
      rest_later();
      set_deadline(limits::kIdleTimeout);
      return Step::again();
    case port::Handshake::kFailed:
      if (!refused_) {
        gate_.refuse_handshake(client_.stream->failure(), client_.stream->failure_detail());
      }
      drain();
      return Step::again();
  }
  return Step::close();
}

Step Session::do_identify() {
  const Reason verdict = gate_.admit(client_.stream->peer_chain());
  client_.stream->set_verdict(verdict);
  refused_ = verdict != Reason::kNone;
  phase_ = Phase::kHandshake;
  return Step::again();
}

Step Session::do_serve() {
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

void Session::after_exchange() {
  if (client_.closing) {
    drain();
  } else {
    rest_later();
    set_deadline(limits::kIdleTimeout);
  }
}

void Session::rest() noexcept {
  rests_at_ = kNever;
  if (phase_ != Phase::kServe || exchange_.active() || !client_.decoder.idle()) return;
  // A ticket may wait inside TLS for something to be written.
  if (client_.out.empty()) static_cast<void>(client_.stream->write({}));
  client_.in.rest();
  client_.out.rest();
  client_.decoder.rest();
  exchange_.rest();
  gate_.rest();
}

// Writes what is there for the client; false where the client is gone. A write that made room turns
// waiting into going on.
bool Session::send_answers(Step& step) {
  port::IoResult sent = client_.stream->flush();
  if (sent.bytes > 0) set_deadline(limits::kBodyStallTimeout);  // It is slow, and it reads.
  if (sent.state == port::IoState::kProgress && !client_.out.empty()) {
    sent = client_.stream->write(as_bytes(client_.out.view()));
    if (sent.state == port::IoState::kProgress) {
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
  if (was_idle && !client_.decoder.idle()) set_deadline(limits::kHeadTimeout);
  return client_.fill(context_.scratch) ? Step::again() : Step::wait({.client_read = true});
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
  set_deadline(limits::kBodyStallTimeout);  // For what is still to be sent.
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
    if (flushed.bytes > 0) set_deadline(limits::kBodyStallTimeout);
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

void Session::on_snapshot_changed() noexcept {
  if (phase_ != Phase::kServe || exchange_.active()) return;
  const Reason reason = gate_.readmit();
  if (reason != Reason::kNone) {
    cut(reason, gate_.admission().detail);
  } else {
    keep_index();
  }
}

// A new configuration may mean another device by the same certificate.
void Session::keep_index() {
  if (gate_.generation() == indexed_generation_ || !gate_.admission().admitted()) return;
  indexed_generation_ = gate_.generation();
  table_.index(id_, gate_.admission());
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

void Session::on_deadline() noexcept {
  switch (phase_) {
    case Phase::kHandshake:
    case Phase::kIdentify:
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
    refuse_request(Reason::malformed, "the request head stopped coming", 408);
  } else {
    drain();
  }
  advance();
}

void Session::close() {
  phase_ = Phase::kClosed;
  table_.retire(id_);
}

}  // namespace interlock::session
