// The words for the ways a certificate is recognised.
#include "model/identity.h"

namespace interlock {

std::string_view identity_word(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::kSpki:
      return "spki";
    case IdentityKind::kUri:
      return "uri";
    case IdentityKind::kDns:
      return "dns";
    case IdentityKind::kSerial:
      return "serial";
    case IdentityKind::kHwModule:
      return "hwmodule";
    case IdentityKind::kCommonName:
      return "cn";
  }
  return "";
}

std::optional<IdentityKind> identity_kind(std::string_view word) {
  for (const IdentityKind kind : kIdentityKinds) {
    if (identity_word(kind) == word) return kind;
  }
  return std::nullopt;
}

}  // namespace interlock
