#include "ike/auth_scheme.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "ike/ecdsa_form.h"

namespace dormouse::ike {
namespace {

using crypto::HashId;
using crypto::KeyKind;
using crypto::SignatureScheme;
using wire::AuthMethod;

/// From the strongest on.
constexpr std::array kSha2{HashId::sha2_512, HashId::sha2_384, HashId::sha2_256};

// Algorithm identifiers (RFC 7427 A; RFC 8420 A), and those that others send for the same.
constexpr std::uint8_t kRsaSha1[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00};
constexpr std::uint8_t kRsaSha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
constexpr std::uint8_t kRsaSha384[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00};
constexpr std::uint8_t kRsaSha512[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00};
constexpr std::uint8_t kEcdsaSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::uint8_t kEcdsaSha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
constexpr std::uint8_t kEcdsaSha512[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
constexpr std::uint8_t kEd25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

/// RSASSA-PSS with one SHA-2 hash in all places (RFC 4055 3.1). `last` tells the three hashes apart. DER leaves the
/// default trailerField out; RFC 7427 A.4.3 shows it, so both are read.
constexpr std::array<std::uint8_t, 67> pss(std::uint8_t last, std::uint8_t salt) {
  return {0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
          0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00, 0xa1, 0x1c,
          0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
          0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, salt};
}
constexpr std::array<std::uint8_t, 72> pss_with_trailer(std::uint8_t last, std::uint8_t salt) {
  std::array<std::uint8_t, 72> out{};
  const auto shorter = pss(last, salt);
  for (std::size_t i = 0; i < shorter.size(); ++i) out[i] = shorter[i];
  out[1] = 0x46;
  out[14] = 0x39;
  constexpr std::uint8_t kTrailer[] = {0xa3, 0x03, 0x02, 0x01, 0x01};
  for (std::size_t i = 0; i < sizeof kTrailer; ++i) out[shorter.size() + i] = kTrailer[i];
  return out;
}
constexpr auto kPss256 = pss(1, 32), kPss384 = pss(2, 48), kPss512 = pss(3, 64);
constexpr auto kPss256Long = pss_with_trailer(1, 32), kPss384Long = pss_with_trailer(2, 48),
               kPss512Long = pss_with_trailer(3, 64);

enum class Family : std::uint8_t { rsa, rsa_pss, ecdsa, ed25519 };
struct Named {
  Family family;
  HashId hash;
  ByteView octets;
};
/// The first of each kind is the one we send.
const std::array kNamed{
    Named{Family::rsa, HashId::sha1, kRsaSha1},
    Named{Family::rsa, HashId::sha2_256, kRsaSha256},
    Named{Family::rsa, HashId::sha2_384, kRsaSha384},
    Named{Family::rsa, HashId::sha2_512, kRsaSha512},
    Named{Family::rsa_pss, HashId::sha2_256, kPss256},
    Named{Family::rsa_pss, HashId::sha2_384, kPss384},
    Named{Family::rsa_pss, HashId::sha2_512, kPss512},
    Named{Family::rsa_pss, HashId::sha2_256, kPss256Long},
    Named{Family::rsa_pss, HashId::sha2_384, kPss384Long},
    Named{Family::rsa_pss, HashId::sha2_512, kPss512Long},
    Named{Family::ecdsa, HashId::sha2_256, kEcdsaSha256},
    Named{Family::ecdsa, HashId::sha2_384, kEcdsaSha384},
    Named{Family::ecdsa, HashId::sha2_512, kEcdsaSha512},
    Named{Family::ed25519, HashId::identity, kEd25519},
};

Family family_of(const SignatureScheme& s) {
  switch (s.key) {
    case KeyKind::rsa: return s.pss ? Family::rsa_pss : Family::rsa;
    case KeyKind::ed25519: return Family::ed25519;
    case KeyKind::ecdsa_p256:
    case KeyKind::ecdsa_p384:
    case KeyKind::ecdsa_p521: break;
  }
  return Family::ecdsa;
}

/// The method that a key of this kind has beside method 14, and its hash.
std::optional<AuthScheme> classic(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa: return AuthScheme{AuthMethod::rsa, {kind, HashId::sha1}};
    case KeyKind::ecdsa_p256: return AuthScheme{AuthMethod::ecdsa256, {kind, HashId::sha2_256}};
    case KeyKind::ecdsa_p384: return AuthScheme{AuthMethod::ecdsa384, {kind, HashId::sha2_384}};
    case KeyKind::ecdsa_p521: return AuthScheme{AuthMethod::ecdsa521, {kind, HashId::sha2_512}};
    case KeyKind::ed25519: break;
  }
  return std::nullopt;
}

std::size_t half_of(AuthMethod m) {
  return m == AuthMethod::ecdsa256 ? 32 : m == AuthMethod::ecdsa384 ? 48 : m == AuthMethod::ecdsa521 ? 66 : 0;
}

bool lists(const HashList& hashes, HashId hash) { return std::ranges::find(hashes, hash) != hashes.end(); }

Result<ReadSignature> read_digital(ByteView data, KeyKind key, const std::optional<HashList>& offered) {
  if (!offered) return fail(ErrorCode::refused, "auth method");
  Reader r(data);
  TRY_ASSIGN(const auto length, r.u8("algorithm"));
  TRY_ASSIGN(const auto octets, r.take(length, "algorithm"));
  const auto named = std::ranges::find_if(kNamed, [&](const Named& n) { return equal(n.octets, octets); });
  if (named == kNamed.end()) return fail(ErrorCode::refused, "algorithm");
  const SignatureScheme scheme{key, named->hash, named->family == Family::rsa_pss};
  if (family_of(scheme) != named->family || !lists(*offered, named->hash)) return fail(ErrorCode::refused, "algorithm");
  return ReadSignature{{scheme}, to_bytes(r.rest())};
}

}  // namespace

HashList offered_hashes(const SignaturePolicy& policy) {
  if (!policy.digital) return {};
  HashList out;
  for (const auto h : kSha2)
    if (h <= policy.strongest) out.push_back(h);
  if (policy.strongest == HashId::sha1) out.push_back(HashId::sha1);
  out.push_back(HashId::identity);
  return out;
}

Bytes to_notify(const HashList& hashes) {
  Bytes out;
  Writer w(out);
  for (const auto h : hashes) w.u16(static_cast<std::uint16_t>(h));
  return out;
}

HashList hashes_of_notify(ByteView data) {
  HashList out;
  for (std::size_t at = 0; at + 2 <= data.size() && at < 2 * limits::kMaxSignatureHashes; at += 2) {
    const auto number = load16(data.data() + at);
    const auto hash = static_cast<HashId>(number);
    if (number >= 1 && number <= static_cast<std::uint16_t>(HashId::identity) && !lists(out, hash)) out.push_back(hash);
  }
  return out;
}

std::optional<AuthScheme> choose_scheme(KeyKind own, const SignaturePolicy& policy,
                                        const std::optional<HashList>& peer) {
  if (!policy.digital || !peer) return classic(own);
  // Ed25519 takes the octets themselves; every other key the strongest hash that both ends allow.
  for (const auto hash : offered_hashes(policy)) {
    const SignatureScheme scheme{own, hash, own == KeyKind::rsa && policy.pss && hash != HashId::sha1};
    if (lists(*peer, hash) && !algorithm_identifier(scheme).empty())
      return AuthScheme{AuthMethod::digital_signature, scheme};
  }
  return classic(own);
}

ByteView algorithm_identifier(const SignatureScheme& scheme) {
  const auto named = std::ranges::find_if(
      kNamed, [&](const Named& n) { return n.family == family_of(scheme) && n.hash == scheme.hash; });
  return named == kNamed.end() ? ByteView{} : named->octets;
}

Result<ReadSignature> read_signature(AuthMethod method, ByteView data, KeyKind key,
                                     const std::optional<HashList>& offered) {
  if (method == AuthMethod::digital_signature) return read_digital(data, key, offered);
  const auto expected = classic(key);
  if (!expected || expected->method != method) return fail(ErrorCode::refused, "auth method");
  if (method == AuthMethod::rsa) {
    ReadSignature out{.schemes = {}, .signature = to_bytes(data)};
    for (const auto hash : {HashId::sha1, HashId::sha2_256, HashId::sha2_384, HashId::sha2_512})
      if (!offered || lists(*offered, hash)) out.schemes.push_back({key, hash});
    return out;
  }
  if (data.size() != 2 * half_of(method)) return fail(ErrorCode::malformed, "signature");
  TRY_ASSIGN(auto der, ecdsa_der_of_raw(data));
  return ReadSignature{{expected->signature}, std::move(der)};
}

Result<Bytes> auth_data(const AuthScheme& scheme, ByteView signature) {
  if (const auto half = half_of(scheme.method)) return raw_of_ecdsa_der(signature, half);
  if (scheme.method != AuthMethod::digital_signature) return to_bytes(signature);
  const auto name = algorithm_identifier(scheme.signature);
  Bytes out;
  Writer w(out);
  w.u8(static_cast<std::uint8_t>(name.size()));
  w.bytes(name);
  w.bytes(signature);
  return out;
}

bool is_signature(AuthMethod m) { return m != AuthMethod::shared_key && std::string_view(name_of(m)) != "?"; }

const char* name_of(AuthMethod m) {
  switch (m) {
    case AuthMethod::rsa: return "RSA signature";
    case AuthMethod::shared_key: return "pre-shared key";
    case AuthMethod::dss: return "DSS signature";
    case AuthMethod::ecdsa256: return "ECDSA P-256 signature";
    case AuthMethod::ecdsa384: return "ECDSA P-384 signature";
    case AuthMethod::ecdsa521: return "ECDSA P-521 signature";
    case AuthMethod::digital_signature: return "digital signature";
    case AuthMethod::null: break;
  }
  return "?";
}

}  // namespace dormouse::ike
