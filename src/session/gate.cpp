#include "session/gate.h"

#include <array>

#include "policy/describe.h"
#include "session/answer.h"
#include "session/identity_fields.h"

namespace interlock::session {
namespace {

constexpr HttpOperation kNoOperation{};

}  // namespace

void Gate::look_again() {
  generation_ = context_.snapshots.generation();
  snapshot_ = context_.snapshots.current();
  const policy::Listener* listener = snapshot_->listener(origin_.listener);
  const std::span<const std::shared_ptr<const pki::Trust>> trusts =
      listener ? std::span(listener->trusts) : std::span<const std::shared_ptr<const pki::Trust>>{};
  admission_ = policy::admit(*snapshot_, trusts, chain_, context_.clock.wall(), context_.chains);
  if (listener == nullptr) {
    admission_.reason = Reason::listener_removed;
    admission_.detail = "the configuration has no listener \"" + origin_.listener + "\" any more";
  }
  if (proved_) remember();
  // Without a listener there are no facts, and the key is still the same.
  if (admission_.facts->leaf) spki_hex_ = to_hex(admission_.facts->leaf->spki_sha256);
  identity_fields_.clear();
}

std::string_view Gate::identity_fields() {
  if (identity_fields_.empty()) {
    identity_fields_ = session::identity_fields(admission_, chain_.front(), origin_.peer);
  }
  return identity_fields_;
}

void Gate::remember() {
  for (policy::Inspected& each : admission_.inspected) context_.chains.insert(std::move(each));
  admission_.inspected = {};
}

Reason Gate::admit(std::vector<Bytes> chain) {
  chain_ = std::move(chain);
  look_again();
  if (!admission_.admitted()) {
    AuditRecord refused = record(AuditEvent::kHandshake, kNoOperation);
    deny(refused, admission_.reason, admission_.detail);
  }
  return admission_.reason;
}

void Gate::refuse_handshake(Reason reason, std::string_view detail) {
  AuditRecord refused = record(AuditEvent::kHandshake, kNoOperation);
  deny(refused, reason, std::string(detail));
}

Reason Gate::readmit() {
  const bool moved = context_.snapshots.generation() != generation_;
  if (moved || !policy::still_admitted(admission_, context_.clock.wall())) look_again();
  return admission_.reason;
}

Judgement Gate::judge(const HttpOperation& operation) {
  const Reason standing = readmit();
  AuditRecord written = record(AuditEvent::kOperation, operation);
  if (standing != Reason::kNone) {
    // What is known of certificates is for the record; who has become a stranger is told no reason.
    Judgement judgement = deny(written, standing, admission_.detail);
    judgement.detail = standing == Reason::unknown_device ? "denied" : what_happened(standing);
    return judgement;
  }

  RateTable::Hold budgets(context_.rates, *admission_.device, context_.clock.now());
  const policy::Facts facts{.device = *admission_.device,
                            .certificate_lifetime = admission_.certificate_lifetime(),
                            .assurance = admission_.assurance(),
                            .budgets = &budgets};
  const Decision decision = policy::decide(facts, operation);
  if (decision.permit != nullptr) {
    written.permit = decision.permit->name;
    written.service = decision.permit->service->name;
  }
  if (!decision.allowed()) {
    budgets.release();
    Judgement judgement =
        deny(written, decision.reason, policy::describe(decision, facts, operation));
    judgement.retry_after_s = (decision.wait_ms + 999) / 1000;
    return judgement;
  }
  // What does not happen, because nobody can write it down, spends nothing.
  if (!context_.audit.append(written)) return deny(written, Reason::audit_unavailable, {});
  if (decision.spends_rate) budgets.spend(*decision.permit);
  return {.permit = decision.permit, .body_bytes_max = decision.body_bytes_max};
}

Judgement Gate::refuse(Reason reason, std::string_view detail, const HttpOperation& operation,
                       int status) {
  AuditRecord written = record(AuditEvent::kOperation, operation);
  written.status = status;
  return deny(written, reason, std::string(detail));
}

std::string Gate::service_failed(const policy::Permit& permit, const HttpOperation& operation,
                                 Reason reason, std::string_view detail, int status) {
  AuditRecord written = record(AuditEvent::kService, operation);
  written.permit = permit.name;
  written.service = permit.service->name;
  written.reason = reason;
  written.detail = detail;
  written.status = status;
  std::string id = new_denial_id();
  written.denial_id = id;
  // The operation itself is on record already; a full queue changes nothing about its outcome.
  static_cast<void>(context_.audit.append(written));
  return id;
}

Judgement Gate::deny(AuditRecord& written, Reason reason, std::string detail) {
  Judgement judgement{.reason = reason, .denial_id = new_denial_id(), .detail = std::move(detail)};
  if (judgement.detail.empty()) judgement.detail = what_happened(reason);
  written.reason = reason;
  written.denial_id = judgement.denial_id;
  written.detail = judgement.detail;
  if (written.event == AuditEvent::kOperation && written.status == 0) {
    written.status = http_status(reason);
  }
  // A refusal stands whether or not it could be written down.
  static_cast<void>(context_.audit.append(written));
  return judgement;
}

std::string Gate::new_denial_id() {
  std::array<std::uint8_t, 16> id{};
  context_.random.fill(id);
  return to_hex(id);
}

AuditRecord Gate::record(AuditEvent event, const HttpOperation& operation) const {
  AuditRecord written;
  written.event = event;
  written.time = context_.clock.wall();
  written.session = origin_.session;
  written.peer = origin_.peer;
  written.listener = origin_.listener;
  if (!admission_.facts->path.empty()) written.trust = admission_.facts->trust;
  written.spki = spki_hex_;
  if (admission_.facts->leaf) written.serial = admission_.facts->leaf->serial_hex;
  if (admission_.device != nullptr && proved_) {
    written.device = admission_.device->id;
    written.function = admission_.device->function->name;
    if (admission_.device->tier != nullptr) written.tier = admission_.device->tier->name;
  }
  if (!operation.method.empty()) written.protocol = "http";
  written.method = operation.method;
  written.path = operation.path;
  if (snapshot_ != nullptr) written.policy = snapshot_->id;
  return written;
}

}  // namespace interlock::session
