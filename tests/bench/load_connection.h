// One TLS client connection of the load tool, and the loop that moves all of them.
//
// Every connection is registered once, edge-triggered, and moves until neither side can go on. Who
// makes the load (load_runs.h) is told what happened and says what comes next.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <openssl/ssl.h>

#include "base/fd.h"
#include "bench/load_plant.h"

namespace interlock::bench {

class Connection;

// Run is told what happens; each call may start, use and close any connection.
class Run {
 public:
  virtual ~Run() = default;
  // The client's side of the handshake is done: the server may still refuse.
  virtual void on_open(Connection& connection) = 0;
  virtual void on_answer(Connection& connection, int status, std::uint64_t body_bytes) = 0;
  // `failure` is null where it ended in order: the server has sent no alert, and has closed.
  virtual void on_end(Connection& connection, const char* failure) = 0;
  // on_pass is called before each wait; it returns how long that may take, in ms (-1: any time).
  virtual int on_pass() { return -1; }
};

// Loop waits for sockets and moves connections.
class Loop {
 public:
  explicit Loop(Run& run);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // go returns once `*done`; it throws where nothing has happened for a minute.
  void go(const bool& done);

  Run& run() { return run_; }
  SSL_CTX* ctx() { return ctx_.get(); }
  [[nodiscard]] int epoll() const { return epoll_.get(); }

 private:
  Run& run_;
  bssl::UniquePtr<SSL_CTX> ctx_;
  Fd epoll_;
};

// Request is what is sent: a whole head, and so many bytes of body.
struct Request {
  std::string head;
  std::uint64_t body_bytes = 0;
};

class Connection {
 public:
  Connection(Loop& loop, std::size_t slot) : loop_(loop), slot_(slot) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // open dials from `source` (0: any loopback address) and begins the handshake as `device`,
  // resuming the session it was last given if `resume`.
  void open(in_addr_t source, std::uint16_t port, const Device& device, CRYPTO_BUFFER* intermediate,
            bool resume);

  // send begins a request; on_answer follows.
  void send(const Request& request);

  // finish says that nothing more will be sent; on_end follows when the server has closed too.
  void finish();

  // pump moves what can be moved.
  void pump();

  [[nodiscard]] std::size_t slot() const { return slot_; }
  [[nodiscard]] bool has_ticket() const { return has_ticket_; }  // Of this connection.
  [[nodiscard]] bool resumed() const { return ssl_ && SSL_session_reused(ssl_.get()) != 0; }

  // For the loop's context: a ticket has come, and the session that it is for is kept.
  void ticket_came() { has_ticket_ = true; }
  void keep(SSL_SESSION* session) { session_.reset(session); }

 private:
  bool move();  // False: it waits, or is gone.
  bool move_handshake();
  bool move_out();
  bool move_in();
  void take(std::string_view bytes);
  bool take_head(std::string_view& bytes);
  void end(const char* failure);
  const char* failure_of(int result);

  Loop& loop_;
  const std::size_t slot_;
  Fd fd_;
  bssl::UniquePtr<SSL> ssl_;
  bssl::UniquePtr<SSL_SESSION> session_;
  bool has_ticket_ = false;
  bool open_ = false, finished_ = false, pumping_ = false, pump_again_ = false;
  std::string out_, head_;
  std::uint64_t body_out_ = 0;
  std::uint64_t body_in_left_ = 0, body_in_ = 0;
  int status_ = 0;  // Not 0: inside the body of an answer.
};

}  // namespace interlock::bench
