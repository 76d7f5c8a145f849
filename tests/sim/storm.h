// Storm: a world in which everything happens at random, all of it drawn from one seed; and the laws
// that hold in every world, whatever happens in it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/world.h"

namespace interlock::sim {

// tagged_body is the body that belongs to a tag "NAME-LENGTH": whoever gets another one got
// somebody else's, or not all of his own.
std::string tagged_body(const std::string& tag);

// finish lets the world come to its end: everybody reads and leaves, and time passes until nothing
// can be left.
void finish(World& world);

// check_laws notes every broken one in the ledger. Call it after finish(). Nothing was forwarded
// that was not audited as allowed before; each refusal has its one record; every answer that looks
// whole is whole, and belongs to the request it stands for; nothing is left over.
void check_laws(World& world);

class Storm {
 public:
  explicit Storm(World& world);

  // blow does one thing at random.
  void blow();

 private:
  void connect();
  void ask(FakeClient& client, std::size_t number);
  void ask_somebody();
  void disturb_client(FakeClient& client);
  void disturb_service(Connection& connection);
  void change_intent();
  void behave(const Message& request, Connection& connection);
  void prepare(FakeService& service);
  bool is_at_rest(const Connection& connection) const;

  World& world_;
  Chance& chance_;
  std::set<std::string> answered_early_;
  std::set<const Connection*> owing_;
  std::set<const FakeClient*> silent_;  // Clients whose connection is beyond another request.
};

}  // namespace interlock::sim
