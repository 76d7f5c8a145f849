#include "session/identity_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"

namespace interlock::session {
namespace {

// Certificates may hold any text in a URI. Only what needs no quoting and can break no line goes
// into a header; the hash names the certificate in any case.
bool is_plain_uri(std::string_view uri) {
  return std::all_of(uri.begin(), uri.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\",;=\\").find(c) == std::string_view::npos;
  });
}

}  // namespace

std::string identity_fields(const policy::Admission& admission, Bytes der, std::string_view peer) {
  const pki::Certificate& leaf = *admission.facts->leaf;
  std::string lines;
  if (der.size() <= limits::kClientCertBytesMax) {
    lines += fmt::format("Client-Cert: :{}:\r\n", to_base64(der));
  }
  lines += fmt::format("X-Forwarded-Client-Cert: Hash={}", to_hex(leaf.fingerprint));
  for (const std::string& uri : leaf.names.uris) {
    if (is_plain_uri(uri)) lines += fmt::format(";URI={}", uri);
  }
  lines += fmt::format("\r\nForwarded: for=\"{}\";proto=https\r\n", peer);
  lines += fmt::format("Interlock-Device: {}\r\n", admission.device->id);
  lines += fmt::format("Interlock-Function: {}\r\n", admission.device->function->name);
  lines += fmt::format("Interlock-Assurance: {}\r\nInterlock-Via: certificate\r\n",
                       admission.assurance());
  return lines;
}

}  // namespace interlock::session
