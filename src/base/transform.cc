#include "base/transform.h"

#include "base/distinguished_name.h"

namespace dormouse {
namespace {

const char* encr_name(std::uint16_t id) {
  switch (static_cast<EncrId>(id)) {
    case EncrId::null: return "NULL";
    case EncrId::aes_cbc: return "AES_CBC";
    case EncrId::aes_gcm_16: return "AES_GCM_16";
    case EncrId::chacha20_poly1305: return "CHACHA20_POLY1305";
  }
  return nullptr;
}
const char* prf_name(std::uint16_t id) {
  switch (static_cast<PrfId>(id)) {
    case PrfId::none: return "NONE";
    case PrfId::hmac_sha1: return "PRF_HMAC_SHA";
    case PrfId::hmac_sha2_256: return "PRF_HMAC_SHA2_256";
    case PrfId::hmac_sha2_384: return "PRF_HMAC_SHA2_384";
    case PrfId::hmac_sha2_512: return "PRF_HMAC_SHA2_512";
  }
  return nullptr;
}
const char* integ_name(std::uint16_t id) {
  switch (static_cast<IntegId>(id)) {
    case IntegId::none: return "NONE";
    case IntegId::hmac_sha1_96: return "AUTH_HMAC_SHA_96";
    case IntegId::hmac_sha2_256_128: return "AUTH_HMAC_SHA2_256_128";
    case IntegId::hmac_sha2_384_192: return "AUTH_HMAC_SHA2_384_192";
    case IntegId::hmac_sha2_512_256: return "AUTH_HMAC_SHA2_512_256";
  }
  return nullptr;
}
const char* ke_name(std::uint16_t id) {
  switch (static_cast<KeId>(id)) {
    case KeId::none: return "NONE";
    case KeId::modp2048: return "MODP2048";
    case KeId::modp3072: return "MODP3072";
    case KeId::modp4096: return "MODP4096";
    case KeId::ecp256: return "ECP256";
    case KeId::ecp384: return "ECP384";
    case KeId::ecp521: return "ECP521";
    case KeId::x25519: return "CURVE25519";
    case KeId::ml_kem_512: return "ML_KEM_512";
    case KeId::ml_kem_768: return "ML_KEM_768";
    case KeId::ml_kem_1024: return "ML_KEM_1024";
  }
  return nullptr;
}

const char* hash_token(PrfId prf) {
  switch (prf) {
    case PrfId::hmac_sha1: return "sha1";
    case PrfId::hmac_sha2_256: return "sha256";
    case PrfId::hmac_sha2_384: return "sha384";
    case PrfId::hmac_sha2_512: return "sha512";
    case PrfId::none: break;
  }
  return "null";
}
const char* hash_token(IntegId integ) {
  switch (integ) {
    case IntegId::hmac_sha1_96: return "sha1";
    case IntegId::hmac_sha2_256_128: return "sha256";
    case IntegId::hmac_sha2_384_192: return "sha384";
    case IntegId::hmac_sha2_512_256: return "sha512";
    case IntegId::none: break;
  }
  return "null";
}

std::string hex(ByteView v) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto b : v) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

}  // namespace

std::string name_of(const Transform& t) {
  const char* name = additional_ke_index(t.type) ? ke_name(t.id) : nullptr;
  switch (t.type) {
    case TransformType::encr: name = encr_name(t.id); break;
    case TransformType::prf: name = prf_name(t.id); break;
    case TransformType::integ: name = integ_name(t.id); break;
    case TransformType::ke: name = ke_name(t.id); break;
    case TransformType::esn: return t.id == 0 ? "NO" : "YES";
  }
  std::string out = name ? name : std::to_string(static_cast<unsigned>(t.type)) + "-" + std::to_string(t.id);
  if (t.type == TransformType::encr && t.key_bits != 0) out += " (key_len = " + std::to_string(t.key_bits) + ")";
  return out;
}

std::string token_of(const Suite& s, Protocol protocol) {
  std::string cipher;
  switch (s.encr) {
    case EncrId::null: cipher = "null"; break;
    case EncrId::aes_cbc: cipher = "aes" + std::to_string(s.key_bits); break;
    case EncrId::aes_gcm_16: cipher = "aes" + std::to_string(s.key_bits) + "gcm"; break;
    case EncrId::chacha20_poly1305: cipher = "chacha20poly1305"; break;
  }
  if (is_aead(s.encr)) return protocol == Protocol::ike ? cipher + "-prf" + hash_token(s.prf) : cipher;
  return cipher + "-" + hash_token(s.integ);
}

std::string TrafficSelector::text() const {
  const auto port = first_port == 0 && last_port == 65535 ? 0 : first_port;
  return std::to_string(protocol) + ":" + range.first.text() + "-" + range.last.text() + ":" + std::to_string(port);
}

std::string Identity::text() const {
  if (type == IdType::ipv4 && data.size() == 4) return IpAddress::v4(ByteView(data)).text();
  if (type == IdType::ipv6 && data.size() == 16) return IpAddress::v6(data).text();
  if (type == IdType::der_asn1_dn)
    if (auto name = name_text(data)) return std::move(*name);
  if (type == IdType::fqdn || type == IdType::rfc822 || type == IdType::key_id) {
    std::string out(data.begin(), data.end());
    bool printable = !out.empty();
    for (const char c : out) printable = printable && c > 0x20 && c < 0x7f;
    if (printable) return out;
  }
  return hex(data);
}

}  // namespace dormouse
