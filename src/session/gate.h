// Gate: where one operation meets the decision. Facts, then decide, then audit accepted, then
// forward: what is not audited never passes.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "interlock/decision.h"
#include "model/http.h"
#include "policy/admit.h"
#include "policy/decide.h"
#include "session/context.h"

namespace interlock::session {

// Judgement is what the gate says about one operation. On a refusal `denial_id` and `detail` are
// set, and the refusal is in the audit trail (session/refusals.h).
struct Judgement {
  Reason reason = Reason::kNone;
  const policy::Permit* permit = nullptr;
  std::uint64_t body_bytes_max = 0;
  std::string denial_id;
  std::string detail;
  std::int64_t retry_after_s = 0;  // More than 0: trying again has a chance after so many seconds.

  [[nodiscard]] bool allowed() const { return reason == Reason::kNone; }
};

// Origin is what is constant about a connection.
struct Origin {
  std::uint64_t session = 0;
  std::string peer;
  std::string listener;
};

// Gate belongs to one session. It keeps the configuration under which the session was last
// admitted, so that what its pointers mean outlives the operation that uses them.
class Gate {
 public:
  Gate(Context& context, Origin origin) : context_(context), origin_(std::move(origin)) {}

  // admit judges the client's chain under the configuration in force and says it in the audit trail
  // where it refuses. `chain` must stay valid as long as the gate.
  Reason admit(std::vector<Bytes> chain);

  // client_proved says that the client holds the key of its certificate. Until then no record names
  // a device for what somebody does with a certificate that anybody may have.
  // Nor is anything remembered about that certificate.
  void client_proved() {
    proved_ = true;
    remember();
  }

  // refuse_handshake writes down a handshake that failed for another reason than its chain, or the
  // end of an open connection that lost its admission.
  void refuse_handshake(Reason reason, std::string_view detail);

  // judge decides on one operation: first whether the client still holds what it was admitted for,
  // then decide(), then the audit record.
  Judgement judge(const HttpOperation& operation);

  // refuse writes down a refusal that is not decide()'s: a malformed request, a body that grew too
  // large. `operation` may be empty.
  Judgement refuse(Reason reason, std::string_view detail, const HttpOperation& operation,
                   int status);

  // service_failed writes down that a permitted operation was not answered as it should be, and
  // returns the id under which that is on record.
  std::string service_failed(const policy::Permit& permit, const HttpOperation& operation,
                             Reason reason, std::string_view detail, int status);

  // judge_again decides once more on an operation that is under way, under the configuration and at
  // the time of now. It spends nothing and writes nothing down. What earlier judgements point to
  // may be gone after it, unless the caller keeps snapshot().
  Judgement judge_again(const HttpOperation& operation);
  [[nodiscard]] bool is_outdated() const;
  [[nodiscard]] const SnapshotPtr& snapshot() const { return snapshot_; }

  // judge_under_way is judge_again, and puts a refusal on record.
  Judgement judge_under_way(const HttpOperation& operation);

  // tunnel_ended writes down that an operation is over which had gone on in another protocol; with
  // a reason where it was ended because the device or the permit lost its right. `device` is who it
  // was of.
  void tunnel_ended(const policy::Device& device, const policy::Permit& permit,
                    const HttpOperation& operation, Reason reason, std::string_view detail);

  // readmit looks again where the configuration or the validity of the certificate has moved; kNone
  // while the client is still admitted.
  Reason readmit();

  [[nodiscard]] const policy::Admission& admission() const { return admission_; }

  // standing is where the device stands; of a client that is not admitted it says nothing.
  [[nodiscard]] const Standing& standing() const { return standing_; }

  // expires_at is the moment after which time alone may have changed what the client may do.
  [[nodiscard]] WallTime expires_at() const {
    return std::min(admission_.valid_until, standing_.changes_at.value_or(kDistantFuture));
  }

  // identity_fields is what services are told about the client, who must be admitted: ready header
  // lines. The view ends with the next admission, or with rest().
  [[nodiscard]] std::string_view identity_fields();

  // rest gives back what can be made again, for a client that has nothing to say.
  void rest() { std::string().swap(identity_fields_); }

  [[nodiscard]] const std::string& listener() const { return origin_.listener; }

  // generation changes whenever the client has been admitted anew.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  void look_again();
  void look_at_facts();
  [[nodiscard]] bool admission_outdated() const;
  [[nodiscard]] bool facts_outdated() const;
  [[nodiscard]] policy::Facts facts() const;
  void remember();
  void count(const AuditRecord& refusal) const;
  [[nodiscard]] AuditRecord record(AuditEvent event, const HttpOperation& operation) const;
  static void name_device(AuditRecord& written, const policy::Device& device);
  Judgement deny(AuditRecord& record, Reason reason, std::string detail);
  Judgement deny_standing(AuditRecord& record);

  Context& context_;
  Origin origin_;
  std::vector<Bytes> chain_;
  SnapshotPtr snapshot_;          // The configuration the members below were judged under.
  std::uint64_t generation_ = 0;  // Its generation.
  policy::Admission admission_;
  std::uint64_t facts_generation_ = 0;  // Of what the members below were made of.
  FactsView::FactsPtr known_;           // What is known of the device; standing_ views it.
  Standing standing_;
  std::string spki_hex_;
  bool proved_ = false;
  std::string identity_fields_;  // Empty: not made yet.
};

}  // namespace interlock::session
