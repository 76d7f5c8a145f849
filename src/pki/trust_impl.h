// What a Trust holds. For src/pki only.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "pki/path.h"
#include "pki/trust.h"

namespace interlock::pki {

// CrlSet is a list that was verified: flat and sorted, 20 octets for each revoked certificate.
struct CrlSet {
  IssuerId issuer{};
  WallTime fresh_until;
  std::vector<Serial> revoked;
};

struct Trust::Impl {
  std::string name;
  Sha256 identity{};
  bool enrolment_only = false;
  bool for_services = false;
  bool no_revocation = false;
  std::deque<Certificate> certificates;  // A deque, since `nodes` and `listed` point into it.
  std::vector<bssl::UniquePtr<X509>> decoded;
  std::vector<PathNode> nodes;  // In an order that does not depend on the file's.
  std::vector<const Certificate*> listed;
  std::vector<CrlSet> sets;
  std::vector<CrlFacts> crls;
};

}  // namespace interlock::pki
