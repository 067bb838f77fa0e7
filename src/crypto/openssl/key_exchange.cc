#include "crypto/openssl/key_exchange.h"

#include <algorithm>
#include <openssl/bn.h>
#include <openssl/dh.h>
#include <openssl/ec.h>

namespace dormouse::crypto::openssl {
namespace {

using Bignum = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;

struct GroupInfo {
  const char* type;   // key type
  const char* group;  // named group, or null
};
GroupInfo info(KeId group) {
  switch (group) {
    case KeId::modp2048: return {"DH", "modp_2048"};
    case KeId::modp3072: return {"DH", "modp_3072"};
    case KeId::modp4096: return {"DH", "modp_4096"};
    case KeId::ecp256: return {"EC", "P-256"};
    case KeId::ecp384: return {"EC", "P-384"};
    case KeId::ecp521: return {"EC", "P-521"};
    case KeId::x25519: return {"X25519", nullptr};
    case KeId::ml_kem_512:
    case KeId::ml_kem_768:
    case KeId::ml_kem_1024:  // kem.h
    case KeId::none: break;
  }
  return {nullptr, nullptr};
}

Result<SecretBytes> derive(EVP_PKEY* own, EVP_PKEY* peer, bool validate, bool pad) {
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  if (!ctx || EVP_PKEY_derive_init(ctx.get()) <= 0) return fail(ErrorCode::crypto, "KE");
  if (pad) {
    unsigned on = 1;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &on), OSSL_PARAM_construct_end()};
    if (EVP_PKEY_CTX_set_params(ctx.get(), params) <= 0) return fail(ErrorCode::crypto, "KE");
  }
  if (EVP_PKEY_derive_set_peer_ex(ctx.get(), peer, validate ? 1 : 0) <= 0) return fail(ErrorCode::bad_key_share, "KE");
  std::size_t size = 0;
  if (EVP_PKEY_derive(ctx.get(), nullptr, &size) <= 0) return fail(ErrorCode::crypto, "KE");
  SecretBytes out(size);
  if (EVP_PKEY_derive(ctx.get(), out.reveal_mutable().data(), &size) <= 0) return fail(ErrorCode::bad_key_share, "KE");
  if (size == out.size()) return out;
  return SecretBytes(out.reveal().first(size));
}

/// A public key of the same group as `own` from its encoded octets.
Result<Pkey> peer_key(EVP_PKEY* own, ByteView encoded) {
  Pkey peer(EVP_PKEY_new());
  if (!peer || EVP_PKEY_copy_parameters(peer.get(), own) <= 0 ||
      EVP_PKEY_set1_encoded_public_key(peer.get(), encoded.data(), encoded.size()) <= 0)
    return fail(ErrorCode::bad_key_share, "KE");
  return peer;
}

class OpensslExchange final : public KeyExchange {
 public:
  OpensslExchange(KeId group, Pkey key, Bytes public_value)
      : group_(group), key_(std::move(key)), public_(std::move(public_value)) {}
  KeId group() const override { return group_; }
  ByteView public_value() const override { return public_; }

  Result<SecretBytes> shared_secret(ByteView peer) override {
    if (peer.size() != ke_public_size(group_)) return fail(ErrorCode::bad_key_share, "KE");
    if (group_ == KeId::x25519) return x25519(peer);
    const bool modp = group_ == KeId::modp2048 || group_ == KeId::modp3072 || group_ == KeId::modp4096;
    if (modp) {
      TRY(check_range(peer));
      TRY_ASSIGN(const Pkey key, peer_key(key_.get(), peer));
      // Safe-prime groups with a fresh exponent need only 1 < r < p-1 (RFC 6989 2.1); OpenSSL's own check costs 1.8 ms.
      return derive(key_.get(), key.get(), false, true);
    }
    Bytes point{4};  // uncompressed; OpenSSL checks that it lies on the curve (RFC 6989 2.3)
    point.insert(point.end(), peer.begin(), peer.end());
    TRY_ASSIGN(const Pkey key, peer_key(key_.get(), point));
    return derive(key_.get(), key.get(), true, false);
  }

 private:
  Result<SecretBytes> x25519(ByteView peer) {
    const Pkey key(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size()));
    if (!key) return fail(ErrorCode::bad_key_share, "KE");
    TRY_ASSIGN(SecretBytes out, derive(key_.get(), key.get(), false, false));
    if (std::ranges::all_of(out.reveal(), [](auto b) { return b == 0; })) return fail(ErrorCode::bad_key_share, "KE");
    return out;
  }
  Result<void> check_range(ByteView peer) const {
    BIGNUM* p = nullptr;
    if (EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_FFC_P, &p) <= 0) return fail(ErrorCode::crypto, "KE");
    const Bignum modulus(p);
    const Bignum r(BN_bin2bn(peer.data(), static_cast<int>(peer.size()), nullptr));
    if (!r || BN_cmp(r.get(), BN_value_one()) <= 0 || BN_sub_word(modulus.get(), 1) != 1 ||
        BN_cmp(r.get(), modulus.get()) >= 0)
      return fail(ErrorCode::bad_key_share, "KE");
    return {};
  }
  KeId group_;
  Pkey key_;
  Bytes public_;
};

Result<Bytes> public_octets(KeId group, EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &encoded);
  if (size == 0) return fail(ErrorCode::crypto, "KE");
  Bytes out(encoded, encoded + size);
  OPENSSL_free(encoded);
  const bool point = group == KeId::ecp256 || group == KeId::ecp384 || group == KeId::ecp521;
  if (point) out.erase(out.begin());  // RFC 5903: x | y without the form octet
  const std::size_t want = ke_public_size(group);
  if (out.size() > want) return fail(ErrorCode::crypto, "KE");
  out.insert(out.begin(), want - out.size(), 0);
  return out;
}

}  // namespace

Result<std::unique_ptr<KeyExchange>> make_key_exchange(KeId group) {
  const auto names = info(group);
  if (!names.type) return fail(ErrorCode::bad_group, "KE", 0, static_cast<std::uint32_t>(group));
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, names.type, nullptr));
  if (!ctx || EVP_PKEY_keygen_init(ctx.get()) <= 0) return fail(ErrorCode::crypto, "KE");
  if (names.group) {
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(names.group), 0),
        OSSL_PARAM_construct_end()};
    if (EVP_PKEY_CTX_set_params(ctx.get(), params) <= 0) return fail(ErrorCode::crypto, "KE");
  }
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_generate(ctx.get(), &raw) <= 0) return fail(ErrorCode::crypto, "KE");
  return exchange_of(group, Pkey(raw));
}

Result<std::unique_ptr<KeyExchange>> exchange_of(KeId group, Pkey key) {
  TRY_ASSIGN(Bytes octets, public_octets(group, key.get()));
  return std::make_unique<OpensslExchange>(group, std::move(key), std::move(octets));
}

}  // namespace dormouse::crypto::openssl
