#include "pki/trust.h"

#include <algorithm>
#include <ranges>

#include <openssl/evp.h>

#include "base/limits.h"
#include "pki/crl.h"
#include "pki/pem.h"
#include "pki/trust_impl.h"

namespace interlock::pki {
namespace {

std::string day_of(WallTime at) { return format_utc(at).substr(0, 19) + 'Z'; }

// Loader builds a Trust and notes everything that is wrong on the way.
class Loader {
 public:
  Loader(const TrustSource& source, WallTime now, std::vector<TrustProblem>& problems)
      : source_(source), now_(now), problems_(problems) {}

  std::shared_ptr<const Trust> load() {
    impl_->name = source_.name;
    impl_->enrolment_only = source_.enrolment_only;
    impl_->for_services = source_.for_services;
    impl_->no_revocation = source_.no_revocation;
    load_authorities();
    for (std::size_t i = 0; i < source_.crls.size(); ++i) load_crl_file(i);
    require_crls();
    if (failed_) return nullptr;
    identify();
    return std::make_shared<const Trust>(std::move(impl_));
  }

 private:
  using Where = TrustProblem::Where;

  void note(bool warning, Where where, std::size_t index, std::string message, std::string hint) {
    problems_.push_back({where, index, std::move(message), std::move(hint), warning});
    if (!warning) failed_ = true;
  }
  void refuse_ca(std::string message, std::string hint) {
    note(false, Where::kCa, 0, source_.ca_file + ": " + std::move(message), std::move(hint));
  }

  void load_authorities() {
    if (source_.ca_pem.size() > limits::kAuthorityFileBytesMax) {
      return refuse_ca("the file is larger than 1 MiB",
                       "Keep only the authorities that issue your devices' certificates.");
    }
    const auto blocks = pem_certificates(source_.ca_pem);
    if (!blocks.has_value()) {
      return refuse_ca(blocks.error().what,
                       "The file must hold the authorities' certificates in PEM form.");
    }
    for (std::size_t i = 0; i < blocks->size(); ++i) load_authority(i + 1, (*blocks)[i]);
    const auto is_anchor = [](const PathNode& node) { return node.is_anchor(); };
    if (!failed_ && std::ranges::none_of(impl_->nodes, is_anchor)) {
      refuse_ca("it holds no self-signed authority, so no path could end there",
                "Add the root certificate that stands above the ones in the file.");
    }
  }

  void load_authority(std::size_t number, Bytes der) {
    auto certificate = read_certificate(der);
    auto x509 = certificate.has_value() ? parse_x509(*certificate) : nullptr;
    if (x509 == nullptr) {
      return refuse_ca("certificate " + std::to_string(number) + " cannot be read: " +
                           (certificate.has_value() ? "it is damaged" : certificate.error().what),
                       "Fetch the authority's certificate again.");
    }
    for (const Certificate& other : impl_->certificates) {
      if (other.fingerprint == certificate->fingerprint) return;
    }
    check_authority(*certificate);
    impl_->certificates.push_back(std::move(*certificate));
    const Certificate& kept = impl_->certificates.back();
    impl_->nodes.push_back({x509.get(), &kept, true});
    impl_->listed.push_back(&kept);
    impl_->decoded.push_back(std::move(x509));
  }

  void check_authority(const Certificate& authority) {
    const std::string name = quoted_subject(authority);
    if (!authority.may_sign_certificates) {
      refuse_ca(name + " is not an authority's certificate (no CA:TRUE, or no keyCertSign)",
                "Name the authority that issued it. A single device is admitted by the inventory, "
                "not by a trust.");
    }
    if (!strong_key(authority)) {
      refuse_ca("the key of " + name + " is " + describe_key(authority) + ", which is not accepted",
                "Accepted are RSA of 2048 to 8192 bits, P-256, P-384 and Ed25519.");
    }
    if (!authority.self_signed && authority.signature_hash == SignatureHash::kWeak) {
      refuse_ca(name + " is signed with SHA-1 or another algorithm that is not accepted",
                "Have it issued again with SHA-256 or better.");
    }
    if (authority.not_after < now_) {
      note(true, Where::kCa, 0,
           source_.ca_file + ": " + name + " expired on " + day_of(authority.not_after),
           "What it issued is refused. Add the renewed certificate of the authority.");
    }
  }

