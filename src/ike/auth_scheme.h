// Which signature goes into AUTH, and how it is named there: Auth Methods 1 (RFC 7296 3.8), 9, 10, 11 (RFC 4754) and 14
// (RFC 7427, RFC 8420), the list of hashes by which method 14 is agreed, and the octets that name an algorithm in it.
//
// Method 1 names no hash. What we make has SHA-1, the default of RFC 7296 3.8 and the only one that strongSwan checks;
// what we check may have any hash, as PKCS#1 carries its name inside the signature. Whoever can speak of the hash
// (both ends sent SIGNATURE_HASH_ALGORITHMS) is not believed with one that was not offered.
#pragma once
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "crypto/credential.h"
#include "wire/registry.h"

namespace dormouse::ike {

/// What a phase 1 says about signatures.
struct SignaturePolicy {
  bool digital = false;  ///< method 14 where the peer can
  crypto::HashId strongest = crypto::HashId::sha2_512;
  bool pss = false;  ///< RSASSA-PSS instead of PKCS#1 in method 14
  friend bool operator==(const SignaturePolicy&, const SignaturePolicy&) = default;
};

using HashList = std::vector<crypto::HashId>;

/// What we list in SIGNATURE_HASH_ALGORITHMS, strongest first. SHA-1 only where it is the strongest that was
/// configured (RFC 8247 3.2 forbids it), Identity for Ed25519 always (RFC 8420 2). Empty: the notify is not sent.
[[nodiscard]] HashList offered_hashes(const SignaturePolicy& policy);
[[nodiscard]] Bytes to_notify(const HashList& hashes);
/// Unknown numbers and what is over the bound are passed over.
[[nodiscard]] HashList hashes_of_notify(ByteView data);

struct AuthScheme {
  wire::AuthMethod method = wire::AuthMethod::shared_key;
  crypto::SignatureScheme signature{};
  friend bool operator==(const AuthScheme&, const AuthScheme&) = default;
};

/// How a key of ours signs. `peer`: the list it sent, if both ends sent one. Method 14 if the two lists allow one;
/// else the method of the key alone; none for Ed25519, which has no other.
[[nodiscard]] std::optional<AuthScheme> choose_scheme(crypto::KeyKind own, const SignaturePolicy& policy,
                                                      const std::optional<HashList>& peer);

/// The AlgorithmIdentifier of RFC 7427 3 for what we make; empty if there is none.
[[nodiscard]] ByteView algorithm_identifier(const crypto::SignatureScheme& scheme);

/// What a peer's AUTH payload says: the schemes it may be under (method 1 leaves the hash open) and the signature in
/// the form of crypto::PublicKey::verify().
struct ReadSignature {
  std::vector<crypto::SignatureScheme> schemes;
  Bytes signature;
};
/// `offered`: our list, if both ends sent one; only its hashes count then, and without it method 14 is refused.
/// Errors: malformed; refused (method, algorithm or hash is not acceptable, or does not go with the key).
[[nodiscard]] Result<ReadSignature> read_signature(wire::AuthMethod method, ByteView data, crypto::KeyKind key,
                                                   const std::optional<HashList>& offered);
/// The data of an AUTH payload from what the key has signed.
[[nodiscard]] Result<Bytes> auth_data(const AuthScheme& scheme, ByteView signature);

/// Whether this method proves by a signature: 1, 3, 9, 10, 11, 14.
[[nodiscard]] bool is_signature(wire::AuthMethod method);
/// For logs and status: "shared key", "RSA", "ECDSA P-256", "digital signature", ...
[[nodiscard]] const char* name_of(wire::AuthMethod method);

}  // namespace dormouse::ike
