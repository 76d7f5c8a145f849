// FakeService: a service inside the plant, scripted by a test, and the dialer that reaches it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "port/dialer.h"
#include "sim/fakes.h"
#include "sim/message.h"

namespace interlock::sim {

// Connection is one connection as the service sees it. It outlives its stream.
struct Connection {
  enum class State : std::uint8_t { kConnecting, kOpen, kRefused };
  State state = State::kOpen;
  Pipe out;                           // To the gateway.
  std::size_t room = kRoomUnlimited;  // Bytes it still takes.
  std::size_t piece_max = 0;          // Bytes it takes in one call, at most; 0: all.
  bool buffers = false;  // As with TLS: a write takes all, and what finds no room waits.
  bool broken = false;   // Reset.
  bool deaf = false;     // It takes no more bytes, and what it has sent can be read.

  std::string unsent;             // What the gateway holds back because there is no room.
  std::string received;           // All of it.
  std::vector<Message> requests;  // Whole ones.
  std::size_t read_len = 0;       // Of `received`: whole requests.
  bool head_seen = false;         // Of the request that is not whole yet.
  std::size_t whole_len = 0;      // The length it will have; 0: it ends with its last chunk.
  bool closed = false;            // By the gateway.
  bool finished = false;          // The gateway sends no more.
  bool tunnel = false;            // What comes now is no HTTP.
  bool wants_read = false, wants_write = false;
  port::StreamObserver* observer = nullptr;

  void send(std::string_view bytes) { out.send(bytes); }
  void end() { out.ended = true; }
  [[nodiscard]] bool ready() const;
  // may_be_whole saves reading a long request again with each of its pieces.
  [[nodiscard]] bool may_be_whole() const;
};

// answer_text is a whole answer with its length.
std::string answer_text(int status, std::string_view body, std::string_view fields = {});

struct FakeService {
  // Handlers may be replaced. on_head is called when a head has come, before its body; on_request
  // when all of a request has. As they are: an echo of the body and the field X-Tag.
  std::function<void(const Message&, Connection&)> on_head = [](const Message&, Connection&) {};
  std::function<void(const Message&, Connection&)> on_request = echo;
  std::function<void(Connection&)> on_dial = [](Connection&) {};
  bool no_socket = false;  // The dialer has none.
  std::deque<Connection> connections;

  static void echo(const Message& request, Connection& connection);
  [[nodiscard]] std::size_t num_requests() const;
  [[nodiscard]] std::size_t num_open() const;
  // only returns the one request that came.
  [[nodiscard]] const Message& only() const;
};

class FakeDialer final : public port::Dialer {
 public:
  FakeDialer(Ledger& ledger, Chance& chance) : ledger_(ledger), chance_(chance) {}
  Result<std::unique_ptr<port::ByteStream>> dial(const policy::Service& service,
                                                 const Endpoint& endpoint) override;

  std::map<std::string, FakeService*> services;  // By endpoint.

 private:
  Ledger& ledger_;
  Chance& chance_;
};

}  // namespace interlock::sim
