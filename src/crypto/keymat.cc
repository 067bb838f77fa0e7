#include "crypto/keymat.h"

#include <algorithm>

namespace dormouse::crypto {
namespace {

std::array<std::uint8_t, 16> spis(IkeSpi i, IkeSpi r) {
  std::array<std::uint8_t, 16> out{};
  store64(out.data(), i.value());
  store64(out.data() + 8, r.value());
  return out;
}

/// Cuts the next octets off a key stream.
class Slicer {
 public:
  explicit Slicer(const SecretBytes& stream) : left_(stream.reveal()) {}
  SecretBytes take(std::size_t n) {
    SecretBytes out(left_.first(n));
    left_ = left_.subspan(n);
    return out;
  }

 private:
  ByteView left_;
};

}  // namespace

Result<SecretBytes> prf_plus(Provider& engine, PrfId alg, ByteView key, std::span<const ByteView> seed,
                             std::size_t size) {
  const std::size_t block = prf_size(alg);
  if (block == 0 || size > 255 * block) return fail(ErrorCode::exhausted, "prf+");
  SecretBytes out(size);
  SecretBytes previous;
  std::vector<ByteView> parts;
  std::uint8_t counter = 1;
  for (std::size_t at = 0; at < size; at += block, ++counter) {
    parts.assign(1, previous.reveal());
    parts.insert(parts.end(), seed.begin(), seed.end());
    parts.push_back({&counter, 1});
    TRY_ASSIGN(SecretBytes t, engine.prf(alg, key, parts));
    const auto n = std::min(block, size - at);
    std::copy_n(t.reveal().begin(), n, out.reveal_mutable().begin() + static_cast<std::ptrdiff_t>(at));
    previous = std::move(t);
  }
  return out;
}

Result<SecretBytes> skeyseed_initial(Provider& engine, PrfId alg, ByteView ni, ByteView nr, ByteView g_ir) {
  Bytes nonces = to_bytes(ni);
  nonces.insert(nonces.end(), nr.begin(), nr.end());
  const std::array parts{g_ir};
  return engine.prf(alg, nonces, parts);
}

Result<SecretBytes> skeyseed_rekey(Provider& engine, PrfId old_alg, ByteView sk_d_old, ByteView g_ir, ByteView ni,
                                   ByteView nr, ByteView more) {
  const std::array parts{g_ir, ni, nr, more};
  return engine.prf(old_alg, sk_d_old, parts);
}

Result<SecretBytes> skeyseed_additional(Provider& engine, PrfId alg, ByteView sk_d, ByteView secret, ByteView ni,
                                        ByteView nr) {
  return skeyseed_rekey(engine, alg, sk_d, secret, ni, nr);
}

Result<SecretBytes> skeyseed_resume(Provider& engine, PrfId alg, ByteView sk_d_old, ByteView ni, ByteView nr) {
  const std::array parts{as_bytes("Resumption"), ni, nr};
  return engine.prf(alg, sk_d_old, parts);
}

Result<IkeKeys> derive_ike_keys(Provider& engine, const Suite& suite, ByteView skeyseed, ByteView ni, ByteView nr,
                                IkeSpi spi_i, IkeSpi spi_r) {
  const auto prf = prf_size(suite.prf);
  const auto integ = integ_key_size(suite.integ);
  const auto encr = encr_key_size(suite.encr, suite.key_bits);
  const auto both = spis(spi_i, spi_r);
  const std::array<ByteView, 3> seed{ni, nr, both};
  TRY_ASSIGN(const SecretBytes stream, prf_plus(engine, suite.prf, skeyseed, seed, 3 * prf + 2 * integ + 2 * encr));
  Slicer cut(stream);
  IkeKeys k;
  k.sk_d = cut.take(prf);
  k.sk_ai = cut.take(integ);
  k.sk_ar = cut.take(integ);
  k.sk_ei = cut.take(encr);
  k.sk_er = cut.take(encr);
  k.sk_pi = cut.take(prf);
  k.sk_pr = cut.take(prf);
  return k;
}

Result<IkeKeys> mix_ppk(Provider& engine, PrfId alg, ByteView ppk, const IkeKeys& keys) {
  const auto mixed = [&](const SecretBytes& key) {
    const std::array<ByteView, 1> seed{key.reveal()};
    return prf_plus(engine, alg, ppk, seed, prf_size(alg));
  };
  IkeKeys out;
  TRY_ASSIGN(out.sk_d, mixed(keys.sk_d));
  TRY_ASSIGN(out.sk_pi, mixed(keys.sk_pi));
  TRY_ASSIGN(out.sk_pr, mixed(keys.sk_pr));
  return out;
}

Result<ChildKeys> derive_child_keys(Provider& engine, PrfId alg, const Suite& child, ByteView sk_d, ByteView g_ir,
                                    ByteView ni, ByteView nr, ByteView more) {
  const auto integ = integ_key_size(child.integ);
  const auto encr = encr_key_size(child.encr, child.key_bits);
  const std::array<ByteView, 4> seed{g_ir, ni, nr, more};
  TRY_ASSIGN(const SecretBytes stream, prf_plus(engine, alg, sk_d, seed, 2 * integ + 2 * encr));
  Slicer cut(stream);
  ChildKeys k;
  k.encr_i = cut.take(encr);
  k.integ_i = cut.take(integ);
  k.encr_r = cut.take(encr);
  k.integ_r = cut.take(integ);
  return k;
}

Result<SecretBytes> psk_auth(Provider& engine, PrfId alg, ByteView secret, ByteView message, ByteView peer_nonce,
                             ByteView sk_p, ByteView id_body, ByteView int_auth) {
  static constexpr std::string_view kPad = "Key Pad for IKEv2";
  const std::array pad{as_bytes(kPad)};
  TRY_ASSIGN(const SecretBytes key, engine.prf(alg, secret, pad));
  const std::array id{id_body};
  TRY_ASSIGN(const SecretBytes mac_id, engine.prf(alg, sk_p, id));
  const std::array octets{message, peer_nonce, mac_id.reveal(), int_auth};
  return engine.prf(alg, key.reveal(), octets);
}

Result<SecretBytes> resume_auth(Provider& engine, PrfId alg, ByteView message, ByteView peer_nonce, ByteView sk_p,
                                ByteView id_body) {
  const std::array inner{id_body};
  TRY_ASSIGN(const SecretBytes maced_id, engine.prf(alg, sk_p, inner));
  const std::array<ByteView, 3> octets{message, peer_nonce, maced_id.reveal()};
  return engine.prf(alg, sk_p, octets);
}

}  // namespace dormouse::crypto