  void load_crl_file(std::size_t index) {
    const std::string& bytes = source_.crls[index].bytes;
    if (source_.no_revocation) {
      return refuse_crl(index, {"the trust has revocation: NONE and a list",
                                "Remove the one or the other: it must be clear what counts."});
    }
    if (bytes.size() > limits::kCrlFileBytesMax) {
      return refuse_crl(index, {"the file is larger than 64 MiB", "Is it the right file?"});
    }
    if (!bytes.starts_with("0")) {  // A DER list begins with SEQUENCE, 0x30, which is "0".
      const auto blocks = pem_blocks(bytes, "X509 CRL");
      if (!blocks.has_value() || blocks->empty()) {
        return refuse_crl(index, {"this is no revocation list in DER, nor in PEM (X509 CRL)",
                                  "Fetch the file again from the authority."});
      }
      for (const auto& block : *blocks) load_crl(index, block);
      return;
    }
    load_crl(index, as_bytes(bytes));
  }

  void refuse_crl(std::size_t index, Complaint complaint) {
    note(false, Where::kCrl, index, source_.crls[index].file + ": " + complaint.message,
         complaint.hint);
  }

  void load_crl(std::size_t index, Bytes der) {
    auto crl = read_crl(der);
    if (!crl.has_value()) return refuse_crl(index, crl.error());
    const auto issuer = signer_of(index, *crl);
    if (!issuer.has_value()) return;
    const auto fresh_until = fresh_until_of(index, *crl);
    if (!fresh_until.has_value()) return;
    if (std::ranges::find(impl_->sets, *issuer, &CrlSet::issuer) != impl_->sets.end()) {
      return refuse_crl(index, {"this is the second list of its authority",
                                "Keep only the newest list of each authority."});
    }
    const CrlSource& source = source_.crls[index];
    if (*fresh_until < now_) {
      note(true, Where::kCrl, index,
           source.file + ": the list of " + quoted(crl->issuer) + " went stale on " +
               day_of(*fresh_until),
           "Until it is renewed, the certificates it speaks for are refused (revocation_stale).");
    }
    impl_->crls.push_back({crl->issuer, source.file, crl->number_hex, crl->this_update,
                           *fresh_until, crl->revoked.size(), sha256(der)});
    impl_->sets.push_back({*issuer, *fresh_until, std::move(crl->revoked)});
  }

  // Several authorities may have the list's name; the signature tells whose it is.
  std::optional<IssuerId> signer_of(std::size_t index, const Crl& crl) {
    const ErrorMark mark;
    bool named = false, verified = false;
    for (const PathNode& node : impl_->nodes) {
      if (X509_NAME_cmp(X509_get_subject_name(node.x509), X509_CRL_get_issuer(crl.x509.get())) !=
          0) {
        continue;
      }
      named = true;
      const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(node.x509));
      if (key == nullptr || X509_CRL_verify(crl.x509.get(), key.get()) != 1) continue;
      verified = true;
      if (node.certificate->may_sign_crls) return issuer_id(*node.certificate);
    }
    if (!named) {
      note(false, Where::kCrl, index,
           source_.crls[index].file + ": the list is issued by " + quoted(crl.issuer) +
               ", which is no authority in " + source_.ca_file,
           "Add that authority to the ca_file, or remove the list.");
    } else if (!verified) {
      refuse_crl(index, {"the signature of this list does not hold",
                         "The file is damaged or forged, or the authority has a new key: fetch the "
                         "list again, and the authority's certificate."});
    } else {
      refuse_crl(index, {"its issuer may not sign revocation lists (no cRLSign in its key usage)",
                         "Have the authority's certificate issued again with cRLSign."});
    }
    return std::nullopt;
  }

