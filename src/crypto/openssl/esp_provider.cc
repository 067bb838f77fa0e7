// ESP ciphers by OpenSSL (RFC 4303, 4106, 7634): the fallback where no faster engine is, and the measure it is tested
// against.
#include <algorithm>
#include <array>
#include <cstring>
#include <openssl/rand.h>

#include "crypto/openssl/ciphers.h"
#include "crypto/openssl/provider.h"

namespace dormouse::crypto::openssl {
namespace {

/// SPI, [high half of the ESN], low half: what an AEAD authenticates beside the body (RFC 4106 5).
std::size_t aad(const EspJob& j, bool esn, std::uint8_t* out) {
  std::memcpy(out, j.esp, 4);
  if (!esn) {
    std::memcpy(out + 4, j.esp + 4, 4);
    return 8;
  }
  store64(out + 4, j.seq);
  return 12;
}

class AeadEsp final : public EspCipher {
 public:
  AeadEsp(const EVP_CIPHER* cipher, ByteView key, bool esn, bool inbound) : aead_(cipher, key, !inbound), esn_(esn) {}
  std::size_t iv_size() const override { return 8; }
  std::size_t block_size() const override { return 4; }
  std::size_t icv_size() const override { return 16; }
  void seal(std::span<EspJob> jobs) override {
    std::uint8_t ad[12];
    for (auto& j : jobs) {
      store64(j.esp + 8, j.seq);
      const auto n = aad(j, esn_, ad);
      j.ok = aead_.seal(j.esp + 8, {ad, n}, j.esp + 16, j.body_size, j.esp + 16 + j.body_size);
    }
  }
  void open(std::span<EspJob> jobs) override {
    std::uint8_t ad[12];
    for (auto& j : jobs) {
      const auto n = aad(j, esn_, ad);
      j.ok = aead_.open(j.esp + 8, {ad, n}, j.esp + 16, j.body_size, j.esp + 16 + j.body_size);
    }
  }

 private:
  Aead aead_;
  bool esn_;
};

class CbcEsp final : public EspCipher {
 public:
  CbcEsp(const EVP_CIPHER* cipher, ByteView key, const EVP_MAC_CTX* mac, ByteView integ_key, std::size_t icv, bool esn,
         bool inbound)
      : cbc_(cipher, key, !inbound), mac_(mac, integ_key), digest_(integ_key.size()), icv_(icv), esn_(esn) {}
  std::size_t iv_size() const override { return kIvSize; }
  std::size_t block_size() const override { return 16; }
  std::size_t icv_size() const override { return icv_; }
  void seal(std::span<EspJob> jobs) override {
    // One draw for many packets: alone, the generator would cost more than the cipher.
    std::array<std::uint8_t, 64 * kIvSize> ivs;
    for (std::size_t at = 0; at < jobs.size(); at += ivs.size() / kIvSize) {
      const auto some = jobs.subspan(at, std::min(jobs.size() - at, ivs.size() / kIvSize));
      const bool drawn = RAND_bytes(ivs.data(), static_cast<int>(some.size() * kIvSize)) == 1;
      for (std::size_t i = 0; i < some.size(); ++i) some[i].ok = drawn && seal_one(some[i], ivs.data() + i * kIvSize);
    }
  }
  void open(std::span<EspJob> jobs) override {
    for (auto& j : jobs) {
      std::uint8_t tag[64];
      mac(j, tag);
      j.ok = j.body_size % 16 == 0 && constant_time_equal({tag, icv_}, {j.esp + 24 + j.body_size, icv_}) &&
             cbc_.run(j.esp + 8, j.esp + 24, j.body_size);
    }
  }

 private:
  static constexpr std::size_t kIvSize = 16;

  bool seal_one(const EspJob& j, const std::uint8_t* iv) {
    std::memcpy(j.esp + 8, iv, kIvSize);
    if (!cbc_.run(iv, j.esp + 24, j.body_size)) return false;
    std::uint8_t tag[64];
    mac(j, tag);
    std::memcpy(j.esp + 24 + j.body_size, tag, icv_);
    return true;
  }
  void mac(const EspJob& j, std::uint8_t* tag) {
    mac_.start();
    mac_.update({j.esp, 24 + std::size_t{j.body_size}});
    if (esn_) {  // RFC 4303 2.2.1: the high half follows the packet, unsent
      std::uint8_t high[4];
      store32(high, static_cast<std::uint32_t>(j.seq >> 32));
      mac_.update({high, 4});
    }
    mac_.finish({tag, digest_});
  }
  Cbc cbc_;
  Hmac mac_;
  std::size_t digest_, icv_;
  bool esn_;
};

}  // namespace

bool OpensslEspProvider::supports(const Suite& s) const {
  return algorithms_.cipher(s.encr, s.key_bits) && (is_aead(s.encr) || algorithms_.hmac(s.integ));
}

Result<std::unique_ptr<EspCipher>> OpensslEspProvider::cipher(const Suite& s, ByteView encr_key, ByteView integ_key,
                                                              bool inbound) {
  if (!supports(s) || encr_key.size() != encr_key_size(s.encr, s.key_bits) ||
      integ_key.size() != integ_key_size(s.integ))
    return fail(ErrorCode::crypto, "cipher");
  const auto* c = algorithms_.cipher(s.encr, s.key_bits);
  const bool esn = s.esn == EsnId::yes;
  if (is_aead(s.encr)) return std::make_unique<AeadEsp>(c, encr_key, esn, inbound);
  return std::make_unique<CbcEsp>(c, encr_key, algorithms_.hmac(s.integ), integ_key, integ_icv_size(s.integ), esn,
                                  inbound);
}

}  // namespace dormouse::crypto::openssl
