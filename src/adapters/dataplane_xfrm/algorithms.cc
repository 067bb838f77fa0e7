#include "adapters/dataplane_xfrm/algorithms.h"

namespace dormouse::xfrm {
namespace {

const char* cipher_of(EncrId encr) {
  switch (encr) {
    case EncrId::aes_gcm_16: return "rfc4106(gcm(aes))";
    case EncrId::chacha20_poly1305: return "rfc7539esp(chacha20,poly1305)";
    case EncrId::aes_cbc: return "cbc(aes)";
    case EncrId::null: return "ecb(cipher_null)";
  }
  return nullptr;
}

const char* auth_of(IntegId integ) {
  switch (integ) {
    case IntegId::hmac_sha1_96: return "hmac(sha1)";
    case IntegId::hmac_sha2_256_128: return "hmac(sha256)";
    case IntegId::hmac_sha2_384_192: return "hmac(sha384)";
    case IntegId::hmac_sha2_512_256: return "hmac(sha512)";
    case IntegId::none: break;
  }
  return nullptr;
}

unsigned icv_bits_of(IntegId integ) {
  switch (integ) {
    case IntegId::hmac_sha1_96: return 96;
    case IntegId::hmac_sha2_256_128: return 128;
    case IntegId::hmac_sha2_384_192: return 192;
    case IntegId::hmac_sha2_512_256: return 256;
    case IntegId::none: break;
  }
  return 0;
}

}  // namespace

Outcome<Algorithms> algorithms_of(const Suite& suite) {
  const char* cipher = cipher_of(suite.encr);
  if (cipher == nullptr) return failure("the kernel has no name for " + token_of(suite, Protocol::esp));
  if (is_aead(suite.encr)) return Algorithms{true, cipher, {}, 128};
  const char* auth = auth_of(suite.integ);
  if (auth == nullptr) return failure("the kernel has no name for " + token_of(suite, Protocol::esp));
  return Algorithms{false, cipher, auth, icv_bits_of(suite.integ)};
}

}  // namespace dormouse::xfrm
