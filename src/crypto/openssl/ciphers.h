// AEAD and CBC+HMAC over a contiguous buffer, shared by the IKE and the ESP ciphers.
#pragma once
#include <optional>

#include "crypto/openssl/algorithms.h"
#include "crypto/suite.h"

namespace dormouse::crypto::openssl {

/// One direction of an AEAD (AES-GCM, ChaCha20-Poly1305): key with its four octets of salt at the end (RFC 4106, 5282,
/// 7634).
class Aead {
 public:
  Aead(const EVP_CIPHER* cipher, ByteView key_and_salt, bool encrypt);
  [[nodiscard]] bool seal(const std::uint8_t* iv8, ByteView aad, std::uint8_t* body, std::size_t size,
                          std::uint8_t* tag);
  [[nodiscard]] bool open(const std::uint8_t* iv8, ByteView aad, std::uint8_t* body, std::size_t size,
                          const std::uint8_t* tag);

 private:
  void nonce(const std::uint8_t* iv8, std::uint8_t* out) const;
  CipherCtx ctx_;
  std::array<std::uint8_t, 4> salt_{};
};

/// One direction of AES-CBC.
class Cbc {
 public:
  Cbc(const EVP_CIPHER* cipher, ByteView key, bool encrypt);
  [[nodiscard]] bool run(const std::uint8_t* iv16, std::uint8_t* body, std::size_t size);

 private:
  CipherCtx ctx_;
};

}  // namespace dormouse::crypto::openssl
