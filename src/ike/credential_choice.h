// Which of several certificates of this host a peer is shown.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/transform.h"
#include "crypto/credential.h"
#include "ike/auth_scheme.h"

namespace dormouse::ike {

/// SHA-1 of an authority's SubjectPublicKeyInfo (RFC 7296 3.7).
using AuthorityKeyId = std::array<std::uint8_t, 20>;

struct LocalCredential {
  crypto::SharedCredential credential;
  std::vector<AuthorityKeyId> authorities;  ///< above its certificate, as far as this host knows them
};

/// What a peer said about the certificate it wants to see.
struct CredentialWish {
  std::span<const AuthorityKeyId> authorities;  ///< of its CERTREQ
  std::optional<Identity> identity;             ///< the name it asked for (IDr)
  std::optional<HashList> hashes;               ///< if both ends sent a list
};

/// The first that can sign for this peer, the name it asked for counting most and one of its authorities next: a
/// CERTREQ is a suggestion (RFC 7296 3.7). Null: none can sign, e.g. Ed25519 for a peer without RFC 7427.
[[nodiscard]] crypto::SharedCredential choose_credential(std::span<const LocalCredential> all,
                                                         const SignaturePolicy& policy, const CredentialWish& wish);

/// Whether `id` stands in the certificate (RFC 4945 3.1): a distinguished name is its subject octet by octet; a domain
/// name, mail address or IP address is a subjectAltName. The common name never counts, nor does a wildcard.
[[nodiscard]] bool certifies(const crypto::Certificate& certificate, const Identity& id);

}  // namespace dormouse::ike
