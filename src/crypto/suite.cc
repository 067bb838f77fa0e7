#include "crypto/suite.h"

namespace dormouse::crypto {

std::size_t prf_size(PrfId prf) {
  switch (prf) {
    case PrfId::none: return 0;
    case PrfId::hmac_sha1: return 20;
    case PrfId::hmac_sha2_256: return 32;
    case PrfId::hmac_sha2_384: return 48;
    case PrfId::hmac_sha2_512: return 64;
  }
  return 0;
}

std::size_t integ_key_size(IntegId integ) {
  switch (integ) {
    case IntegId::none: return 0;
    case IntegId::hmac_sha1_96: return 20;
    case IntegId::hmac_sha2_256_128: return 32;
    case IntegId::hmac_sha2_384_192: return 48;
    case IntegId::hmac_sha2_512_256: return 64;
  }
  return 0;
}

std::size_t integ_icv_size(IntegId integ) { return integ == IntegId::hmac_sha1_96 ? 12 : integ_key_size(integ) / 2; }

std::size_t encr_key_size(EncrId encr, std::uint16_t key_bits) {
  switch (encr) {
    case EncrId::null: return 0;
    case EncrId::aes_cbc: return key_bits / 8U;
    case EncrId::aes_gcm_16: return key_bits / 8U + 4;
    case EncrId::chacha20_poly1305: return 36;
  }
  return 0;
}

std::size_t encr_iv_size(EncrId encr) { return encr == EncrId::aes_cbc ? 16 : is_aead(encr) ? 8 : 0; }
std::size_t encr_block_size(EncrId encr) { return encr == EncrId::aes_cbc ? 16 : 1; }
std::size_t encr_tag_size(EncrId encr) { return is_aead(encr) ? 16 : 0; }

std::size_t ke_public_size(KeId group) {
  switch (group) {
    case KeId::none: return 0;
    case KeId::modp2048: return 256;
    case KeId::modp3072: return 384;
    case KeId::modp4096: return 512;
    case KeId::ecp256: return 64;
    case KeId::ecp384: return 96;
    case KeId::ecp521: return 132;
    case KeId::x25519: return 32;
    case KeId::ml_kem_512: return 800;
    case KeId::ml_kem_768: return 1184;
    case KeId::ml_kem_1024: return 1568;
  }
  return 0;
}

std::size_t ke_answer_size(KeId group) {
  switch (group) {
    case KeId::ml_kem_512: return 768;
    case KeId::ml_kem_768: return 1088;
    case KeId::ml_kem_1024: return 1568;
    default: return ke_public_size(group);
  }
}

Result<KeyAnswer> Provider::answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) {
  TRY_ASSIGN(const auto own, key_exchange(group, rng));
  TRY_ASSIGN(SecretBytes secret, own->shared_secret(peer_public));
  return KeyAnswer{to_bytes(own->public_value()), std::move(secret)};
}

}  // namespace dormouse::crypto
