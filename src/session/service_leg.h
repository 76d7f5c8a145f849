// ServiceLeg: the service's side of one exchange. A borrowed connection, the request on its way
// into it, the answer out of it, and the one case in which a request is sent twice.
#pragma once

#include <string>
#include <string_view>

#include "session/context.h"
#include "wire/http1/encoder.h"
#include "wire/http1/response_decoder.h"

namespace interlock::session {

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

  // begin puts a request's head on its way. `service` stays valid until end(). kFailed where no
  // connection can be had.
  Moved begin(const policy::Service& service, const http1::RequestHead& head,
              std::string_view identity_fields);

  // out is where the body goes, encoded as the head announced it.
  ByteQueue& out() { return out_; }
  [[nodiscard]] const ByteQueue& out() const { return out_; }

  // send writes what is in out().
  Moved send();

  // next gives the next event of the answer (NeedMore: look again), whose views are good until
  // consume(), which must follow. An answer's head makes a second try impossible.
  Moved next(http1::ResponseEvent& event);
  void consume();

  // give_up ends the leg without an answer: the connection is closed and nothing is tried again.
  // `why` is a literal, and failure() from then on.
  void give_up(std::string_view why);

  // end closes the exchange. The connection is kept for another where `answered`, the request is
  // out to its last byte and the service agrees.
  void end(bool answered);

  // connected says that the service has taken a byte of this request.
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string_view failure() const { return failure_; }

  // held is the memory that its buffers take.
  [[nodiscard]] std::size_t held() const {
    return out_.held() + connection_.in.held() + retry_.capacity();
  }

  void want(bool read, bool write);

 private:
  [[nodiscard]] bool may_retry() const;
  bool retry();
  bool dial_anew();
  Moved fail(std::string_view detail);
  Moved read();

  Context& context_;
  port::StreamObserver& observer_;
  const policy::Service* service_ = nullptr;
  ServiceConnection connection_;
  ByteQueue out_{limits::kServiceOutBytesMax};
  http1::ResponseDecoder decoder_;
  std::string method_;
  std::string retry_;            // The encoded request, where it may be sent once more.
  std::size_t decoded_len_ = 0;  // Of connection_.in: the event that next() gave.
  bool connected_ = false;
  bool heard_ = false;      // A head has come, if only an interim one.
  bool answering_ = false;  // The head of the answer itself has come.
  bool reusable_ = true;    // The service will answer another request on this connection.
  bool eof_ = false;
  std::string_view failure_;
};

}  // namespace interlock::session
