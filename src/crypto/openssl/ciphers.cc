#include "crypto/openssl/ciphers.h"

#include <cstring>

namespace dormouse::crypto::openssl {

Aead::Aead(const EVP_CIPHER* cipher, ByteView key_and_salt, bool encrypt) : ctx_(EVP_CIPHER_CTX_new()) {
  const auto key = key_and_salt.first(key_and_salt.size() - 4);
  std::memcpy(salt_.data(), key_and_salt.data() + key.size(), 4);
  EVP_CipherInit_ex2(ctx_.get(), cipher, key.data(), nullptr, encrypt ? 1 : 0, nullptr);
}

void Aead::nonce(const std::uint8_t* iv8, std::uint8_t* out) const {
  std::memcpy(out, salt_.data(), 4);
  std::memcpy(out + 4, iv8, 8);
}

bool Aead::seal(const std::uint8_t* iv8, ByteView aad, std::uint8_t* body, std::size_t size, std::uint8_t* tag) {
  std::uint8_t iv[12];
  nonce(iv8, iv);
  int n = 0;
  return EVP_EncryptInit_ex2(ctx_.get(), nullptr, nullptr, iv, nullptr) == 1 &&
         EVP_EncryptUpdate(ctx_.get(), nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_EncryptUpdate(ctx_.get(), body, &n, body, static_cast<int>(size)) == 1 &&
         EVP_EncryptFinal_ex(ctx_.get(), body + size, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
}

bool Aead::open(const std::uint8_t* iv8, ByteView aad, std::uint8_t* body, std::size_t size, const std::uint8_t* tag) {
  std::uint8_t iv[12];
  nonce(iv8, iv);
  int n = 0;
  std::uint8_t none[16];
  return EVP_DecryptInit_ex2(ctx_.get(), nullptr, nullptr, iv, nullptr) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_AEAD_SET_TAG, 16, const_cast<std::uint8_t*>(tag)) == 1 &&
         EVP_DecryptUpdate(ctx_.get(), nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_DecryptUpdate(ctx_.get(), body, &n, body, static_cast<int>(size)) == 1 &&
         EVP_DecryptFinal_ex(ctx_.get(), none, &n) == 1;
}

Cbc::Cbc(const EVP_CIPHER* cipher, ByteView key, bool encrypt) : ctx_(EVP_CIPHER_CTX_new()) {
  EVP_CipherInit_ex2(ctx_.get(), cipher, key.data(), nullptr, encrypt ? 1 : 0, nullptr);
  EVP_CIPHER_CTX_set_padding(ctx_.get(), 0);
}

bool Cbc::run(const std::uint8_t* iv16, std::uint8_t* body, std::size_t size) {
  int n = 0;
  return EVP_CipherInit_ex2(ctx_.get(), nullptr, nullptr, iv16, -1, nullptr) == 1 &&
         EVP_CipherUpdate(ctx_.get(), body, &n, body, static_cast<int>(size)) == 1 && n == static_cast<int>(size);
}

}  // namespace dormouse::crypto::openssl
