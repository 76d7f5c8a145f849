#include "daemon/fact_desk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "store/sqlite_store.h"

namespace interlock::daemon {
namespace {

// How long after a failure a change is tried again: the disk may have room by then.
constexpr Millis kAgainAfter{2'000};

std::string sentence_of(const control::DeviceAct& act) {
  return fmt::format("{}; decided by {}: {}", act.action.detail, act.action.by, act.action.reason);
}

}  // namespace

LoadedFacts load_facts(const std::string& state_dir) {
  LoadedFacts loaded;
  if (state_dir.empty()) return loaded;
  const auto give_up = [&](const port::StoreError& error) {
    loaded.view = session::FactsView::unavailable();
    loaded.trouble = error.message;
    return std::move(loaded);
  };
  auto store = store::SqliteStore::open(state_dir);
  if (!store) return give_up(store.error());
  auto state = (*store)->load();
  if (!state) return give_up(state.error());
  for (SubjectFacts& facts : state->subjects) {
    if (facts.subject.kind != SubjectKind::kDevice) continue;
    loaded.view.add(std::make_shared<const SubjectFacts>(std::move(facts)));
  }
  loaded.store = std::move(*store);
  return loaded;
}

FactDesk::FactDesk(Ties ties, LoadedFacts loaded)
    : ties_(std::move(ties)),
      trouble_(std::move(loaded.trouble)),
      view_(std::make_shared<const session::FactsView>(std::move(loaded.view))),
      slot_(view_) {
  if (loaded.store != nullptr) {
    keeper_ = std::make_unique<FactKeeper>(std::move(loaded.store), ties_.wake);
  }
}

bool FactDesk::may_begin(const control::DeviceAct& act, control::AdminTicket ticket) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    Pending& other = at->second;
    if (other.act.facts.subject != act.facts.subject) {
      ++at;
      continue;
    }
    if (!act.worsens) {
      ties_.answer(ticket, control::Refusal{"another decision about the device is under way: try "
                                            "again"});
      return false;
    }
    if (!other.act.worsens && !other.committing) {
      give_up(other, "it was put in quarantine meanwhile");
      at = pending_.erase(at);
      continue;
    }
    other.overtaken = true;
    ++at;
  }
  return true;
}

void FactDesk::begin(control::DeviceAct act, const std::string& policy,
                     control::AdminTicket ticket) {
  if (keeper_ == nullptr) {
    ties_.answer(ticket,
                 control::Refusal{trouble_.empty()
                                      ? "the configuration names no state_dir to keep it in: write "
                                        "state_dir: \"/var/lib/interlock\" and restart the gateway"
                                      : fmt::format("the state database cannot be used, and every "
                                                    "device is refused: {}",
                                                    trouble_)});
    return;
  }
  if (act.action.detail.empty()) {
    ties_.answer(ticket, control::ActReport{.done = "nothing changed", .trouble = {}});
    return;
  }
  if (!may_begin(act, ticket)) return;
  if (act.worsens) publish(act.facts);
  const bool noted = note(act, policy, {});
  if (!noted && !act.worsens) {
    ties_.answer(ticket, control::Refusal{"the audit trail cannot be written, so trust cannot be "
                                          "given: make room on the disk"});
    return;
  }
  const std::uint64_t number = ++num_acts_;
  Pending pending{.act = std::move(act), .policy = policy, .ticket = ticket, .given_up_at = {}};
  pending.given_up_at = ties_.clock.now() + limits::kAuditOnDiskTimeout;
  Pending& kept = pending_.emplace(number, std::move(pending)).first->second;
  if (kept.act.worsens) commit(number, kept);
  ties_.audit.sync([this, number] {
    on_record_.store(number);
    ties_.wake();
  });
}

void FactDesk::commit(std::uint64_t number, Pending& pending) {
  pending.committing = true;
  pending.again_at.reset();
  // What takes trust away is in force already, and with it all that was decided since.
  const SubjectFacts facts =
      pending.act.worsens ? *view_->find(pending.act.facts.subject.id) : pending.act.facts;
  keeper_->commit(number,
                  {.subjects = {facts}, .actions = {pending.act.action}, .marks = std::nullopt});
}

