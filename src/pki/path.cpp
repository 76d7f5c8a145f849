#include "pki/path.h"

#include <algorithm>

#include <openssl/evp.h>

#include "base/limits.h"

namespace interlock::pki {
namespace {

bool is_signed_by(const PathNode& child, const PathNode& issuer) {
  const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(issuer.x509));
  return key != nullptr && X509_verify(child.x509, key.get()) == 1;
}

bool is_valid_at(const PathNode& node, WallTime now) {
  return node.certificate->not_before <= now && now <= node.certificate->not_after;
}

class PathSearch {
 public:
  PathSearch(std::span<const PathNode> presented, std::span<const PathNode> authorities,
             WallTime now)
      : presented_(presented), authorities_(authorities), now_(now) {
    path_.push_back(presented.front());
    // A client may present an authority's certificate as its own.
    for (const PathNode& authority : authorities) {
      if (is_same(authority, path_.front())) path_.front() = authority;
    }
  }

  std::vector<PathNode> run() {
    deepest_ = path_;
    return extend() ? path_ : deepest_;
  }

 private:
  static bool is_same(const PathNode& a, const PathNode& b) {
    return a.certificate->fingerprint == b.certificate->fingerprint;
  }

  static bool contains(const std::vector<PathNode>& nodes, const PathNode& node) {
    return std::ranges::any_of(nodes, [&](const PathNode& other) { return is_same(node, other); });
  }

  // Issuers by name, the best first. Only a name that several share is worth signature checks; an
  // authority that the trust holds and the client sends as well is one.
  std::vector<PathNode> issuers_of(const PathNode& child) {
    std::vector<PathNode> found;
    for (const auto& nodes : {authorities_, presented_}) {
      for (const PathNode& node : nodes) {
        const bool issued =
            X509_NAME_cmp(X509_get_subject_name(node.x509), X509_get_issuer_name(child.x509)) == 0;
        if (issued && !contains(path_, node) && !contains(found, node)) found.push_back(node);
      }
    }
    if (found.size() > 1) {
      std::erase_if(found, [&](const PathNode& node) {
        if (steps_ == limits::kPathStepsMax) return true;
        ++steps_;
        return !is_signed_by(child, node);
      });
    }
    std::ranges::stable_sort(found, {}, [&](const PathNode& node) {
      return (node.trusted ? 0 : 4) + (is_valid_at(node, now_) ? 0 : 2) +
             (node.is_anchor() ? 0 : 1);
    });
    return found;
  }

  bool extend() {
    if (path_.back().is_anchor()) return true;
    // The anchor itself is not counted.
    if (path_.size() > limits::kChainCertificatesMax) return false;
    for (const PathNode& issuer : issuers_of(path_.back())) {
      if (steps_ == limits::kPathStepsMax) return false;
      ++steps_;
      path_.push_back(issuer);
      if (path_.size() > deepest_.size()) deepest_ = path_;
      if (extend()) return true;
      path_.pop_back();
    }
    return false;
  }

  std::span<const PathNode> presented_;
  std::span<const PathNode> authorities_;
  WallTime now_;
  std::vector<PathNode> path_;
  std::vector<PathNode> deepest_;
  std::size_t steps_ = 0;
};

}  // namespace

bssl::UniquePtr<X509> parse_x509(const Certificate& certificate) {
  const ErrorMark mark;
  const std::uint8_t* data = certificate.der.data();
  return bssl::UniquePtr<X509>(d2i_X509(nullptr, &data, static_cast<long>(certificate.der.size())));
}

std::vector<PathNode> find_path(std::span<const PathNode> presented,
                                std::span<const PathNode> authorities, WallTime now) {
  const ErrorMark mark;
  return PathSearch(presented, authorities, now).run();
}

}  // namespace interlock::pki
