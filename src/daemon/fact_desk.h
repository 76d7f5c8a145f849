// FactDesk carries out what people decide about devices. What takes trust away is in force at once,
// and then goes on record and to the disk, again and again until it is there. What gives trust goes
// on record first, then to the disk, and only then is it in force.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audit/writer.h"
#include "control/admin_server.h"
#include "control/device_acts.h"
#include "daemon/fact_keeper.h"
#include "port/clock.h"
#include "session/facts_view.h"

namespace interlock::daemon {

// LoadedFacts is what a start found. Without a store nothing is kept: where no state_dir is given
// (`view` is available and empty), and where its database cannot be used (`view` is not available).
struct LoadedFacts {
  std::unique_ptr<port::StateStore> store;
  session::FactsView view;
  std::string trouble;  // Why the database cannot be used; empty: nothing is wrong.
};

// FactDesk belongs to the control thread.
class FactDesk {
 public:
  // What the desk needs of the gateway. `wake` may be called by any thread, and leads to
  // on_notify(); `published` tells the data threads to look; `answer` ends a request.
  struct Ties {
    const port::Clock& clock;
    audit::Sink& audit;
    std::function<void()> wake;
    std::function<void()> published;
    std::function<void(control::AdminTicket, const control::AdminResponse&)> answer;
  };
  FactDesk(Ties ties, LoadedFacts loaded);

  session::FactsSlot& slot() { return slot_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] std::size_t num_quarantined() const;

  // act carries out what somebody decided, under the configuration in force.
  template <class Request>
  void act(const Request& request, const policy::Snapshot& snapshot, const control::Operator& by,
           control::AdminTicket ticket) {
    auto act = control::act_on(request, snapshot, view_->find(request.device).get(), by,
                               ties_.clock.wall());
    if (act) {
      begin(std::move(*act), snapshot.id, ticket);
    } else {
      ties_.answer(ticket, control::Refusal{act.error()});
    }
  }

  // devices reports where devices stand.
  [[nodiscard]] control::AdminResponse devices(const control::DevicesRequest& request,
                                               const policy::Snapshot& snapshot) const;

  void on_notify();
  // on_tick tries again what could not be brought to the disk. Call it some times a minute or more.
  void on_tick();

 private:
  struct Pending {
    control::DeviceAct act;
    std::string policy;
    control::AdminTicket ticket = 0;  // 0: it has its answer.
    Instant given_up_at;              // If it gives trust and is not on record by then.
    bool committing = false;          // Its facts are on their way to the disk.
    bool overtaken = false;           // Trust was taken away meanwhile: it is not to be in force.
    std::optional<Instant> again_at;  // When it is tried again.
  };

  // may_begin makes way for an act: what takes trust away overtakes what gives it to the same
  // device; what gives it waits for nothing, and is refused where something is under way.
  bool may_begin(const control::DeviceAct& act, control::AdminTicket ticket);
  void begin(control::DeviceAct act, const std::string& policy, control::AdminTicket ticket);
  void commit(std::uint64_t number, Pending& pending);
  void give_up(Pending& pending, const std::string& why);
  void finish(Pending& pending, const port::StoreResult<std::uint64_t>& result);
  void publish(const SubjectFacts& facts);
  bool note(const control::DeviceAct& act, const std::string& policy, std::string_view more);
  void answer(Pending& pending, const control::AdminResponse& response);

  const Ties ties_;
  const std::string trouble_;
  std::shared_ptr<const session::FactsView> view_;  // In force.
  session::FactsSlot slot_;
  std::uint64_t num_acts_ = 0;
  std::atomic<std::uint64_t> on_record_{0};  // Up to this one.
  std::map<std::uint64_t, Pending> pending_;
  std::unique_ptr<FactKeeper> keeper_;  // Null: facts are not kept. Last: its thread wakes.
};

// load_facts opens the database of `state_dir`, or makes it; where `state_dir` is empty, no facts
// are kept.
LoadedFacts load_facts(const std::string& state_dir);

}  // namespace interlock::daemon
