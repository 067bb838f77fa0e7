#include "crypto/openssl/provider.h"

#include <algorithm>
#include <cstdlib>
#include <openssl/rand.h>

#include "crypto/openssl/ciphers.h"
#include "crypto/openssl/kem.h"
#include "crypto/openssl/key_exchange.h"

namespace dormouse::crypto::openssl {
namespace {

/// SK payloads with an AEAD (RFC 5282, RFC 7634): the associated data is everything before the IV.
class AeadIke final : public IkeCipher {
 public:
  AeadIke(const EVP_CIPHER* cipher, ByteView key) : seal_(cipher, key, true), open_(cipher, key, false) {}
  std::size_t iv_size() const override { return 8; }
  std::size_t block_size() const override { return 1; }
  std::size_t icv_size() const override { return 16; }
  Result<void> seal(MutableBytes m, std::size_t header, Rng&) override {
    if (m.size() < header + 24) return fail(ErrorCode::malformed, "SK");
    store64(m.data() + header, ++counter_);  // never twice under one key
    if (!seal_.seal(m.data() + header, m.first(header), m.data() + header + 8, m.size() - header - 24,
                    m.data() + m.size() - 16))
      return fail(ErrorCode::crypto, "SK");
    return {};
  }
  Result<MutableBytes> open(MutableBytes m, std::size_t header) override {
    if (m.size() < header + 24) return fail(ErrorCode::auth_failed, "SK");
    const auto body = m.subspan(header + 8, m.size() - header - 24);
    if (!open_.open(m.data() + header, m.first(header), body.data(), body.size(), m.data() + m.size() - 16))
      return fail(ErrorCode::auth_failed, "SK");
    return body;
  }

 private:
  Aead seal_, open_;
  std::uint64_t counter_ = 0;
};

/// SK payloads with AES-CBC and HMAC (RFC 7296 3.14): the ICV covers the whole message before it.
class CbcIke final : public IkeCipher {
 public:
  CbcIke(const EVP_CIPHER* cipher, ByteView key, const EVP_MAC_CTX* mac, ByteView integ_key, std::size_t icv)
      : encrypt_(cipher, key, true),
        decrypt_(cipher, key, false),
        mac_(mac, integ_key),
        digest_(integ_key.size()),
        icv_(icv) {}
  std::size_t iv_size() const override { return 16; }
  std::size_t block_size() const override { return 16; }
  std::size_t icv_size() const override { return icv_; }
  Result<void> seal(MutableBytes m, std::size_t header, Rng& rng) override {
    if (m.size() < header + 16 + icv_) return fail(ErrorCode::malformed, "SK");
    rng.fill(m.subspan(header, 16));
    if (!encrypt_.run(m.data() + header, m.data() + header + 16, m.size() - header - 16 - icv_))
      return fail(ErrorCode::crypto, "SK");
    const auto tag = mac_of(m.first(m.size() - icv_));
    std::copy_n(tag.begin(), icv_, m.end() - static_cast<std::ptrdiff_t>(icv_));
    return {};
  }
  Result<MutableBytes> open(MutableBytes m, std::size_t header) override {
    if (m.size() < header + 32 + icv_ || (m.size() - header - icv_) % 16 != 0)
      return fail(ErrorCode::auth_failed, "SK");
    const auto tag = mac_of(m.first(m.size() - icv_));
    if (!constant_time_equal(ByteView(tag).first(icv_), m.last(icv_))) return fail(ErrorCode::auth_failed, "SK");
    const auto body = m.subspan(header + 16, m.size() - header - 16 - icv_);
    if (!decrypt_.run(m.data() + header, body.data(), body.size())) return fail(ErrorCode::crypto, "SK");
    return body;
  }

 private:
  Bytes mac_of(ByteView data) {
    Bytes out(digest_);
    mac_.start();
    mac_.update(data);
    mac_.finish(out);
    return out;
  }
  Cbc encrypt_, decrypt_;
  Hmac mac_;
  std::size_t digest_, icv_;
};

}  // namespace

bool OpensslProvider::supports(const Suite& s, Protocol protocol) const {
  if (!algorithms_.cipher(s.encr, s.key_bits)) return false;
  if (!is_aead(s.encr) && !algorithms_.hmac(s.integ)) return false;
  const auto speaks = [](KeId group) { return ke_public_size(group) != 0 && (!is_kem(group) || has_kem(group)); };
  const auto optional = [&](KeId group) { return group == KeId::none || speaks(group); };
  if (!std::ranges::all_of(s.addke, optional) || !optional(s.ke)) return false;
  return protocol != Protocol::ike || (algorithms_.hmac(s.prf) && speaks(s.ke));
}

Result<std::unique_ptr<KeyExchange>> OpensslProvider::key_exchange(KeId group, Rng&) {
  return is_kem(group) ? make_kem(group) : make_key_exchange(group);
}

Result<KeyAnswer> OpensslProvider::answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) {
  return is_kem(group) ? encapsulate(group, peer_public) : Provider::answer_key_exchange(group, peer_public, rng);
}

Result<SecretBytes> OpensslProvider::prf(PrfId alg, ByteView key, std::span<const ByteView> parts) {
  const auto* blank = algorithms_.hmac(alg);
  if (!blank) return fail(ErrorCode::crypto, "prf");
  Hmac mac(blank, key);
  for (const auto p : parts) mac.update(p);
  SecretBytes out(prf_size(alg));
  mac.finish(out.reveal_mutable());
  return out;
}

Result<std::unique_ptr<IkeCipher>> OpensslProvider::ike_cipher(const Suite& s, ByteView encr_key, ByteView integ_key) {
  const auto* cipher = algorithms_.cipher(s.encr, s.key_bits);
  if (!cipher || encr_key.size() != encr_key_size(s.encr, s.key_bits) || integ_key.size() != integ_key_size(s.integ))
    return fail(ErrorCode::crypto, "cipher");
  if (is_aead(s.encr)) return std::make_unique<AeadIke>(cipher, encr_key);
  const auto* mac = algorithms_.hmac(s.integ);
  if (!mac) return fail(ErrorCode::crypto, "integrity");
  return std::make_unique<CbcIke>(cipher, encr_key, mac, integ_key, integ_icv_size(s.integ));
}

std::array<std::uint8_t, 20> OpensslProvider::sha1(std::span<const ByteView> parts) {
  std::array<std::uint8_t, 20> out{};
  const MdCtx ctx(EVP_MD_CTX_new());
  EVP_DigestInit_ex2(ctx.get(), algorithms_.sha1(), nullptr);
  for (const auto p : parts) EVP_DigestUpdate(ctx.get(), p.data(), p.size());
  EVP_DigestFinal_ex(ctx.get(), out.data(), nullptr);
  return out;
}

void OpensslRng::fill(MutableBytes out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

}  // namespace dormouse::crypto::openssl
