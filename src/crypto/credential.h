// X.509 certificates and the signatures of AUTH (RFC 7296 2.15, 3.6-3.8, RFC 7427, RFC 8420, profile of RFC 4945):
// interfaces and values, no library. crypto/openssl implements them.
#pragma once
#include <array>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"

namespace dormouse::crypto {

/// IANA "IKEv2 Hash Algorithms" (RFC 7427 7, RFC 8420 2): what SIGNATURE_HASH_ALGORITHMS lists.
enum class HashId : std::uint16_t { sha1 = 1, sha2_256 = 2, sha2_384 = 3, sha2_512 = 4, identity = 5 };

enum class KeyKind : std::uint8_t { rsa, ecdsa_p256, ecdsa_p384, ecdsa_p521, ed25519 };
[[nodiscard]] const char* name_of(KeyKind kind);  ///< "RSA", "ECDSA P-256", ...

/// How octets are signed. `pss` is for RSA alone (salt as long as the hash, MGF1 with the same hash); Ed25519 has
/// HashId::identity.
struct SignatureScheme {
  KeyKind key = KeyKind::rsa;
  HashId hash = HashId::sha2_256;
  bool pss = false;
  friend bool operator==(const SignatureScheme&, const SignatureScheme&) = default;
};

/// A private key of this host. Immutable, wiped at its end; its octets are never handed out.
class PrivateKey {
 public:
  virtual ~PrivateKey() = default;
  [[nodiscard]] virtual KeyKind kind() const = 0;
  /// Signature over `parts` joined: RSA as is, ECDSA as the DER sequence of r and s (RFC 7427 A.3), Ed25519 64 octets.
  /// Error crypto: `scheme` does not fit the key, or the engine failed.
  [[nodiscard]] virtual Result<Bytes> sign(const SignatureScheme& scheme, std::span<const ByteView> parts) const = 0;
};

class PublicKey {
 public:
  virtual ~PublicKey() = default;
  [[nodiscard]] virtual KeyKind kind() const = 0;
  /// Error auth_failed: it is not the signature of `parts` joined by this key under `scheme` (ECDSA in DER).
  [[nodiscard]] virtual Result<void> verify(const SignatureScheme& scheme, std::span<const ByteView> parts,
                                            ByteView signature) const = 0;
};

/// One certificate as far as policy looks at it. Immutable and shared.
struct Certificate {
  Bytes der;
  Bytes subject, issuer;     ///< DER Names, compared octet by octet with an ID_DER_ASN1_DN
  std::string subject_text;  ///< RFC 2253 form in the certificate's order, printable: "C=CA, O=Example, CN=gateway"
  std::string common_name;   ///< last CN, or empty
  std::vector<Identity> alt_names;  ///< subjectAltName: DNS as fqdn, e-mail as rfc822, IP as ipv4/ipv6; bounded
  Bytes serial;
  WallTime not_before, not_after;
  bool is_authority = false;              ///< basicConstraints CA
  std::array<std::uint8_t, 20> key_id{};  ///< SHA-1 of SubjectPublicKeyInfo, as CERTREQ carries it (RFC 7296 3.7)
  std::shared_ptr<const PublicKey> key;
  /// DER of what stood between it and its authority when CertificateEngine::verify believed it; else empty. With these
  /// still_good can ask the whole question again.
  std::vector<Bytes> helpers{};
};
using SharedCertificate = std::shared_ptr<const Certificate>;

/// A certificate revocation list; its signature is checked against the authority when it is used.
class RevocationList {
 public:
  virtual ~RevocationList() = default;
  [[nodiscard]] virtual ByteView issuer() const = 0;  ///< DER Name
  [[nodiscard]] virtual WallTime next_update() const = 0;
};

/// What this host signs with: its key and the chain it sends, its own certificate first.
struct Credential {
  std::string name;  ///< of `config vpn certificate local`
  std::shared_ptr<const PrivateKey> key;
  std::vector<SharedCertificate> chain;
};
using SharedCredential = std::shared_ptr<const Credential>;

/// Whom this host believes.
struct Trust {
  std::vector<std::pair<std::string, SharedCertificate>> authorities;  ///< by name of `config vpn certificate ca`
  std::vector<std::shared_ptr<const RevocationList>> revocations;
};

/// Why a peer's certificate is not believed.
enum class CertificateFault : std::uint8_t {
  malformed,
  too_many,  ///< over a bound of base/limits.h
  expired,   ///< it, or one above it
  not_yet_valid,
  revoked,
  stale_crl,  ///< there is a CRL of its authority, and it is past its next update
  unknown_authority,
  bad_chain,        ///< a signature, basicConstraints, path length or name constraint does not hold
  wrong_key_usage,  ///< neither digitalSignature nor nonRepudiation, or an EKU that excludes IKE (RFC 4945 5.1.3)
  weak_key,         ///< RSA below 2048 bits, or an algorithm that this program does not accept
};
[[nodiscard]] const char* name_of(CertificateFault fault);  ///< for logs: "certificate expired", ...

/// A peer's certificate that holds, and the authority (by name in Trust) at the root of its chain.
struct TrustedCertificate {
  SharedCertificate certificate;
  std::string authority;
  /// Every one of Trust in the chain, its issuer's side first; the last is `authority`. An intermediate authority may
  /// be installed beside its root.
  std::vector<std::string> authorities{};
  std::vector<SharedCertificate> between{};  ///< the two, nearest first; empty if the authority issued it
};

/// What the rest of the program needs of an X.509 library. Stateless.
class CertificateEngine {
 public:
  virtual ~CertificateEngine() = default;
  /// PEM, PKCS#8 (also encrypted, with `password`) or the traditional forms. The failure is a sentence for the
  /// administrator and holds nothing of the key.
  [[nodiscard]] virtual Outcome<std::shared_ptr<const PrivateKey>> private_key(const SecretBytes& pem,
                                                                               const SecretBytes& password) = 0;
  /// One or more PEM certificates, in their order.
  [[nodiscard]] virtual Outcome<std::vector<SharedCertificate>> certificates(std::string_view pem) = 0;
  [[nodiscard]] virtual Outcome<std::shared_ptr<const RevocationList>> revocation_list(std::string_view pem) = 0;
  /// Whether `key` belongs to `certificate`.
  [[nodiscard]] virtual bool matches(const PrivateKey& key, const Certificate& certificate) = 0;
  /// Verifies a peer's CERT payloads: `chain` is DER, its own certificate first, helpers in any order; hostile.
  [[nodiscard]] virtual std::expected<TrustedCertificate, CertificateFault> verify(std::span<const Bytes> chain,
                                                                                   const Trust& trust,
                                                                                   WallTime now) = 0;
  /// The same question again for a certificate that was believed before, e.g. at a wake by ticket. With an
  /// empty `der` issuer, serial number and validity are all there is to look at: a ticket keeps no more of it.
  [[nodiscard]] virtual std::expected<void, CertificateFault> still_good(const Certificate& certificate,
                                                                         const Trust& trust, WallTime now) = 0;
};

}  // namespace dormouse::crypto
