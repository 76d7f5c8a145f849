// FakeClient: the far end of a client connection, scripted by a test, and the SecureStream between
// it and its session. TLS is left out: the handshake is a list of steps, the bytes are plaintext.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "port/secure_stream.h"
#include "sim/fakes.h"
#include "sim/message.h"

namespace interlock::sim {

// FakeClient outlives its stream. Members above the line are the test's to set, those below say
// what became of it.
struct FakeClient {
  std::vector<test::Der> chain;
  std::deque<port::Handshake> steps = {port::Handshake::kWaitRead, port::Handshake::kWaitVerdict,
                                       port::Handshake::kWaitRead};
  Reason failure = Reason::tls_failed;  // What a step kFailed means.
  bool resumes = false;                 // It goes on with an earlier session.
  bool stalled = false;                 // It never goes on with the handshake.
  Pipe in;                              // To the gateway.
  std::size_t room = kRoomUnlimited;    // Bytes it still takes.
  bool broken = false;                  // Gone without a word.

  std::string name;                  // Whose certificate it has.
  std::string received;              // Plaintext.
  std::string unsent;                // What the gateway holds back because there is no room.
  std::vector<std::string> methods;  // Of the requests sent by request().
  std::vector<std::string> tags;     // Of the same, where a test gives them.
  std::optional<Reason> alert;       // Why the gateway ended it.
  bool finished = false;             // A clean end was sent.
  bool closed = false;               // The connection is gone.
  std::size_t num_reads = 0;         // Of plaintext.
  std::size_t num_discarded = 0;
  bool wants_read = false, wants_write = false;
  bool verdict_given = false;
  bool handshaking = true;
  port::StreamObserver* observer = nullptr;

  void send(std::string_view bytes) { in.send(bytes); }
  // request sends a request; `fields` are ready lines. A body goes with its length.
  void request(std::string_view method, std::string_view target, std::string_view body = {},
               std::string_view fields = {});
  void end() { in.ended = true; }
  void vanish() { broken = true; }

  // answers reads all that was received. The last one may not be whole.
  [[nodiscard]] std::vector<Message> answers() const;
  [[nodiscard]] bool ready() const;
};

// text_request is what FakeClient::request sends.
std::string text_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view fields);

std::unique_ptr<port::SecureStream> make_stream(FakeClient& client, Ledger& ledger);

}  // namespace interlock::sim
