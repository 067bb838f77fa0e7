// The algorithms, fetched once and shared by every SA.
#pragma once
#include "base/transform.h"
#include "crypto/openssl/handles.h"

namespace dormouse::crypto::openssl {

class Algorithms {
 public:
  Algorithms();
  /// Null if the combination is not ours.
  [[nodiscard]] const EVP_CIPHER* cipher(EncrId encr, std::uint16_t key_bits) const;
  /// An HMAC context of the digest without a key; duplicate it before use. Null for none.
  [[nodiscard]] const EVP_MAC_CTX* hmac(PrfId prf) const;
  [[nodiscard]] const EVP_MAC_CTX* hmac(IntegId integ) const;
  [[nodiscard]] const EVP_MD* sha1() const { return sha1_.get(); }

 private:
  Cipher cbc128_, cbc192_, cbc256_, gcm128_, gcm256_, chacha_;
  Mac hmac_;
  MacCtx hmac_sha1_, hmac_sha256_, hmac_sha384_, hmac_sha512_;
  Md sha1_;
};

/// HMAC with the key expanded once; update and finish as often as wanted.
class Hmac {
 public:
  /// `blank` as Algorithms::hmac gives it.
  Hmac(const EVP_MAC_CTX* blank, ByteView key);
  void start();
  void update(ByteView data);
  void finish(MutableBytes out);  ///< out: the whole digest

 private:
  MacCtx keyed_;
};

}  // namespace dormouse::crypto::openssl
