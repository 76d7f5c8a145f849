#include "pki/verify.h"

#include <algorithm>

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/limits.h"
#include "pki/path.h"
#include "pki/trust_impl.h"

namespace interlock::pki {
namespace {

// The callback notes every error and says "go on": the verdict is the list, not the return value.
int collect_error(int ok, X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  // Validity is judged later and again, by judge().
  const bool of_time =
      error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED;
  if (ok == 1 || of_time) return 1;
  auto& path_errors =
      *static_cast<std::vector<std::pair<int, int>>*>(X509_STORE_CTX_get_app_data(context));
  path_errors.emplace_back(error, X509_STORE_CTX_get_error_depth(context));
  return 1;
}

bool push_copy(STACK_OF(X509) * stack, X509* x509) {
  return bssl::PushToStack(stack, bssl::UpRef(x509));
}

// BoringSSL's path validation (RFC 5280, section 6.1), without CRLs, of exactly `path`: its anchor
// is the only thing trusted. Returns plain sentences.
std::vector<std::string> validate(std::span<const PathNode> path, WallTime now) {
  const ErrorMark mark;
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  const bssl::UniquePtr<STACK_OF(X509)> anchors(sk_X509_new_null());
  const bssl::UniquePtr<STACK_OF(X509)> between(sk_X509_new_null());
  bool ready = push_copy(anchors.get(), path.back().x509);
  for (std::size_t i = 1; i + 1 < path.size(); ++i) {
    ready = push_copy(between.get(), path[i].x509) && ready;
  }
  if (!ready || !X509_STORE_CTX_init(context.get(), store.get(), path[0].x509, between.get())) {
    return {"the path could not be validated: out of memory"};
  }
  std::vector<std::pair<int, int>> errors;
  X509_STORE_CTX_trusted_stack(context.get(), anchors.get());
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(now.ms / 1000));
  X509_STORE_CTX_set_depth(context.get(), static_cast<int>(limits::kChainCertificatesMax) + 1);
  X509_STORE_CTX_set_verify_cb(context.get(), collect_error);
  X509_STORE_CTX_set_app_data(context.get(), &errors);
  const int result = X509_verify_cert(context.get());

  std::vector<std::string> problems;
  for (const auto& [error, depth] : errors) {
    const auto at = std::min(static_cast<std::size_t>(std::max(depth, 0)), path.size() - 1);
    problems.push_back(quoted_subject(*path[at].certificate) + ": " +
                       X509_verify_cert_error_string(error));
  }
  const auto* built = X509_STORE_CTX_get0_chain(context.get());
  if (problems.empty() && (result != 1 || built == nullptr || sk_X509_num(built) != path.size())) {
    problems.push_back("the path could not be validated");
  }
  return problems;
}

// BoringSSL does not look at the pathLenConstraint of an authority that issued itself, so not at a
// root's. Authorities that issued themselves do not count (RFC 5280, section 6.1.4 (l)).
std::optional<std::string> find_excess_length(std::span<const PathNode> path) {
  std::uint64_t intermediates = 0;
  for (const PathNode& node : path.subspan(1)) {
    const Certificate& authority = *node.certificate;
    if (authority.path_len.has_value() && intermediates > *authority.path_len) {
      return quoted_subject(authority) + ": path length constraint exceeded";
    }
    if (!authority.self_signed) ++intermediates;
  }
  return std::nullopt;
}

std::string find_weakness(std::span<const PathNode> path) {
  for (const PathNode& node : path) {
    const std::string name = quoted_subject(*node.certificate);
    if (!strong_key(*node.certificate)) {
      return "the key of " + name + " is " + describe_key(*node.certificate);
    }
    // The anchor is trusted for itself; nothing rests on its own signature.
    if (!node.is_anchor() && node.certificate->signature_hash == SignatureHash::kWeak) {
      return name + " is signed with SHA-1 or another algorithm that is not accepted";
    }
  }
  return {};
}

std::string find_purpose_problem(std::span<const PathNode> path, bool for_services) {
  const std::string name = quoted_subject(*path.front().certificate);
  // Among other things, an anchor that called itself would escape revocation.
  if (path.front().certificate->is_ca) return name + " is an authority's certificate";
  if (!path.front().certificate->may_sign_data) {
    return name + " has a key usage without digitalSignature";
  }
  for (const PathNode& node : path) {
    const Certificate& each = *node.certificate;
    const bool listed = for_services ? each.for_servers : each.purpose == Purpose::kClient;
    if (each.purpose != Purpose::kUnstated && !listed) {
      return "the extended key usage of " + quoted_subject(each) + " lists neither " +
             (for_services ? "serverAuth" : "clientAuth") + " nor anyExtendedKeyUsage";
    }
  }
  return {};
}

std::vector<PathLink> links_of(std::span<const PathNode> path) {
  std::vector<PathLink> links;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Certificate& certificate = *path[i].certificate;
    // The anchor is its own issuer.
    const Certificate& issuer = *path[std::min(i + 1, path.size() - 1)].certificate;
    links.push_back({issuer_id(issuer), certificate.serial, certificate.not_before,
                     certificate.not_after, quoted_subject(certificate), quoted_subject(issuer)});
  }
  return links;
}

