// The words of cryptography for ike/ and esp/: interfaces and values, no library. Engines live in crypto/openssl and
// crypto/ipsecmb; crypto/engine picks between them.
#pragma once
#include <memory>
#include <span>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/transform.h"

namespace dormouse::crypto {

/// Octets of prf output, and of its preferred key (RFC 7296 2.13). Zero for PrfId::none.
[[nodiscard]] std::size_t prf_size(PrfId prf);
/// Octets of the integrity key and of the ICV it makes.
[[nodiscard]] std::size_t integ_key_size(IntegId integ);
[[nodiscard]] std::size_t integ_icv_size(IntegId integ);
/// Octets of keying material the cipher takes from prf+: key plus salt (AES-GCM, ChaCha20-Poly1305: 4 octets of salt).
[[nodiscard]] std::size_t encr_key_size(EncrId encr, std::uint16_t key_bits);
/// Octets of the explicit IV (8 for AEADs, 16 for CBC), of the block (1 for AEADs, 16 for CBC) and of an AEAD's tag
/// (16).
[[nodiscard]] std::size_t encr_iv_size(EncrId encr);
[[nodiscard]] std::size_t encr_block_size(EncrId encr);
[[nodiscard]] std::size_t encr_tag_size(EncrId encr);
/// Octets of an initiator's public value, e.g. 256 for MODP2048, 32 for X25519, 1184 for ML-KEM-768 (its encapsulation
/// key); 0 if unknown. A responder's differs with a KEM: it is the ciphertext.
[[nodiscard]] std::size_t ke_public_size(KeId group);
[[nodiscard]] std::size_t ke_answer_size(KeId group);

/// One ephemeral key pair: the initiator's half of a key exchange. Used once: RFC 7296 2.12 reuse is not done.
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  [[nodiscard]] virtual KeId group() const = 0;
  [[nodiscard]] virtual ByteView public_value() const = 0;
  /// g^ir in its RFC form (MODP: padded to the modulus; ECP: x only; X25519: 32 octets).
  /// Error bad_key_share if the peer's value fails the checks of RFC 6989 / RFC 8031 (also an all-zero X25519 result).
  /// A KEM's ciphertext has no such check beyond its size: a spoiled one gives another secret (FIPS 203 6.3).
  [[nodiscard]] virtual Result<SecretBytes> shared_secret(ByteView peer_public) = 0;
};

/// The responder's half, whole.
struct KeyAnswer {
  Bytes public_value;
  SecretBytes secret;
};

/// Protection of an IKE SK payload in one direction (RFC 7296 3.14, RFC 5282, RFC 7634). Owns its keys.
class IkeCipher {
 public:
  virtual ~IkeCipher() = default;
  [[nodiscard]] virtual std::size_t iv_size() const = 0;
  [[nodiscard]] virtual std::size_t block_size() const = 0;
  [[nodiscard]] virtual std::size_t icv_size() const = 0;
  /// Encrypts in place and authenticates. `message` is the whole IKE message: header..., SK generic header at the end
  /// of `header_size` octets, then IV, plaintext with padding and pad length already in place, then icv_size() octets
  /// of room. The IV octets are filled here (counter for AEAD, random for CBC).
  [[nodiscard]] virtual Result<void> seal(MutableBytes message, std::size_t header_size, Rng& rng) = 0;
  /// Verifies, then decrypts in place; returns the plaintext, padding still included. auth_failed leaves `message`
  /// unusable.
  [[nodiscard]] virtual Result<MutableBytes> open(MutableBytes message, std::size_t header_size) = 0;
};

/// What the IKE core needs of an engine. Stateless; shared by all SAs; each call independent.
class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual bool supports(const Suite& suite, Protocol protocol) const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<KeyExchange>> key_exchange(KeId group, Rng& rng) = 0;
  /// The answer to an initiator's public value. Errors as of shared_secret().
  [[nodiscard]] virtual Result<KeyAnswer> answer_key_exchange(KeId group, ByteView peer_public, Rng& rng);
  /// prf(key, parts joined).
  [[nodiscard]] virtual Result<SecretBytes> prf(PrfId alg, ByteView key, std::span<const ByteView> parts) = 0;
  /// `encr_key` as encr_key_size says; `integ_key` empty for AEADs.
  [[nodiscard]] virtual Result<std::unique_ptr<IkeCipher>> ike_cipher(const Suite& suite, ByteView encr_key,
                                                                      ByteView integ_key) = 0;
  /// SHA-1, for NAT detection only (RFC 7296 2.23).
  [[nodiscard]] virtual std::array<std::uint8_t, 20> sha1(std::span<const ByteView> parts) = 0;
};

}  // namespace dormouse::crypto
