#include "crypto/openssl/algorithms.h"

#include "base/bytes.h"

namespace dormouse::crypto::openssl {
namespace {

Cipher fetch(const char* name) { return Cipher(EVP_CIPHER_fetch(nullptr, name, nullptr)); }

MacCtx hmac_of(EVP_MAC* mac, const char* digest) {
  MacCtx ctx(EVP_MAC_CTX_new(mac));
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
                               OSSL_PARAM_construct_end()};
  EVP_MAC_CTX_set_params(ctx.get(), params);
  return ctx;
}

}  // namespace

Algorithms::Algorithms()
    : cbc128_(fetch("AES-128-CBC")),
      cbc192_(fetch("AES-192-CBC")),
      cbc256_(fetch("AES-256-CBC")),
      gcm128_(fetch("AES-128-GCM")),
      gcm256_(fetch("AES-256-GCM")),
      chacha_(fetch("ChaCha20-Poly1305")),
      hmac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)),
      hmac_sha1_(hmac_of(hmac_.get(), "SHA1")),
      hmac_sha256_(hmac_of(hmac_.get(), "SHA256")),
      hmac_sha384_(hmac_of(hmac_.get(), "SHA384")),
      hmac_sha512_(hmac_of(hmac_.get(), "SHA512")),
      sha1_(EVP_MD_fetch(nullptr, "SHA1", nullptr)) {}

const EVP_CIPHER* Algorithms::cipher(EncrId encr, std::uint16_t bits) const {
  switch (encr) {
    case EncrId::null: return nullptr;
    case EncrId::aes_cbc:
      return bits == 128 ? cbc128_.get() : bits == 192 ? cbc192_.get() : bits == 256 ? cbc256_.get() : nullptr;
    case EncrId::aes_gcm_16: return bits == 128 ? gcm128_.get() : bits == 256 ? gcm256_.get() : nullptr;
    case EncrId::chacha20_poly1305: return chacha_.get();
  }
  return nullptr;
}

const EVP_MAC_CTX* Algorithms::hmac(PrfId prf) const {
  switch (prf) {
    case PrfId::none: return nullptr;
    case PrfId::hmac_sha1: return hmac_sha1_.get();
    case PrfId::hmac_sha2_256: return hmac_sha256_.get();
    case PrfId::hmac_sha2_384: return hmac_sha384_.get();
    case PrfId::hmac_sha2_512: return hmac_sha512_.get();
  }
  return nullptr;
}

const EVP_MAC_CTX* Algorithms::hmac(IntegId integ) const {
  switch (integ) {
    case IntegId::none: return nullptr;
    case IntegId::hmac_sha1_96: return hmac_sha1_.get();
    case IntegId::hmac_sha2_256_128: return hmac_sha256_.get();
    case IntegId::hmac_sha2_384_192: return hmac_sha384_.get();
    case IntegId::hmac_sha2_512_256: return hmac_sha512_.get();
  }
  return nullptr;
}

Hmac::Hmac(const EVP_MAC_CTX* blank, ByteView key) : keyed_(EVP_MAC_CTX_dup(blank)) {
  static constexpr std::uint8_t kNone = 0;  // an empty key is a key; a null pointer would mean "the one before"
  EVP_MAC_init(keyed_.get(), key.empty() ? &kNone : key.data(), key.size(), nullptr);
}

void Hmac::start() { EVP_MAC_init(keyed_.get(), nullptr, 0, nullptr); }
void Hmac::update(ByteView data) {
  if (!data.empty()) EVP_MAC_update(keyed_.get(), data.data(), data.size());
}
void Hmac::finish(MutableBytes out) {
  std::size_t n = 0;
  EVP_MAC_final(keyed_.get(), out.data(), &n, out.size());
}

}  // namespace dormouse::crypto::openssl
