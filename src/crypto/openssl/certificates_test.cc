#include "crypto/openssl/certificates.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/openssl/pki_for_test.h"

namespace dormouse::crypto::openssl {
namespace {

using namespace testing;

SecretBytes secret(std::string_view text) { return SecretBytes(as_bytes(text)); }

class Certificates : public ::testing::Test {
 protected:
  void believe(const std::string& name, const Issued& a) {
    trust.authorities.emplace_back(name, engine.certificates(a.pem()).value().front());
  }
  void revoke(const std::string& pem) { trust.revocations.push_back(engine.revocation_list(pem).value()); }
  /// Nothing, or why the chain does not hold.
  std::optional<CertificateFault> fault(const std::vector<Bytes>& chain, std::int64_t now = kNow) {
    const auto r = engine.verify(chain, trust, WallTime{now});
    return r ? std::nullopt : std::optional(r.error());
  }
  std::optional<CertificateFault> fault(const Wish& w) { return fault({issue(w, &root).der()}); }
  void SetUp() override { believe("root", root); }

  OpensslCertificates engine;
  Trust trust;
  Issued root = issue({.cn = "root", .ca = true}, nullptr);
};

TEST_F(Certificates, every_kind_of_key_signs_under_every_scheme_of_its_own_and_no_other) {
  const HashId hashes[] = {HashId::sha1, HashId::sha2_256, HashId::sha2_384, HashId::sha2_512};
  const std::pair<const char*, const char*> keys[] = {
      {"RSA2048", nullptr}, {"EC", "P-256"}, {"EC", "P-384"}, {"EC", "P-521"}, {"ED25519", nullptr}};
  const Bytes a{1, 2}, b{3}, other{4};
  const ByteView parts[] = {a, b}, wrong[] = {a, other};
  for (const auto& [type, group] : keys) {
    const auto own = issue({}, &root, make_key(type, group));
    const auto key = engine.private_key(secret(own.key_pem()), {}).value();
    const auto certificate = engine.certificates(own.pem()).value().front();
    SCOPED_TRACE(name_of(key->kind()));
    EXPECT_TRUE(engine.matches(*key, *certificate));
    EXPECT_FALSE(engine.matches(*key, *trust.authorities[0].second));
    std::vector<SignatureScheme> schemes;
    for (const auto h : hashes)
      if (key->kind() != KeyKind::ed25519) schemes.push_back({key->kind(), h});
    for (const auto h : hashes)
      if (key->kind() == KeyKind::rsa) schemes.push_back({key->kind(), h, true});
    if (key->kind() == KeyKind::ed25519) schemes.push_back({key->kind(), HashId::identity});
    for (const auto& s : schemes) {
      auto signature = key->sign(s, parts).value();
      EXPECT_TRUE(certificate->key->verify(s, parts, signature));
      EXPECT_FALSE(certificate->key->verify(s, wrong, signature));
      for (const auto& t : schemes) EXPECT_EQ(certificate->key->verify(t, parts, signature).has_value(), t == s);
      signature[signature.size() / 2] ^= 1;
      EXPECT_FALSE(certificate->key->verify(s, parts, signature));
      EXPECT_FALSE(certificate->key->verify(s, parts, {}));
    }
    EXPECT_FALSE(key->sign({key->kind() == KeyKind::rsa ? KeyKind::ecdsa_p256 : KeyKind::rsa}, parts));
  }
}

TEST_F(Certificates, keys_are_read_with_their_password_and_flattened) {
  const auto own = issue({}, &root);
  auto flat = own.key_pem("hunter22");
  std::ranges::replace(flat, '\n', ' ');
  EXPECT_TRUE(engine.private_key(secret(flat), secret("hunter22")));
  EXPECT_NE(engine.private_key(secret(flat), secret("wrong")).error().text.find("password is wrong"),
            std::string::npos);
  EXPECT_NE(engine.private_key(secret(flat), {}).error().text.find("there is no password"), std::string::npos);
  EXPECT_NE(engine.private_key(secret("nonsense"), {}).error().text.find("no PEM block"), std::string::npos);
  EXPECT_NE(engine.private_key(secret(own.pem()), {}).error().text.find("none of a private key"), std::string::npos);
  const auto weak = issue({}, &root, make_key("RSA1024"));
  EXPECT_NE(engine.private_key(secret(weak.key_pem()), {}).error().text.find("1024 bits"), std::string::npos);
  const auto pss = issue({}, &root, Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")));
  EXPECT_FALSE(engine.private_key(secret(pss.key_pem()), {}));
  EXPECT_FALSE(engine.certificates(pss.pem()));
}

TEST_F(Certificates, facts_are_those_of_the_certificate) {
  const auto own = issue(
      {.cn = "gateway", .extensions = {{NID_subject_alt_name, "DNS:gw.example.com,email:a@example.com,IP:192.0.2.1"}}},
      &root);
  auto text = own.pem() + root.pem();
  std::ranges::replace(text, '\n', ' ');
  const auto read = engine.certificates(text);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  const auto& c = *read->front();
  EXPECT_EQ(c.der, own.der());
  EXPECT_EQ(c.subject_text, "O=Example, CN=gateway");
  EXPECT_EQ(c.common_name, "gateway");
  EXPECT_EQ(c.issuer, (*read)[1]->subject);
  EXPECT_EQ(c.not_after.seconds, kNow + kYear);
  EXPECT_FALSE(c.is_authority);
  EXPECT_TRUE((*read)[1]->is_authority);
  ASSERT_EQ(c.alt_names.size(), 3u);
  EXPECT_EQ(c.alt_names[0].text(), "gw.example.com");
  EXPECT_EQ(c.alt_names[2].text(), "192.0.2.1");
}

TEST_F(Certificates, a_name_with_a_nul_is_no_name) {
  EXPECT_EQ(fault(Wish{.cn = std::string("gw\0evil", 7)}), CertificateFault::malformed);
}

TEST_F(Certificates, dates_are_those_of_the_clock_that_is_handed_in) {
  const auto own = issue({}, &root);
  EXPECT_EQ(fault({own.der()}), std::nullopt);
  EXPECT_EQ(fault({own.der()}, kNow + 2 * kYear), CertificateFault::expired);
  EXPECT_EQ(fault({own.der()}, kNow - 2 * kYear), CertificateFault::not_yet_valid);
}

TEST_F(Certificates, helpers_may_come_in_any_order_and_are_kept_for_the_next_question) {
  const auto a = issue({.cn = "a", .ca = true}, &root), b = issue({.cn = "b", .ca = true}, &a);
  const auto own = issue({}, &b);
  EXPECT_EQ(fault({own.der(), a.der(), b.der(), root.der()}), std::nullopt);
  const auto held = engine.verify(std::vector{own.der(), b.der(), a.der()}, trust, WallTime{kNow});
  ASSERT_TRUE(held);
  EXPECT_EQ(held->authority, "root");
  EXPECT_EQ(held->certificate->helpers.size(), 2u);
  EXPECT_TRUE(engine.still_good(*held->certificate, trust, WallTime{kNow}));
  EXPECT_EQ(engine.still_good(*held->certificate, trust, WallTime{kNow + 2 * kYear}).error(),
            CertificateFault::expired);
  EXPECT_EQ(fault({own.der(), b.der()}), CertificateFault::unknown_authority);
  believe("a", a);
  EXPECT_EQ(engine.verify(std::vector{own.der(), b.der()}, trust, WallTime{kNow})->authorities,
            (std::vector<std::string>{"a", "root"}));
  trust.authorities.erase(trust.authorities.begin());
  EXPECT_EQ(engine.verify(std::vector{own.der(), b.der()}, trust, WallTime{kNow})->authority, "a");
}

TEST_F(Certificates, strangers_and_garbage_are_refused) {
  const auto impostor = issue({.cn = "root", .ca = true}, nullptr);
  EXPECT_EQ(fault({issue({}, nullptr).der()}), CertificateFault::unknown_authority);
  EXPECT_TRUE(fault({issue({}, &impostor).der()}).has_value());
  auto spoilt = issue({}, &root).der();
  spoilt.back() ^= 1;
  EXPECT_TRUE(fault({spoilt}).has_value());
  spoilt.push_back(0);
  EXPECT_EQ(fault({spoilt}), CertificateFault::malformed);
  EXPECT_EQ(fault(std::vector<Bytes>{}), CertificateFault::malformed);
  EXPECT_EQ(fault({Bytes{}}), CertificateFault::malformed);
  EXPECT_EQ(fault(std::vector<Bytes>(limits::kMaxChain + 1, issue({}, &root).der())), CertificateFault::too_many);
  EXPECT_EQ(fault({Bytes(limits::kMaxCertificate + 1)}), CertificateFault::too_many);
}

TEST_F(Certificates, who_is_no_authority_issues_nothing) {
  const auto user = issue({.cn = "user"}, &root);
  EXPECT_EQ(fault({issue({}, &user).der(), user.der()}), CertificateFault::bad_chain);
  const auto last = issue({.cn = "last", .ca = true, .path_length = 0}, &root);
  const auto over = issue({.cn = "over", .ca = true}, &last);
  EXPECT_EQ(fault({issue({}, &last).der(), last.der()}), std::nullopt);
  EXPECT_EQ(fault({issue({}, &over).der(), over.der(), last.der()}), CertificateFault::bad_chain);
  const auto narrow =
      issue({.cn = "n", .ca = true, .extensions = {{NID_name_constraints, "permitted;DNS:example.com"}}}, &root);
  const auto inside = issue({.extensions = {{NID_subject_alt_name, "DNS:gw.example.com"}}}, &narrow);
  const auto outside = issue({.extensions = {{NID_subject_alt_name, "DNS:gw.example.net"}}}, &narrow);
  EXPECT_EQ(fault({inside.der(), narrow.der()}), std::nullopt);
  EXPECT_EQ(fault({outside.der(), narrow.der()}), CertificateFault::bad_chain);
}

TEST_F(Certificates, usages_are_those_of_rfc_4945) {
  const auto with = [&](int nid, const char* value) { return fault(Wish{.extensions = {{nid, value}}}); };
  EXPECT_EQ(with(NID_key_usage, "critical,keyEncipherment"), CertificateFault::wrong_key_usage);
  EXPECT_EQ(with(NID_key_usage, "critical,nonRepudiation"), std::nullopt);
  for (const auto* good :
       {"1.3.6.1.5.5.7.3.17", "anyExtendedKeyUsage", "1.3.6.1.5.5.8.2.2", "serverAuth", "clientAuth"})
    EXPECT_EQ(with(NID_ext_key_usage, good), std::nullopt) << good;
  EXPECT_EQ(with(NID_ext_key_usage, "codeSigning,emailProtection"), CertificateFault::wrong_key_usage);
}

TEST_F(Certificates, weak_keys_and_hashes_are_refused) {
  EXPECT_EQ(fault({issue({}, &root, make_key("RSA1024")).der()}), CertificateFault::weak_key);
  EXPECT_EQ(fault(Wish{.digest = EVP_sha1()}), CertificateFault::weak_key);
}

TEST_F(Certificates, a_list_counts_where_there_is_one) {
  const auto own = issue({}, &root), other = issue({}, &root);
  const auto stranger = issue({.cn = "stranger", .ca = true}, nullptr);
  revoke(crl_pem(stranger, {&own}));
  EXPECT_EQ(fault({own.der()}), std::nullopt) << "another authority's list";
  revoke(crl_pem(root, {&other}));
  EXPECT_EQ(fault({own.der()}), std::nullopt);
  EXPECT_EQ(fault({other.der()}), CertificateFault::revoked);
  trust.revocations.clear();
  revoke(crl_pem(root, {}, kNow - 1));
  EXPECT_EQ(fault({own.der()}), CertificateFault::stale_crl);
  EXPECT_FALSE(engine.revocation_list(own.pem()));
}

}  // namespace
}  // namespace dormouse::crypto::openssl
