// Fields, and what the gateway knows about their names: which ones frame the message, which belong
// to one connection only, and which only the gateway itself may say to a service. Names are
// compared without case and with every punctuation mark equal to "-", because common services fold
// `Client-Cert`, `Client_Cert` and `client.cert` into one variable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace interlock::http1 {

// FieldId tells the fields that the codec itself reads. kLookalike is one of them spelled with
// other punctuation (`Content_Length`): two readings, so it is refused.
enum class FieldId : std::uint8_t {
  kOther,
  kConnection,
  kContentLength,
  kContentType,
  kExpect,
  kHost,
  kMaxForwards,
  kTransferEncoding,
  kUpgrade,
  kLookalike,
};

// FieldReach says how far a field goes. kOneHop ends here and is written anew where it is needed
// (RFC 9110, section 7.6.1; Host and the framing too). kGatewayOnly states identity, origin or
// route: a service believes these, so a client's are dropped in every spelling.
enum class FieldReach : std::uint8_t { kEndToEnd, kOneHop, kGatewayOnly };

struct FieldTraits {
  FieldId id = FieldId::kOther;
  FieldReach reach = FieldReach::kEndToEnd;
  // `Connection` may name it, and so have it dropped on the way. False where that would change what
  // the service sees of the request's meaning or of its sender.
  bool connection_may_name = true;
};

FieldTraits traits_of(std::string_view name);

// Field is one field line: the name as sent (a token), the value without surrounding white space.
// It knows what it is from the beginning, so that nobody can forget to ask. Views; whoever keeps,
// copies.
struct Field {
  Field(std::string_view field_name, std::string_view field_value)
      : name(field_name), value(field_value), traits(traits_of(field_name)) {}

  std::string_view name;
  std::string_view value;
  FieldTraits traits;
};

// same_field compares two names as a lenient service would: without case, punctuation equal.
bool same_field(std::string_view a, std::string_view b);

// ForwardedFields tells which fields of a message go to the other side: end-to-end ones that its
// Connection fields do not name. Views the fields; they must outlive it.
class ForwardedFields {
 public:
  explicit ForwardedFields(std::span<const Field> fields);
  [[nodiscard]] bool contains(const Field& field) const;

 private:
  [[nodiscard]] bool named_by_connection(std::string_view name) const;

  std::span<const Field> fields_;
  bool connection_names_fields_ = false;
};

}  // namespace interlock::http1
