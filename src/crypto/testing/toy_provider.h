// A toy engine for simulations: every rule of the real one (round trips, tampering found, keys depend on all inputs) in
// a few nanoseconds, and no security at all.
#pragma once
#include "crypto/suite.h"

namespace dormouse::crypto::testing {

class ToyProvider final : public Provider {
 public:
  bool supports(const Suite&, Protocol) const override { return true; }
  Result<std::unique_ptr<KeyExchange>> key_exchange(KeId group, Rng& rng) override;
  Result<KeyAnswer> answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) override;
  Result<SecretBytes> prf(PrfId alg, ByteView key, std::span<const ByteView> parts) override;
  Result<std::unique_ptr<IkeCipher>> ike_cipher(const Suite& suite, ByteView encr_key, ByteView integ_key) override;
  std::array<std::uint8_t, 20> sha1(std::span<const ByteView> parts) override;
};

}  // namespace dormouse::crypto::testing
