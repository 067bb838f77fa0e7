// A certificate authority for tests, that can also do what no real one should.
#pragma once
#include <ctime>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <string>

#include "crypto/openssl/certificates.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl::testing {

inline constexpr std::int64_t kNow = 1'800'000'000, kYear = 365 * 86400;

inline Pkey make_key(const char* type, const char* group = nullptr) {
  if (std::string_view(type).starts_with("RSA"))
    return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(std::stoul(type + 3))));
  if (group) return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, type, group));
  return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
}

/// A certificate to be, with the mistakes it shall have.
struct Wish {
  std::string cn = "peer";
  bool ca = false;
  int path_length = -1;
  std::vector<std::pair<int, std::string>> extensions = {};
  std::int64_t from = kNow - kYear, to = kNow + kYear;
  const EVP_MD* digest = EVP_sha256();
};

struct Issued {
  Pkey key;
  X509Handle x;
  [[nodiscard]] Bytes der() const {
    unsigned char* out = nullptr;
    const int n = i2d_X509(x.get(), &out);
    Bytes b(out, out + n);
    OPENSSL_free(out);
    return b;
  }
  [[nodiscard]] std::string pem() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), x.get());
    char* text = nullptr;
    const auto n = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(n)};
  }
  [[nodiscard]] std::string key_pem(const char* password = nullptr) const {
    const Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), password ? EVP_aes_256_cbc() : nullptr, password,
                                  password ? static_cast<int>(std::string_view(password).size()) : 0, nullptr, nullptr);
    char* text = nullptr;
    const auto n = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(n)};
  }
};

inline void extend(X509* x, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, x, nullptr, nullptr, 0);
  auto* e = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
  ASSERT_NE(e, nullptr) << value;
  X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

/// Signed by `issuer`, or by itself if that is null.
inline Issued issue(const Wish& w, const Issued* issuer, Pkey key = make_key("EC", "P-256")) {
  static long serial = 1;
  Issued out{std::move(key), X509Handle(X509_new())};
  auto* x = out.x.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(x), w.from);
  ASN1_TIME_set(X509_getm_notAfter(x), w.to);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("Example"), -1, -1, 0);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(w.cn.data()), static_cast<int>(w.cn.size()), -1, 0);
  X509* above = issuer ? issuer->x.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(above));
  X509_set_pubkey(x, out.key.get());
  std::string constraints = w.ca ? "critical,CA:TRUE" : "CA:FALSE";
  if (w.path_length >= 0) constraints += ",pathlen:" + std::to_string(w.path_length);
  extend(x, above, NID_basic_constraints, constraints);
  for (const auto& [nid, value] : w.extensions) extend(x, above, nid, value);
  EVP_PKEY* signer = issuer ? issuer->key.get() : out.key.get();
  X509_sign(x, signer, EVP_PKEY_is_a(signer, "ED25519") ? nullptr : w.digest);
  return out;
}

inline std::string crl_pem(const Issued& authority, std::initializer_list<const Issued*> revoked,
                           std::int64_t to = kNow + kYear) {
  const CrlHandle crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(authority.x.get()));
  auto* time = ASN1_TIME_set(nullptr, kNow - 2 * kYear);
  X509_CRL_set1_lastUpdate(crl.get(), time);
  ASN1_TIME_set(time, to);
  X509_CRL_set1_nextUpdate(crl.get(), time);
  for (const auto* r : revoked) {
    auto* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(r->x.get()));
    X509_REVOKED_set_revocationDate(entry, time);
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  ASN1_TIME_free(time);
  X509_CRL_sign(crl.get(), authority.key.get(), EVP_sha256());
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(bio.get(), crl.get());
  char* text = nullptr;
  const auto n = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(n)};
}

}  // namespace dormouse::crypto::openssl::testing
