// What people may decide about devices, as pure steps: who asks and what is known in, what is known
// afterwards and what goes on record out. The daemon brings it to the disk and puts it in force.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "control/admin.h"
#include "model/audit_record.h"
#include "model/facts.h"
#include "policy/snapshot.h"

namespace interlock::control {

// Operator is who decides, by the kernel's word.
struct Operator {
  std::uint32_t uid = 0;
  std::string name;       // Of its account; "uid 1000" where that is not known.
  bool security = false;  // Has the security role.
};

// DeviceAct is one decision that can be carried out.
struct DeviceAct {
  AuditEvent event = AuditEvent::kDeviceQuarantined;
  SubjectFacts facts;    // After it.
  Action action;         // For the database; its `detail` goes on the audit record.
  bool worsens = false;  // It takes trust away: in force at once, whatever the disk says.
};

// act_on judges a request. `known` may be null. The error is a sentence that says what to do.
tl::expected<DeviceAct, std::string> act_on(const QuarantineRequest& request,
                                            const policy::Snapshot& snapshot,
                                            const SubjectFacts* known, const Operator& by,
                                            WallTime now);
tl::expected<DeviceAct, std::string> act_on(const ReleaseRequest& request,
                                            const policy::Snapshot& snapshot,
                                            const SubjectFacts* known, const Operator& by,
                                            WallTime now);

// report_of says where a device stands by intent and `known`, which may be null.
DeviceReport report_of(const policy::Device& device, const SubjectFacts* known, bool available,
                       WallTime now);

// account_name looks a uid up in a text like that of /etc/passwd; "uid 1000" where it is not there.
// The C library's own look-up could load other libraries into this process.
std::string account_name(std::string_view passwd, std::uint32_t uid);

}  // namespace interlock::control
