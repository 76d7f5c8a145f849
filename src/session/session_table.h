// SessionTable owns the sessions of one data thread and finds them: by id, and by device,
// credential and issuer, so that a change cuts those it touches and no others.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "session/session.h"

namespace interlock::session {

// By what a session can be found once its client is known.
enum class IndexKind : std::uint8_t {
  kDevice,      // Device id.
  kCredential,  // SHA-256 of the public key, hexadecimal.
  kIssuer,      // IssuerId (name and key) of each authority of the path, hexadecimal.
};

class SessionTable {
 public:
  explicit SessionTable(Context& context) : context_(context) {}

  // open makes a session for a new connection, or returns null where there is no place for one; the
  // refusal is then on record (`overloaded`) and the caller closes the connection. The session
  // exists, and can be found, before anything is decided about it. Call start() on it next.
  Session* open(std::string peer, std::string_view listener);

  // refuse_unaccepted puts on record that connections are waiting which cannot be accepted.
  void refuse_unaccepted(std::string_view listener, std::string_view detail);

  [[nodiscard]] Session* find(SessionId id) const;
  [[nodiscard]] std::size_t size() const { return num_open_; }

  // index makes a session findable by who its client is now.
  void index(SessionId id, const Gate& gate);

  // cut ends every session found under `key`, and returns how many there were.
  std::size_t cut(IndexKind kind, std::string_view key, Reason reason, std::string_view detail);

  // on_snapshot_changed lets every session look again: who loses is cut, in the middle of an
  // exchange as well.
  void on_snapshot_changed();

  // look_again does the same for the next `most` slots from `from` on, which it moves; true once
  // all have been asked. Call it until then, from 0 on: sessions opened meanwhile need not look
  // again.
  bool look_again(std::size_t& from, std::size_t most);

  // expires says that a verdict on a session runs out then.
  void expires(WallTime at) { expires_at_ = std::min(expires_at_, at); }

  // judge_expired lets those look again whose verdict has run out by now, as certificates and
  // revocation lists do. Call it many times a second: it costs little where nothing has.
  void judge_expired();

  // on_tick ends what has waited too long, and puts counted refusals on record. Call it a few times
  // a second.
  void on_tick();

  // relieve makes room where the gateway is at its limits: cuts those who hold most memory, ends
  // idle connections, and lets others go on where there is room again. Call it many times a second,
  // for what other threads have used up or set free; it costs little where nothing is short.
  void relieve();

  // on_wakeup goes on with sessions that gave way, and frees those that are closed. The loop calls
  // it from a fresh stack after a request to its Wakeup: no session is ever freed below its own
  // frame.
  void on_wakeup();

  // For sessions: come_back asks for another turn, pause for one when there is memory again, retire
  // gives the session up to be freed. may_handshake says whether a handshake may go on now;
  // otherwise the session is advanced when it is its turn, known addresses first.
  void come_back(SessionId id);
  void pause(SessionId id);
  bool may_handshake(SessionId id, bool known);
  void retire(SessionId id);

 private:
  struct Slot {
    std::unique_ptr<Session> session;
    std::uint32_t generation = 0;
    std::array<std::uint64_t, 2> keys{};  // In index_.
    bool indexed = false;
    bool queued = false;  // In one of handshakes_.
    bool paused = false;  // In paused_.
  };
  void go_on_with_handshakes();
  void cut_largest();
  void end_idle();
  void free_slot(SessionId id);
  void forget(std::uint32_t slot);  // Takes the slot out of index_.
  [[nodiscard]] std::vector<std::uint32_t> found_under(IndexKind kind, std::string_view key) const;

  Context& context_;
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<SessionId> waiting_;
  std::vector<SessionId> retired_;
  std::vector<SessionId> paused_;
  std::array<std::deque<SessionId>, 2> handshakes_;  // Those of known addresses, and all others.
  int handshakes_left_ = limits::kHandshakesPerTurn;
  bool called_ = false;      // The handshake that asks has waited for its turn.
  bool wants_room_ = false;  // Somebody found no place who should have one.
  // Slots by the hashes of their device and credential: those found are looked at again. Issuers
  // have no place here: whoever cuts by one looks at all sessions, and cuts most of them.
  std::unordered_multimap<std::uint64_t, std::uint32_t> index_;
  WallTime expires_at_ = kDistantFuture;  // No verdict on an indexed session runs out before.
  std::size_t num_open_ = 0;
  std::uint64_t num_accepted_ = 0;
};

}  // namespace interlock::session
