// ServiceLeg: the service's side of one exchange. A place in the line for a connection, a borrowed
// connection, the request on its way into it, the answer out of it, and the cases in which a
// request is sent to another endpoint.
#pragma once

#include <string>
#include <string_view>

#include "session/context.h"
#include "wire/http1/encoder.h"
#include "wire/http1/response_decoder.h"

namespace interlock::session {

// LegFailure is why a request was not answered: what the client is told, and what is on record.
struct LegFailure {
  Reason reason = Reason::service_unavailable;
  int status = 502;
  std::string detail;
  std::int64_t retry_after_s = 0;  // More than 0: trying again has a chance after so many seconds.
};

// ServiceLeg belongs to one exchange and is used again for each of its requests.
class ServiceLeg {
 public:
  enum class Moved : std::uint8_t {
    kOn,      // Something moved; there may be more.
    kNot,     // Nothing can move now; the observer will be told.
    kFailed,  // The request will not be answered: failure() says why.
  };

  ServiceLeg(Context& context, port::StreamObserver& observer)
      : context_(context), observer_(observer) {}
  // A session may go in the middle of an exchange: whoever waits for its connection has its turn.
  ~ServiceLeg() { end(/*answered=*/false); }
  ServiceLeg(const ServiceLeg&) = delete;
  ServiceLeg& operator=(const ServiceLeg&) = delete;

  // begin puts the head of a request of `device` on its way. `service` stays valid until end().
  Moved begin(const policy::Service& service, std::string_view device,
              const http1::RequestHead& head, std::string_view identity_fields);

  // out is where the body goes, encoded as the head announced it.
  ByteQueue& out() { return out_; }
  [[nodiscard]] const ByteQueue& out() const { return out_; }

  // send writes what is in out(), once there is a connection.
  Moved send();

  // next gives the next event of the answer (NeedMore: look again), whose views are good until
  // consume(), which must follow. An answer's head makes a second try impossible.
  Moved next(http1::ResponseEvent& event);
  void consume();

  // begun says that the service has taken a byte of the request. Until then it may be withdrawn.
  [[nodiscard]] bool begun() const { return begun_; }

  // What follows an answer with 101 is no HTTP. take moves it into `to` as far as there is room
  // there; kNot also once all has come: has_ended. finish says that nothing more will be sent.
  Moved take(ByteQueue& to);
  [[nodiscard]] bool has_ended() const { return eof_ && connection_.in.empty(); }
  void finish() {
    if (connection_.stream != nullptr) connection_.stream->shutdown_write();
  }

  // move_to says that the service is described elsewhere now. It is the same one: its key is.
  void move_to(const policy::Service& service) { service_ = &service; }

  // on_timeout is called after timeout(): kOn where another endpoint is tried. Until the request
  // has begun that is what is left of the time in line or of that to connect, whatever moves
  // meanwhile; is_due says that it is over. Afterwards it is how long the service may be silent.
  Moved on_timeout();
  [[nodiscard]] Millis timeout() const;
  [[nodiscard]] bool is_due() const { return !begun_ && due_ <= context_.clock.now(); }

  // give_up ends the leg without an answer: the connection is closed and nothing is tried again.
  // blame does so because of what the service did, which counts against its endpoint.
  void give_up();
  void blame(std::string_view why);

  // end closes the exchange. The connection is kept for another where `answered`, the request is
  // out to its last byte and the service agrees.
  void end(bool answered);

  [[nodiscard]] const LegFailure& failure() const { return failure_; }

  // held is the memory that its buffers take.
  [[nodiscard]] std::size_t held() const {
    return out_.held() + connection_.in.held() + repeat_.capacity();
  }

  void want(bool read, bool write);

  // rest gives back memory that is not in use: in an exchange that of empty buffers, between two
  // all of it.
  void rest() {
    out_.rest();
    connection_.in.rest();
    if (service_ != nullptr) return;
    decoder_.rest();
    std::string().swap(repeat_);
  }

 private:
  Moved connect(bool fresh);
  [[nodiscard]] bool may_repeat() const;
  Moved fail(std::string_view why, int status = 502);
  Moved refuse(Reason reason, std::string_view why, std::int64_t retry_after_s);
  Moved read();
  [[nodiscard]] std::string why_broken() const;

  Context& context_;
  port::StreamObserver& observer_;
  const policy::Service* service_ = nullptr;
  std::string device_;
  ServicePool::Place place_;
  ServiceConnection connection_;
  Tried tried_;
  int num_tries_ = 0;
  Instant due_{};  // When it must have a connection, or the connection must stand.
  ByteQueue out_{limits::kServiceOutBytesMax};
  http1::ResponseDecoder decoder_;
  std::string method_, upgrade_;
  std::string repeat_;           // The encoded request, where it may be sent once more.
  std::size_t decoded_len_ = 0;  // Of connection_.in: the event that next() gave.
  bool begun_ = false;           // The service has taken a byte of this request.
  bool heard_ = false;           // A head has come, if only an interim one.
  bool answering_ = false;       // The head of the answer itself has come.
  bool reusable_ = true;         // The service will answer another request on this connection.
  bool switched_ = false;        // What passes now is no HTTP: the request has been answered.
  bool eof_ = false;
  LegFailure failure_;
};

}  // namespace interlock::session
