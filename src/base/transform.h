// The words of negotiation: transform types and identifiers (IANA "IKEv2 Parameters"), proposals and traffic selectors.
// Shared by wire (which reads and writes them), crypto (which implements them) and config (which names them).
#pragma once
#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/ip.h"

namespace dormouse {

enum class Protocol : std::uint8_t { none = 0, ike = 1, ah = 2, esp = 3 };  ///< RFC 7296 3.3.1

enum class TransformType : std::uint8_t { encr = 1, prf = 2, integ = 3, ke = 4, esn = 5 };

/// Additional Key Exchange 1 to 7 are the transform types 6 to 12 (RFC 9370 2.2.1), with the identifiers of `ke`.
inline constexpr std::size_t kAdditionalExchanges = 7;
[[nodiscard]] constexpr TransformType additional_ke(std::size_t index) { return static_cast<TransformType>(6 + index); }
/// The index of such a type, from 0; none for any other.
[[nodiscard]] constexpr std::optional<std::size_t> additional_ke_index(TransformType t) {
  const auto n = static_cast<std::size_t>(t);
  return n >= 6 && n < 6 + kAdditionalExchanges ? std::optional(n - 6) : std::nullopt;
}

enum class EncrId : std::uint16_t { null = 11, aes_cbc = 12, aes_gcm_16 = 20, chacha20_poly1305 = 28 };
enum class PrfId : std::uint16_t { none = 0, hmac_sha1 = 2, hmac_sha2_256 = 5, hmac_sha2_384 = 6, hmac_sha2_512 = 7 };
enum class IntegId : std::uint16_t {
  none = 0,
  hmac_sha1_96 = 2,
  hmac_sha2_256_128 = 12,
  hmac_sha2_384_192 = 13,
  hmac_sha2_512_256 = 14,
};
enum class KeId : std::uint16_t {
  none = 0,
  modp2048 = 14,
  modp3072 = 15,
  modp4096 = 16,
  ecp256 = 19,
  ecp384 = 20,
  ecp521 = 21,
  x25519 = 31,
  ml_kem_512 = 35,
  ml_kem_768 = 36,
  ml_kem_1024 = 37,
};
[[nodiscard]] constexpr bool is_kem(KeId group) {
  return group == KeId::ml_kem_512 || group == KeId::ml_kem_768 || group == KeId::ml_kem_1024;
}
enum class EsnId : std::uint16_t { no = 0, yes = 1 };

/// One transform as on the wire. `id` may be a number this program does not know (then it simply never matches).
struct Transform {
  TransformType type{};
  std::uint16_t id = 0;
  std::uint16_t key_bits = 0;      ///< Key Length attribute in bits; 0 = attribute absent
  bool unknown_attribute = false;  ///< carried an attribute other than Key Length: never matches (RFC 7296 3.3.6)
  friend constexpr auto operator<=>(const Transform&, const Transform&) = default;
};

/// One proposal substructure (RFC 7296 3.3.1). `spi` has 0, 4 or 8 octets.
struct Proposal {
  std::uint8_t number = 1;
  Protocol protocol = Protocol::ike;
  std::vector<std::uint8_t> spi;
  std::vector<Transform> transforms;
  friend auto operator<=>(const Proposal&, const Proposal&) = default;
};

/// What was chosen: one of each. AEAD ciphers have integ none; for ESP prf is none.
struct Suite {
  EncrId encr = EncrId::null;
  std::uint16_t key_bits = 0;  ///< cipher key in bits (ChaCha20-Poly1305: 256)
  PrfId prf = PrfId::none;
  IntegId integ = IntegId::none;
  KeId ke = KeId::none;
  EsnId esn = EsnId::no;
  std::array<KeId, kAdditionalExchanges> addke{};  ///< further key exchanges in their order; none: not done
  [[nodiscard]] constexpr bool has_additional() const {
    return std::ranges::any_of(addke, [](KeId g) { return g != KeId::none; });
  }
  friend constexpr auto operator<=>(const Suite&, const Suite&) = default;
};

[[nodiscard]] constexpr bool is_aead(EncrId e) { return e == EncrId::aes_gcm_16 || e == EncrId::chacha20_poly1305; }

/// A traffic selector (RFC 7296 3.13.1). protocol 0 = any; ports inclusive, 0..65535 = any.
struct TrafficSelector {
  std::uint8_t protocol = 0;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 65535;
  IpRange range;
  [[nodiscard]] static TrafficSelector any(Family f) {
    return {0, 0, 65535, {IpAddress::any(f), IpAddress::highest(f)}};
  }
  [[nodiscard]] static TrafficSelector of(const Prefix& p) { return {0, 0, 65535, {p.first(), p.last()}}; }
  [[nodiscard]] std::string text() const;  ///< FortiOS form "0:10.0.0.0-10.0.0.255:0" (protocol:range:port)
  friend constexpr auto operator<=>(const TrafficSelector&, const TrafficSelector&) = default;
};
using TrafficSelectors = std::vector<TrafficSelector>;

/// Identification payload body (RFC 7296 3.5).
enum class IdType : std::uint8_t {
  ipv4 = 1,
  fqdn = 2,
  rfc822 = 3,
  ipv6 = 5,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11
};
struct Identity {
  IdType type = IdType::key_id;
  std::vector<std::uint8_t> data{};
  [[nodiscard]] static Identity of(const IpAddress& a) {
    return {a.is_v4() ? IdType::ipv4 : IdType::ipv6, {a.bytes().begin(), a.bytes().end()}};
  }
  [[nodiscard]] std::string text() const;  ///< address, name (also a distinguished one), or hex; printable ASCII only
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

/// IANA-like names for logs, FortiOS's spelling where it has one: "AES_CBC", "PRF_HMAC_SHA2_256", "MODP2048", "ECP256",
/// "AUTH_HMAC_SHA2_256_128", "CURVE25519". Unknown numbers give "type-id", never an error.
[[nodiscard]] std::string name_of(const Transform& t);
/// FortiOS proposal token of a chosen suite: "aes128-sha256", "aes256gcm-prfsha384", "aes128gcm",
/// "chacha20poly1305-prfsha256".
[[nodiscard]] std::string token_of(const Suite& s, Protocol protocol);

}  // namespace dormouse
