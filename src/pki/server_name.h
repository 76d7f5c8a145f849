// The name that a TLS server must have (RFC 9525): one exact name, in the subject alternative name.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pki/certificate.h"

namespace interlock::pki {

// ServerName is a host name in lower case, or an address as inet_ntop writes it.
struct ServerName {
  std::string text;
  bool is_address = false;
};

// parse_server_name reads "mes.plant.example", "10.20.0.6" or "2001:db8::6". A wildcard is refused,
// and so is what looks like an address and is none. The error is a sentence for a site engineer.
Result<ServerName> parse_server_name(std::string_view text);

// names_server is true where `certificate` is one of `name`. Stricter than RFC 9525: a wildcard
// never counts, since whoever holds it could stand in for every other service. Nor does the common
// name, nor an address that is written as a host name.
bool names_server(const Certificate& certificate, const ServerName& name);

// describe_server_names lists what the certificate is for, for a message: "mes.plant.example,
// 10.20.0.6", or that it names no server.
std::string describe_server_names(const Certificate& certificate);

}  // namespace interlock::pki
