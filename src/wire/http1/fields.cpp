#include "wire/http1/fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/text.h"
#include "wire/http1/grammar.h"

namespace interlock::http1 {
namespace {

struct Known {
  std::string_view name;  // Folded.
  FieldTraits traits;
};

constexpr FieldTraits read_here(FieldId id, FieldReach reach) { return {id, reach, false}; }
constexpr FieldTraits kOneHop{FieldId::kOther, FieldReach::kOneHop, true};
constexpr FieldTraits kGatewayOnly{FieldId::kOther, FieldReach::kGatewayOnly, false};
constexpr FieldTraits kProtected{FieldId::kOther, FieldReach::kEndToEnd, false};

constexpr Known kKnown[] = {
    {"connection", read_here(FieldId::kConnection, FieldReach::kOneHop)},
    {"content-length", read_here(FieldId::kContentLength, FieldReach::kOneHop)},
    {"content-type", read_here(FieldId::kContentType, FieldReach::kEndToEnd)},
    {"expect", read_here(FieldId::kExpect, FieldReach::kOneHop)},
    {"host", read_here(FieldId::kHost, FieldReach::kOneHop)},
    {"max-forwards", read_here(FieldId::kMaxForwards, FieldReach::kEndToEnd)},
    {"transfer-encoding", read_here(FieldId::kTransferEncoding, FieldReach::kOneHop)},

    {"http2-settings", kOneHop},
    {"keep-alive", kOneHop},
    {"proxy-authenticate", kOneHop},
    {"proxy-authentication-info", kOneHop},
    {"proxy-authorization", kOneHop},
    {"proxy-connection", kOneHop},
    {"te", kOneHop},
    {"trailer", kOneHop},
    {"upgrade", {FieldId::kUpgrade, FieldReach::kOneHop, true}},

    {"cf-connecting-ip", kGatewayOnly},
    {"cf-connecting-ipv6", kGatewayOnly},
    {"fastly-client-ip", kGatewayOnly},
    {"forwarded", kGatewayOnly},
    {"forwarded-for", kGatewayOnly},
    {"front-end-https", kGatewayOnly},
    {"proxy", kGatewayOnly},  // CGI turns it into HTTP_PROXY ("httpoxy").
    {"remote-user", kGatewayOnly},
    {"true-client-ip", kGatewayOnly},
    {"via", kGatewayOnly},
    {"x-azure-clientip", kGatewayOnly},
    {"x-azure-socketip", kGatewayOnly},
    {"x-client-dn", kGatewayOnly},
    {"x-client-ip", kGatewayOnly},
    {"x-client-verify", kGatewayOnly},
    {"x-cluster-client-ip", kGatewayOnly},
    {"x-host", kGatewayOnly},
    {"x-http-host-override", kGatewayOnly},
    {"x-http-method", kGatewayOnly},
    {"x-http-method-override", kGatewayOnly},
    {"x-method-override", kGatewayOnly},
    {"x-originating-ip", kGatewayOnly},
    {"x-proxyuser-ip", kGatewayOnly},
    {"x-real-ip", kGatewayOnly},
    {"x-remote-addr", kGatewayOnly},
    {"x-remote-ip", kGatewayOnly},
    {"x-remote-user", kGatewayOnly},
    {"x-rewrite-url", kGatewayOnly},
    {"x-spiffe-id", kGatewayOnly},
    {"x-webauth-user", kGatewayOnly},

    {"accept", kProtected},
    {"authorization", kProtected},
    {"cache-control", kProtected},
    {"cookie", kProtected},
    {"date", kProtected},
    {"etag", kProtected},
    {"expires", kProtected},
    {"last-modified", kProtected},
    {"location", kProtected},
    {"origin", kProtected},
    {"range", kProtected},
    {"set-cookie", kProtected},
    {"user-agent", kProtected},
    {"vary", kProtected},
    {"www-authenticate", kProtected},
};

// Whole families, by how their names begin.
constexpr Known kFamilies[] = {
    {"client-cert", kGatewayOnly},
    {"interlock-", kGatewayOnly},
    {"ssl-", kGatewayOnly},
    {"tls-client-", kGatewayOnly},
    {"x-amzn-mtls-", kGatewayOnly},
    {"x-arr-", kGatewayOnly},
    {"x-auth-request-", kGatewayOnly},
    {"x-client-cert", kGatewayOnly},
    {"x-client-s-", kGatewayOnly},
    {"x-envoy-", kGatewayOnly},
    {"x-forwarded", kGatewayOnly},
    {"x-interlock-", kGatewayOnly},
    {"x-original-", kGatewayOnly},
    {"x-ssl-", kGatewayOnly},
    {"x-tls-client-", kGatewayOnly},
    {"content-", kProtected},
    {"if-", kProtected},
};

constexpr std::array<char, 256> kFold = [] {
  std::array<char, 256> fold{};
  for (std::size_t i = 0; i < fold.size(); ++i) {
    const char c = static_cast<char>(i);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool alphanumeric = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    fold[i] = upper ? static_cast<char>(c - 'A' + 'a') : alphanumeric ? c : '-';
  }
  return fold;
}();

constexpr char fold(char c) { return kFold[static_cast<unsigned char>(c)]; }

// A field's name costs one probe of this table, not fifty comparisons. Collisions go to the next
// slot; an empty slot ends the search.
constexpr std::size_t kSlots = 256;
constexpr std::uint8_t kEmpty = 0xff;
static_assert(std::size(kKnown) < kSlots / 2);

constexpr std::size_t slot_of(std::string_view name) {
  const auto letter = [&](std::size_t i) -> std::size_t {
    return static_cast<unsigned char>(fold(name[i]));
  };
  const std::size_t len = name.size();
  return (len * 5 + letter(0) * 3 + letter(len / 2) * 11 + letter(len - 1) * 7) % kSlots;
}

constexpr std::array<std::uint8_t, kSlots> kIndex = [] {
  std::array<std::uint8_t, kSlots> index{};
  for (auto& entry : index) entry = kEmpty;
  for (std::size_t i = 0; i < std::size(kKnown); ++i) {
    std::size_t slot = slot_of(kKnown[i].name);
    while (index[slot] != kEmpty) slot = (slot + 1) % kSlots;
    index[slot] = static_cast<std::uint8_t>(i);
  }
  return index;
}();

enum class Likeness : std::uint8_t { kNone, kFolded, kExact };

// Compares the beginning of `name` with a folded name: not the same, the same when folded, or the
// same but for case.
Likeness likeness(std::string_view name, std::string_view folded) {
  if (name.size() < folded.size()) return Likeness::kNone;
  Likeness result = Likeness::kExact;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    if (name[i] == folded[i]) continue;
    if (fold(name[i]) != folded[i]) return Likeness::kNone;
    if (folded[i] == '-') result = Likeness::kFolded;
  }
  return result;
}

bool is_persistence_option(std::string_view option) {
  return option.empty() || equals_ignoring_case(option, "close") ||
         equals_ignoring_case(option, "keep-alive");
}

}  // namespace