// Presented is a chain as it was sent, in both forms.
struct Presented {
  std::vector<Certificate> certificates;
  std::vector<bssl::UniquePtr<X509>> decoded;
  std::string problem;
};

Presented read_chain(std::span<const Bytes> chain) {
  Presented out;
  if (chain.empty()) out.problem = "the chain is empty";
  if (chain.size() > limits::kChainCertificatesMax) {
    out.problem = "the chain has " + std::to_string(chain.size()) + " certificates; " +
                  std::to_string(limits::kChainCertificatesMax) + " is the limit";
  }
  for (std::size_t i = 0; i < chain.size() && out.problem.empty(); ++i) {
    auto certificate = read_certificate(chain[i]);
    auto x509 = certificate.has_value() ? parse_x509(*certificate) : nullptr;
    if (x509 == nullptr) {
      out.problem = "certificate " + std::to_string(i + 1) + " of the chain cannot be read: " +
                    (certificate.has_value() ? "it is damaged" : certificate.error().what);
    }
    if (certificate.has_value()) out.certificates.push_back(std::move(*certificate));
    out.decoded.push_back(std::move(x509));
  }
  return out;
}

// Which of several paths is taken depends on who is valid at the moment of the search.
void note_constancy(std::span<const PathNode> nodes, WallTime now, ChainFacts& facts) {
  for (const PathNode& node : nodes) {
    const WallTime begin = node.certificate->not_before;
    const WallTime after = node.certificate->not_after + Millis{1};
    for (const WallTime change : {begin, after}) {
      if (change <= now) {
        facts.same_from = std::max(facts.same_from, change);
      } else {
        facts.same_until = std::min(facts.same_until, change + Millis{-1});
      }
    }
  }
}

// What is kept of a leaf: who needs its bytes has the chain.
Certificate without_bytes(Certificate leaf) {
  for (auto* bytes : {&leaf.der, &leaf.subject_der, &leaf.issuer_der}) {
    *bytes = std::vector<std::uint8_t>();
  }
  return leaf;
}

}  // namespace

ChainFacts inspect(std::span<const Bytes> chain, const Trust& trust, WallTime now) {
  ChainFacts facts;
  facts.trust = trust.name();
  facts.for_services = trust.for_services();
  const Presented presented = read_chain(chain);
  if (!presented.certificates.empty()) {
    facts.leaf = without_bytes(presented.certificates.front());
  }
  if (!presented.problem.empty()) {
    facts.path_problems.push_back(presented.problem);
    return facts;
  }
  std::vector<PathNode> nodes;
  for (std::size_t i = 0; i < presented.certificates.size(); ++i) {
    nodes.push_back({presented.decoded[i].get(), &presented.certificates[i], false});
  }
  note_constancy(nodes, now, facts);
  note_constancy(trust.impl().nodes, now, facts);
  const std::vector<PathNode> path = find_path(nodes, trust.impl().nodes, now);
  const Certificate& top = *path.back().certificate;
  if (!path.back().is_anchor()) {
    facts.path_problems.push_back(
        top.self_signed
            ? quoted_subject(top) + " is self-signed and no authority of trust " + trust.name()
            : "trust " + trust.name() + " has no authority " + quoted(top.issuer) +
                  " that signed " + quoted_subject(top) + ", and none was sent");
    return facts;
  }
  facts.path_problems = validate(path, now);
  if (auto excess = find_excess_length(path)) facts.path_problems.push_back(std::move(*excess));
  facts.path = links_of(path);
  facts.anchor = top.fingerprint;
  facts.weakness = find_weakness(path);
  facts.purpose_problem = find_purpose_problem(path, trust.for_services());
  facts.purpose_unstated = facts.leaf->purpose == Purpose::kUnstated;
  facts.not_after = std::ranges::min(facts.path, {}, &PathLink::not_after).not_after;
  return facts;
}

}  // namespace interlock::pki