  std::optional<WallTime> fresh_until_of(std::size_t index, const Crl& crl) {
    const auto& max_age = source_.crls[index].max_age;
    if (crl.this_update > now_) {
      refuse_crl(index, {"this list begins in the future",
                         "Compare the clocks of the gateway and of the authority."});
      return std::nullopt;
    }
    if (!crl.next_update.has_value() && !max_age.has_value()) {
      refuse_crl(index, {"this list does not say until when it counts (no nextUpdate)",
                         "Set max_age in the crl block."});
      return std::nullopt;
    }
    const WallTime by_list = crl.next_update.value_or(kDistantFuture);
    // A negative or enormous age must not wrap around.
    const bool limited = max_age.has_value() && *max_age < kDistantFuture - crl.this_update;
    return limited ? std::min(by_list, crl.this_update + *max_age) : by_list;
  }

  void require_crls() {
    if (source_.no_revocation) return;
    std::vector<IssuerId> seen;
    for (const PathNode& node : impl_->nodes) {
      const IssuerId id = issuer_id(*node.certificate);
      if (std::ranges::find(seen, id) != seen.end()) continue;
      seen.push_back(id);
      if (std::ranges::find(impl_->sets, id, &CrlSet::issuer) != impl_->sets.end()) continue;
      refuse_ca(quoted_subject(*node.certificate) + " has no usable revocation list",
                "Add a crl block with its list; every authority of the file needs its own. Where "
                "there is none, say revocation: NONE.");
    }
  }

  void identify() {
    std::ranges::sort(impl_->nodes, {}, [](const PathNode& node) -> const Sha256& {
      return node.certificate->fingerprint;
    });
    const std::string usage = impl_->for_services     ? "services"
                              : impl_->enrolment_only ? "enrolment"
                                                      : "operation";
    std::vector<Bytes> parts = {as_bytes(impl_->name), as_bytes(usage)};
    for (const PathNode& node : impl_->nodes) parts.emplace_back(node.certificate->fingerprint);
    impl_->identity = sha256_of_list(parts);
  }

  const TrustSource& source_;
  WallTime now_;
  std::vector<TrustProblem>& problems_;
  std::unique_ptr<Trust::Impl> impl_ = std::make_unique<Trust::Impl>();
  bool failed_ = false;
};

}  // namespace

IssuerId issuer_id(const Certificate& authority) {
  std::vector<std::uint8_t> both(authority.spki_sha256.begin(), authority.spki_sha256.end());
  both.insert(both.end(), authority.subject_der.begin(), authority.subject_der.end());
  return sha256(both);
}

Trust::Trust(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Trust::~Trust() = default;

const std::string& Trust::name() const { return impl_->name; }
const Sha256& Trust::identity() const { return impl_->identity; }
bool Trust::enrolment_only() const { return impl_->enrolment_only; }
bool Trust::for_services() const { return impl_->for_services; }
bool Trust::no_revocation() const { return impl_->no_revocation; }
std::span<const Certificate* const> Trust::authorities() const { return impl_->listed; }
std::span<const CrlFacts> Trust::crls() const { return impl_->crls; }

bool Trust::is_anchor(const Sha256& fingerprint) const {
  return std::ranges::any_of(impl_->nodes, [&](const PathNode& node) {
    return node.is_anchor() && node.certificate->fingerprint == fingerprint;
  });
}

std::optional<Trust::Revocation> Trust::revocation(const IssuerId& issuer,
                                                   const Serial& serial) const {
  const auto set = std::ranges::find(impl_->sets, issuer, &CrlSet::issuer);
  if (set == impl_->sets.end()) return std::nullopt;
  return Revocation{std::ranges::binary_search(set->revoked, serial), set->fresh_until};
}

std::shared_ptr<const Trust> load_trust(const TrustSource& source, WallTime now,
                                        std::vector<TrustProblem>& problems) {
  return Loader(source, now, problems).load();
}

}  // namespace interlock::pki
