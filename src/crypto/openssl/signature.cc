#include "crypto/openssl/signature.h"

#include <openssl/rsa.h>
#include <string_view>

#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {
namespace {

constexpr int kLeastRsaBits = 2048;  // RFC 8247 4.1.2

/// The digest's name for OpenSSL; null for Ed25519, which hashes itself.
const char* digest_of(HashId hash) {
  switch (hash) {
    case HashId::sha1: return "SHA1";
    case HashId::sha2_256: return "SHA2-256";
    case HashId::sha2_384: return "SHA2-384";
    case HashId::sha2_512: return "SHA2-512";
    case HashId::identity: break;
  }
  return nullptr;
}

/// Whether `scheme` is one, and one of this key.
bool fits(const EVP_PKEY* key, const SignatureScheme& scheme) {
  const auto kind = kind_of(key);
  if (!kind || *kind != scheme.key || (scheme.pss && *kind != KeyKind::rsa)) return false;
  return (scheme.hash == HashId::identity) == (*kind == KeyKind::ed25519);
}

/// RSASSA-PSS as RFC 7427 A.4.3 has it: MGF1 with the same hash, and a salt of its length and no other.
bool set_padding(EVP_PKEY_CTX* ctx, const SignatureScheme& scheme) {
  if (scheme.key != KeyKind::rsa) return true;
  if (!scheme.pss) return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest_of(scheme.hash), nullptr) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

/// Ed25519 is not fed in pieces.
Bytes joined(std::span<const ByteView> parts) {
  Bytes all;
  for (const auto p : parts) all.insert(all.end(), p.begin(), p.end());
  return all;
}

}  // namespace

std::optional<KeyKind> kind_of(const EVP_PKEY* key) {
  if (!key) return std::nullopt;
  if (EVP_PKEY_is_a(key, "RSA"))
    return EVP_PKEY_get_bits(key) >= kLeastRsaBits ? std::optional(KeyKind::rsa) : std::nullopt;
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyKind::ed25519;
  if (!EVP_PKEY_is_a(key, "EC")) return std::nullopt;
  char name[64] = {};
  if (EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1) return std::nullopt;
  const std::string_view curve(name);
  if (curve == "prime256v1" || curve == "P-256") return KeyKind::ecdsa_p256;
  if (curve == "secp384r1" || curve == "P-384") return KeyKind::ecdsa_p384;
  if (curve == "secp521r1" || curve == "P-521") return KeyKind::ecdsa_p521;
  return std::nullopt;
}

Result<Bytes> sign(EVP_PKEY* key, const SignatureScheme& scheme, std::span<const ByteView> parts) {
  const QuietErrors quiet;
  if (!fits(key, scheme)) return fail(ErrorCode::crypto, "signature scheme");
  const MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  if (!ctx || EVP_DigestSignInit_ex(ctx.get(), &options, digest_of(scheme.hash), nullptr, nullptr, key, nullptr) <= 0 ||
      !set_padding(options, scheme))
    return fail(ErrorCode::crypto, "signature");
  const auto all = joined(parts);
  std::size_t size = 0;
  if (EVP_DigestSign(ctx.get(), nullptr, &size, all.data(), all.size()) <= 0)
    return fail(ErrorCode::crypto, "signature");
  Bytes out(size);
  if (EVP_DigestSign(ctx.get(), out.data(), &size, all.data(), all.size()) <= 0)
    return fail(ErrorCode::crypto, "signature");
  out.resize(size);
  return out;
}

Result<void> verify(EVP_PKEY* key, const SignatureScheme& scheme, std::span<const ByteView> parts, ByteView signature) {
  const QuietErrors quiet;
  if (!fits(key, scheme)) return fail(ErrorCode::auth_failed, "signature scheme");
  const MdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  if (!ctx ||
      EVP_DigestVerifyInit_ex(ctx.get(), &options, digest_of(scheme.hash), nullptr, nullptr, key, nullptr) <= 0 ||
      !set_padding(options, scheme))
    return fail(ErrorCode::auth_failed, "signature");
  const auto all = joined(parts);
  if (EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), all.data(), all.size()) != 1)
    return fail(ErrorCode::auth_failed, "signature");
  return {};
}

}  // namespace dormouse::crypto::openssl
