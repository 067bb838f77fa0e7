// The IKE engine's cryptography by OpenSSL 3, and its ESP ciphers as the fallback of every machine.
#pragma once
#include "crypto/esp_suite.h"
#include "crypto/openssl/algorithms.h"
#include "crypto/suite.h"

namespace dormouse::crypto::openssl {

class OpensslProvider final : public Provider {
 public:
  bool supports(const Suite& suite, Protocol protocol) const override;
  Result<std::unique_ptr<KeyExchange>> key_exchange(KeId group, Rng& rng) override;
  Result<KeyAnswer> answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) override;
  Result<SecretBytes> prf(PrfId alg, ByteView key, std::span<const ByteView> parts) override;
  Result<std::unique_ptr<IkeCipher>> ike_cipher(const Suite& suite, ByteView encr_key, ByteView integ_key) override;
  std::array<std::uint8_t, 20> sha1(std::span<const ByteView> parts) override;

 private:
  Algorithms algorithms_;
};

class OpensslEspProvider final : public EspProvider {
 public:
  const char* name() const override { return "openssl"; }
  bool supports(const Suite& suite) const override;
  Result<std::unique_ptr<EspCipher>> cipher(const Suite& suite, ByteView encr_key, ByteView integ_key,
                                            bool inbound) override;

 private:
  Algorithms algorithms_;
};

class OpensslRng final : public Rng {
 public:
  /// Ends the program if the generator fails: without randomness nothing here is safe.
  void fill(MutableBytes out) override;
};

}  // namespace dormouse::crypto::openssl
