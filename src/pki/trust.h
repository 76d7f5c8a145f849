// A trust: the authorities whose certificates a listener accepts, with their revocation lists.
// Loaded whole, checked once, then immutable: a Trust may be read from all threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "pki/certificate.h"

namespace interlock::pki {

// CrlSource is one file of revocation lists. `bytes` is one DER list, or PEM with one or more
// "X509 CRL" blocks. `max_age` lets a list go stale before its own nextUpdate.
struct CrlSource {
  std::string file;  // For messages only.
  std::string bytes;
  std::optional<Millis> max_age = {};
};

struct TrustSource {
  std::string name;
  std::string ca_file = {};     // For messages only.
  std::string ca_pem = {};      // At least one self-signed authority; intermediates may follow.
  bool enrolment_only = false;  // Leaves without extended key usage (IDevIDs) are accepted.
  bool for_services = false;    // Leaves are TLS servers, and never clients.
  bool no_revocation = false;   // Said aloud: nothing is ever revoked here. `crls` must be empty.
  std::vector<CrlSource> crls = {};
};

// TrustProblem is what is wrong with a source, in sentences for a site engineer. A warning does not
// keep the trust from loading.
struct TrustProblem {
  enum class Where : std::uint8_t { kCa, kCrl };
  Where where = Where::kCa;
  std::size_t index = 0;  // kCrl: the element of TrustSource::crls. kCa: 0.
  std::string message;
  std::string hint;
  bool warning = false;
};

// IssuerId names an authority by its name and its key together, so that a renewed authority of the
// same name with another key is another issuer, and a renewed one with the same key is the same.
using IssuerId = Sha256;
IssuerId issuer_id(const Certificate& authority);

// CrlFacts is what a loaded list says about itself, for status and reports.
struct CrlFacts {
  std::string issuer;  // RFC 4514 text.
  std::string file;
  std::string number_hex;  // cRLNumber; "" where there is none.
  WallTime this_update;
  WallTime fresh_until;  // The last moment at which it counts: min(nextUpdate, thisUpdate+max_age).
  std::size_t entries = 0;
  Sha256 sha256{};  // Of the list.
};

class Trust {
 public:
  struct Impl;

  explicit Trust(std::unique_ptr<const Impl> impl);
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] bool enrolment_only() const;
  [[nodiscard]] bool for_services() const;
  [[nodiscard]] bool no_revocation() const;

  // identity digests the name, the usage and the authorities, in whatever order their file has
  // them: what a path depends on. Revocation lists come and go under the same identity.
  [[nodiscard]] const Sha256& identity() const;

  // authorities lists the certificates of the CA file, in its order: `subject_der` is what a
  // CertificateRequest names.
  [[nodiscard]] std::span<const Certificate* const> authorities() const;

  // is_anchor is true for the fingerprint of one of the self-signed authorities.
  [[nodiscard]] bool is_anchor(const Sha256& fingerprint) const;

  // revocation says what the list of `issuer` has about `serial`; nothing where there is no list.
  struct Revocation {
    bool revoked = false;
    WallTime fresh_until;  // The list counts up to and including this moment.
  };
  [[nodiscard]] std::optional<Revocation> revocation(const IssuerId& issuer,
                                                     const Serial& serial) const;

  // crls describes the lists, in the order in which they were given.
  [[nodiscard]] std::span<const CrlFacts> crls() const;

  [[nodiscard]] const Impl& impl() const { return *impl_; }  // For src/pki.

 private:
  std::unique_ptr<const Impl> impl_;
};

// load_trust reads and checks a source at `now`. It appends everything that is wrong to `problems`
// and returns null where any of it is more than a warning. Refused besides damaged input: no
// self-signed authority; a certificate that is no CA, may not sign certificates, or has a weak key
// or signature; an authority without a list of its own (unless no_revocation); a list whose
// signature does not hold or whose issuer may not sign lists, that is a delta or indirect, has an
// issuingDistributionPoint or another critical extension, says nothing about its end (no nextUpdate
// and no max_age), begins in the future, or is the second of its issuer. A list that has gone stale
// is a warning: its devices will be refused `revocation_stale`.
std::shared_ptr<const Trust> load_trust(const TrustSource& source, WallTime now,
                                        std::vector<TrustProblem>& problems);

}  // namespace interlock::pki
