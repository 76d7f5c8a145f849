#include "control/reload.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/units.h"

namespace interlock::control {
namespace {

std::string shown(const std::string& value) {
  return value.empty() ? "nothing" : policy::quoted(value);
}

}  // namespace

void refuse_fixed(const policy::Snapshot& running, const policy::Snapshot& next,
                  std::vector<policy::Problem>& problems) {
  const auto compare = [&](const char* setting, const std::string& was, const std::string& becomes,
                           const policy::Position& at) {
    if (was == becomes) return;
    problems.push_back({at,
                        fmt::format("{} cannot change while the gateway runs: it is {}, not {}",
                                    setting, shown(was), shown(becomes)),
                        "restart to apply", false});
  };
  compare("gateway_id", running.gateway_id, next.gateway_id, next.places.gateway_id);
  compare("audit.file", running.audit_file, next.audit_file, next.places.audit_file);
  const auto at_or = [](const policy::Position& at, const policy::Position& otherwise) {
    return at.file.empty() ? otherwise : at;
  };
  compare("audit.rotate_size", policy::format_size(running.audit_rotate_bytes),
          policy::format_size(next.audit_rotate_bytes),
          at_or(next.places.audit_rotate, next.places.audit_file));
  compare("audit.keep", std::to_string(running.audit_files_kept),
          std::to_string(next.audit_files_kept),
          at_or(next.places.audit_keep, next.places.audit_file));
  compare("state_dir", running.state_dir, next.state_dir,
          at_or(next.places.state_dir, next.places.gateway_id));
  // Where the block was taken out there is no place in the new files.
  compare("admin.socket", running.admin_socket, next.admin_socket,
          next.admin_socket.empty() ? next.places.gateway_id : next.places.admin_socket);
}

bool same_files(const policy::Snapshot& a, const policy::Snapshot& b) { return a.files == b.files; }

const policy::Problem& first_error(const std::vector<policy::Problem>& problems) {
  const auto at = std::find_if(problems.begin(), problems.end(),
                               [](const policy::Problem& each) { return !each.warning; });
  IL_ASSERT(at != problems.end());
  return *at;
}

}  // namespace interlock::control
