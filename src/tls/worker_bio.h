// How TLS sessions of one data thread reach their sockets: through one BIO that they share. Bytes
// are received straight into one buffer and sent together in one write; a connection at rest holds
// no buffers at all.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "port/byte_stream.h"
#include "tls/boringssl.h"

namespace interlock::tls {

// Link is one connection's end: its stream, and the bytes that did not fit into one call.
struct Link {
  port::ByteStream* stream = nullptr;
  std::vector<std::uint8_t> unread;  // Ciphertext received and not used yet; normally empty.
  std::size_t unread_begin = 0;      // Of `unread`, what has been used since.
  std::vector<std::uint8_t> unsent;  // Ciphertext that the socket did not take; normally empty.
  bool eof = false;                  // The client has finished sending.
  bool failed = false;

  // flush sends `unsent`; kProgress once there is nothing left. `bytes` were sent in any case.
  port::IoResult flush();
};

// WorkerBio belongs to one data thread and outlives its sessions.
class WorkerBio {
 public:
  WorkerBio();
  ~WorkerBio();
  WorkerBio(const WorkerBio&) = delete;
  WorkerBio& operator=(const WorkerBio&) = delete;

  [[nodiscard]] BIO* bio() const { return bio_.get(); }

  // Turn lends the buffers to one connection for the length of one call into the TLS library: no
  // other connection of this thread may be touched meanwhile. Its end puts aside what was not used
  // and sends what was written.
  class Turn {
   public:
    Turn(WorkerBio& worker, Link& link);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    WorkerBio& worker_;
  };

 private:
  static int bio_read(BIO* bio, char* out, int len);
  static int bio_write(BIO* bio, const char* in, int len);
  static long bio_ctrl(BIO* bio, int cmd, long larg, void* parg);
  int read(std::span<std::uint8_t> out);
  void end_turn();

  bssl::UniquePtr<BIO> bio_;
  Link* link_ = nullptr;  // Whose turn it is.
  std::array<std::uint8_t, limits::kTlsPendingBytesMax> received_{};
  std::size_t received_begin_ = 0, received_end_ = 0;
  std::vector<std::uint8_t> to_send_;
};

}  // namespace interlock::tls
