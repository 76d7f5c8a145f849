// The client's side of a connection after TLS: plaintext out of a ByteStream, and who is on it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "interlock/reason.h"
#include "port/byte_stream.h"

namespace interlock::port {

enum class Handshake : std::uint8_t {
  kDone,         // The client has proved possession of the key it was admitted for.
  kWaitRead,     // Waits for bytes from the client.
  kWaitWrite,    // Waits for room towards the client.
  kWaitVerdict,  // peer_chain() is there; waits for set_verdict().
  kFailed,       // Over. failure() says why; an alert may still have to be flushed.
};

class SecureStream {
 public:
  virtual ~SecureStream() = default;

  // handshake moves TLS on until it waits for something, is done, or has failed. A client that
  // resumes a session gets its verdict as well, by the certificates of that session.
  virtual Handshake handshake() = 0;

  // peer_chain returns the client's certificates as sent, in this handshake or in the one that the
  // session began with, leaf first, DER. Valid as long as the stream.
  [[nodiscard]] virtual std::vector<Bytes> peer_chain() const = 0;

  // set_verdict answers kWaitVerdict: kNone lets the handshake go on, any other reason ends it with
  // the alert that belongs to the reason.
  virtual void set_verdict(Reason verdict) = 0;

  // failure says why the handshake failed where no verdict was asked for: no_client_certificate or
  // tls_failed. failure_detail is a short text of the TLS library, never of the peer.
  [[nodiscard]] virtual Reason failure() const = 0;
  [[nodiscard]] virtual std::string_view failure_detail() const = 0;

  // resumed says, once the handshake is done, that it went on with an earlier session.
  [[nodiscard]] virtual bool resumed() const = 0;

  // read and write move plaintext. write takes everything or nothing: kBlocked means that earlier
  // bytes are still waiting for the client.
  virtual IoResult read(std::span<std::uint8_t> into) = 0;
  virtual IoResult write(std::span<const std::uint8_t> from) = 0;

  // flush sends bytes left over by a short write; kProgress when nothing is left. `bytes` were sent
  // in any case.
  virtual IoResult flush() = 0;

  // refuse ends an established session with the alert that belongs to `reason`.
  virtual void refuse(Reason reason) = 0;

  // finish sends close_notify and half-closes; discard reads and drops what the client still sends.
  virtual void finish() = 0;
  virtual IoResult discard() = 0;

  virtual void want(bool read, bool write) = 0;

  // held is the memory that bytes take which wait in either direction.
  [[nodiscard]] virtual std::size_t held() const = 0;
};

}  // namespace interlock::port