void FactDesk::on_notify() {
  if (keeper_ == nullptr) return;
  for (auto& [number, pending] : pending_) {
    const bool on_record = number <= on_record_.load();
    if (on_record && !pending.act.worsens && !pending.committing) commit(number, pending);
  }
  for (const FactKeeper::Done& done : keeper_->take()) {
    const auto at = pending_.find(done.ticket);
    if (at == pending_.end()) continue;
    finish(at->second, done.result);
    if (!at->second.again_at) pending_.erase(at);
  }
}

void FactDesk::give_up(Pending& pending, const std::string& why) {
  static_cast<void>(note(pending.act, pending.policy, "this did not happen: " + why));
  answer(pending,
         control::Refusal{fmt::format("{} stays as it is: {}", pending.act.facts.subject.id, why)});
}

void FactDesk::finish(Pending& pending, const port::StoreResult<std::uint64_t>& result) {
  pending.committing = false;
  const bool kept = result.has_value();
  if (!pending.act.worsens) {
    if (kept && !pending.overtaken) {
      publish(pending.act.facts);
    } else {
      give_up(pending, kept ? "it was put in quarantine meanwhile" : result.error().message);
      return;
    }
  }
  control::ActReport report{
      .done = fmt::format("{}: {}", pending.act.facts.subject.id, pending.act.action.detail),
      .trouble = {}};
  if (!kept) {
    report.trouble = fmt::format(
        "it is in force, and a restart would forget it: {}; it is tried again until it is kept",
        result.error().message);
    pending.again_at = ties_.clock.now() + kAgainAfter;
  }
  answer(pending, report);
}

void FactDesk::on_tick() {
  const Instant now = ties_.clock.now();
  for (auto at = pending_.begin(); at != pending_.end();) {
    Pending& pending = at->second;
    if (pending.again_at && *pending.again_at <= now) commit(at->first, pending);
    const bool late = !pending.act.worsens && !pending.committing && pending.given_up_at <= now;
    if (late) give_up(pending, "the audit trail cannot be written");
    at = late ? pending_.erase(at) : std::next(at);
  }
}

void FactDesk::publish(const SubjectFacts& facts) {
  view_ = std::make_shared<const session::FactsView>(
      view_->with(std::make_shared<const SubjectFacts>(facts)));
  slot_.publish(view_);
  ties_.published();
}

bool FactDesk::note(const control::DeviceAct& act, const std::string& policy,
                    std::string_view more) {
  const std::string detail =
      more.empty() ? sentence_of(act) : fmt::format("{}; {}", sentence_of(act), more);
  AuditRecord record;
  record.event = act.event;
  record.time = ties_.clock.wall();
  record.policy = policy;
  record.device = act.facts.subject.id;
  record.detail = detail;
  const bool noted = ties_.audit.append(record);
  ties_.audit.flush();
  return noted;
}

void FactDesk::answer(Pending& pending, const control::AdminResponse& response) {
  if (pending.ticket != 0) ties_.answer(std::exchange(pending.ticket, 0), response);
}

std::size_t FactDesk::num_quarantined() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      view_->devices(),
      [now = ties_.clock.wall()](const auto& each) { return each.second->quarantined(now); }));
}

control::AdminResponse FactDesk::devices(const control::DevicesRequest& request,
                                         const policy::Snapshot& snapshot) const {
  control::DevicesReport report;
  const WallTime now = ties_.clock.wall();
  const auto look = [&](const policy::Device& device) {
    const auto facts = view_->find(device.id);
    if (request.quarantined && (facts == nullptr || !facts->quarantined(now))) return;
    if (report.devices.size() == limits::kAdminDevicesShownMax) {
      ++report.left_out;
      return;
    }
    report.devices.push_back(control::report_of(device, facts.get(), view_->available(), now));
  };
  if (request.device.empty()) {
    for (const policy::Device* device : snapshot.devices) look(*device);
    return report;
  }
  const policy::Device* device = snapshot.device(request.device);
  if (device == nullptr) {
    return control::Refusal{fmt::format("the inventory has no device \"{}\"", request.device)};
  }
  look(*device);
  return report;
}

}  // namespace interlock::daemon