FieldTraits traits_of(std::string_view name) {
  if (name.empty()) return {};
  for (std::size_t slot = slot_of(name); kIndex[slot] != kEmpty; slot = (slot + 1) % kSlots) {
    const Known& known = kKnown[kIndex[slot]];
    if (name.size() != known.name.size()) continue;
    const Likeness found = likeness(name, known.name);
    if (found == Likeness::kNone) continue;
    const bool lookalike = found == Likeness::kFolded && known.traits.id != FieldId::kOther;
    return lookalike ? read_here(FieldId::kLookalike, FieldReach::kOneHop) : known.traits;
  }
  const char first = fold(name[0]);
  for (const Known& family : kFamilies) {
    if (family.name[0] == first && likeness(name, family.name) != Likeness::kNone) {
      return family.traits;
    }
  }
  return {};
}

bool same_field(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return fold(x) == fold(y); });
}

ForwardedFields::ForwardedFields(std::span<const Field> fields) : fields_(fields) {
  for (const Field& field : fields_) {
    if (field.traits.id != FieldId::kConnection) continue;
    std::optional<std::string_view> list = field.value;
    while (const auto option = next_element(list)) {
      if (!is_persistence_option(*option)) connection_names_fields_ = true;
    }
  }
}

bool ForwardedFields::contains(const Field& field) const {
  return field.traits.reach == FieldReach::kEndToEnd &&
         !(connection_names_fields_ && named_by_connection(field.name));
}

bool ForwardedFields::named_by_connection(std::string_view name) const {
  for (const Field& field : fields_) {
    if (field.traits.id != FieldId::kConnection) continue;
    std::optional<std::string_view> list = field.value;
    while (const auto option = next_element(list)) {
      if (same_field(*option, name)) return true;
    }
  }
  return false;
}

}  // namespace interlock::http1
