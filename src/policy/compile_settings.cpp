// The settings of the gateway itself.
#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "policy/compile.h"
#include "policy/units.h"

namespace interlock::policy {
namespace {

// Whether only programs on this machine reach it.
bool is_loopback(const Endpoint& address) {
  return address.v6 ? address.host == "::1" : address.host.starts_with("127.");
}

}  // namespace

void Compiling::compile_metrics(const Node& given) {
  const auto address = parse_endpoint(given.value());
  if (!address) {
    error(given.value_at(), address.error().what, std::string(kEndpointHint));
    return;
  }
  if (address->host == (address->v6 ? "::" : "0.0.0.0")) {
    error(given.value_at(), "metrics on every address of the gateway could be read by devices",
          "write 127.0.0.1, or the gateway's address in the network of those who watch it");
  } else if (!is_loopback(*address)) {
    warning(given.value_at(),
            fmt::format("whoever reaches {} reads the metrics: no password, no TLS",
                        address->to_string()),
            "write 127.0.0.1, or let the firewall pass the Prometheus server alone");
  }
  out().admin_metrics = *address;
  out().places.admin_metrics = given.value_at();
}

void Compiling::compile_admin(const Unit& unit, const Node& block) {
  if (const Node* metrics = block.field("metrics")) compile_metrics(*metrics);
  const Node* socket = block.field("socket");
  if (socket == nullptr) return;
  if (!require(block, "socket", "socket: \"/run/interlock/admin.sock\"")) return;
  out().admin_socket = resolve(unit.file, socket->value());
  out().places.admin_socket = socket->value_at();
  if (out().admin_socket.size() > limits::kSocketPathBytesMax) {
    error(socket->value_at(),
          fmt::format("the path of a socket has at most {} bytes, and {} has {}",
                      limits::kSocketPathBytesMax, quoted(out().admin_socket),
                      out().admin_socket.size()),
          "write a shorter one, such as \"/run/interlock/admin.sock\"");
  }
}

void Compiling::compile_audit(const Unit& unit, const Node& block) {
  const config::Audit& message = unit.text.message.audit();
  if (require(block, "file", "file: \"/var/log/interlock/audit.jsonl\"")) {
    out().audit_file = resolve(unit.file, message.file());
    out().places.audit_file = block.field("file")->value_at();
  }
  if (const Node* field = block.field("rotate_size")) {
    out().places.audit_rotate = field->value_at();
    const auto size = parse_size(message.rotate_size());
    if (size && *size >= limits::kAuditRotateBytesMin) {
      out().audit_rotate_bytes = *size;
    } else {
      error(field->value_at(),
            size ? fmt::format("{} is less than the least, {}", quoted(message.rotate_size()),
                               format_size(limits::kAuditRotateBytesMin))
                 : fmt::format("{} is no size", quoted(message.rotate_size())),
            std::string(kSizeHint));
    }
  }
  if (const Node* field = block.field("keep")) {
    out().places.audit_keep = field->value_at();
    out().audit_files_kept = message.keep();
    if (message.keep() == 0 || message.keep() > limits::kAuditFilesKeptMax) {
      error(field->value_at(), fmt::format("{} files cannot be kept", message.keep()),
            fmt::format("write a number from 1 to {}; a larger rotate_size keeps more records",
                        limits::kAuditFilesKeptMax));
    }
  }
}

void Compiling::compile_settings(const std::deque<Unit>& units) {
  // Settings of the gateway itself may stand in any file, once.
  Names once;
  const auto single = [&](const Unit& unit, const char* name) -> const Node* {
    const Node* field = unit.text.tree.root().field(name);
    if (field == nullptr) return nullptr;
    const auto [first, fresh] = once.emplace(name, field->name_at());
    if (fresh) return field;
    error(field->name_at(), fmt::format("{} is given twice", name),
          fmt::format("it is first given at {}", to_string(first->second)));
    return nullptr;
  };
  for (const Unit& unit : units) {
    const config::Config& message = unit.text.message;
    if (const Node* field = single(unit, "gateway_id")) {
      out().gateway_id = message.gateway_id();
      out().places.gateway_id = field->value_at();
      if (!is_path_name(out().gateway_id)) {
        error(field->value_at(), fmt::format("{} is no name", quoted(out().gateway_id)),
              name_hint(out().gateway_id));
      }
    }
    if (const Node* field = single(unit, "site")) {
      out().site = message.site();
      if (!is_path_name(out().site)) {
        error(field->value_at(), fmt::format("{} is no name", quoted(out().site)),
              name_hint(out().site));
      }
    }
    if (const Node* block = single(unit, "certificate")) {
      has_default_certificate_ = true;
      default_certificate_ = compile_certificate(unit, *block);
    }
    if (const Node* block = single(unit, "audit")) compile_audit(unit, *block);
    if (const Node* block = single(unit, "admin")) compile_admin(unit, *block);
    if (const Node* block = single(unit, "limits")) compile_limits(message.limits(), *block);
    if (const Node* field = single(unit, "state_dir")) {
      out().state_dir = resolve(unit.file, message.state_dir());
      out().places.state_dir = field->value_at();
      if (message.state_dir().empty()) {
        error(field->value_at(), "state_dir names no folder", "write \"/var/lib/interlock\"");
      }
    }
    if (const Node* field = single(unit, "inventory_file")) {
      inventory_file_ = resolve(unit.file, message.inventory_file());
      inventory_at_ = field->value_at();
    }
  }
  const auto must = [&](const char* name, const char* example) {
    const auto has = [&](const Unit& unit) { return unit.text.tree.root().field(name) != nullptr; };
    if (std::none_of(units.begin(), units.end(), has)) {
      error(units.front().text.tree.root().name_at(),
            fmt::format("the configuration needs {}", name), fmt::format("write {}", example));
    }
  };
  must("gateway_id", "gateway_id: \"press-hall-3\"");
  must("trust", "trust { name: \"plant\" ca_file: \"trust/plant-ca.pem\" crl { ... } }");
  must("listener", "listener { name: \"telemetry\" address: \"192.0.2.1:8443\" ... }");
  must("audit", "audit { file: \"/var/log/interlock/audit.jsonl\" }");
  must("inventory_file", "inventory_file: \"devices.csv\"");
}

}  // namespace interlock::policy
