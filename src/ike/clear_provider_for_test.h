// Cryptography that hides and protects nothing: a test can read and change what one end says under the SA's keys.
#pragma once
#include <memory>

#include "crypto/testing/toy_provider.h"

namespace dormouse::ike::testing {

class ClearCipher final : public crypto::IkeCipher {
 public:
  std::size_t iv_size() const override { return 0; }
  std::size_t block_size() const override { return 1; }
  std::size_t icv_size() const override { return 0; }
  Result<void> seal(MutableBytes, std::size_t, Rng&) override { return {}; }
  Result<MutableBytes> open(MutableBytes message, std::size_t header_size) override {
    if (message.size() < header_size) return fail(ErrorCode::auth_failed, "SK");
    return message.subspan(header_size);
  }
};

class ClearProvider final : public crypto::Provider {
 public:
  bool supports(const Suite&, Protocol) const override { return true; }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(KeId group, Rng& rng) override {
    return toy_.key_exchange(group, rng);
  }
  Result<crypto::KeyAnswer> answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) override {
    return toy_.answer_key_exchange(group, peer_public, rng);
  }
  Result<SecretBytes> prf(PrfId alg, ByteView key, std::span<const ByteView> parts) override {
    return toy_.prf(alg, key, parts);
  }
  Result<std::unique_ptr<crypto::IkeCipher>> ike_cipher(const Suite&, ByteView, ByteView) override {
    return std::make_unique<ClearCipher>();
  }
  std::array<std::uint8_t, 20> sha1(std::span<const ByteView> parts) override { return toy_.sha1(parts); }

 private:
  crypto::testing::ToyProvider toy_;
};

}  // namespace dormouse::ike::testing
