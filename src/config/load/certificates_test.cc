#include <algorithm>
#include <gtest/gtest.h>

#include "config/load/load.h"
#include "config/schema/show.h"

namespace dormouse::config {
namespace {

Outcome<SecretBytes> decode(std::string_view base64) { return SecretBytes(as_bytes(base64)); }

const std::string kPem = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----";
const std::string kKey = "-----BEGIN PRIVATE KEY-----\nMIIBAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----";

std::string with(const std::string& phase1) {
  return "config system interface\nedit port2\nnext\nend\nconfig vpn certificate ca\nedit root\nset ca \"" + kPem +
         "\"\nnext\nend\nconfig vpn certificate crl\nedit list\nset crl \"" + kPem +
         "\"\nnext\nend\nconfig vpn certificate local\nedit gw\nset password hunter2\nset private-key \"" + kKey +
         "\"\nset certificate \"" + kPem +
         "\"\nnext\nend\nconfig user peer\nedit bob\nset ca root\nset subject \"O=Example\"\nset cn-type FQDN\n"
         "set cn bob.example.com\nnext\nedit eve\nset mandatory-ca-verify disable\nnext\nend\nconfig user peergrp\n"
         "edit all\nset member bob eve\nnext\nend\nconfig vpn ipsec phase1-interface\nedit p\nset type dynamic\n"
         "set interface port2\nset ike-version 2\n" +
         phase1 + "next\nend\n";
}

const std::string kSigned = "set authmethod signature\nset certificate gw\nset peertype peergrp\nset peergrp all\n";

/// The first error as "attribute: message", or empty.
std::string error_of(const std::string& phase1, const CertificateChecks& checks = {}) {
  const auto r = load(with(phase1), decode, checks);
  if (r) return "";
  for (const auto& d : r.error())
    if (!d.warning) return d.attribute + ": " + d.message;
  return "?";
}

TEST(LoadCertificates, a_phase_1_gets_its_certificates_and_peers) {
  const auto r = load(with(kSigned + "set digital-signature-auth enable\nset signature-hash-alg sha2-256 sha2-384\n"
                                     "set rsa-signature-format pss\nset localid-type asn1dn\n"),
                      decode);
  ASSERT_TRUE(r) << render(r.error()[0], "f", "");
  const auto& p = r->model->phase1.at(0);
  EXPECT_EQ(p.auth, AuthMethod::signature);
  EXPECT_EQ(p.auth_remote, AuthMethod::signature);
  EXPECT_EQ(p.certificates, std::vector<std::string>{"gw"});
  EXPECT_EQ(p.peertype, PeerType::peer);
  ASSERT_EQ(p.peers.size(), 2u);
  EXPECT_EQ(p.peers[0], (CertificatePeer{"bob", "root", true, "O=Example", "bob.example.com", CnType::fqdn}));
  EXPECT_FALSE(p.peers[1].mandatory_ca_verify);
  EXPECT_TRUE(p.digital_signature_auth && p.rsa_pss && p.cert_id_validation);
  EXPECT_EQ(p.signature_hash, SignatureHash::sha2_384);
  EXPECT_FALSE(p.localid);
  EXPECT_EQ(r->model->authorities.at(0).pem, kPem);
  EXPECT_EQ(r->model->revocations.at(0).pem, kPem);
  const auto& local = r->model->certificates.at(0);
  EXPECT_EQ(local.certificate, kPem);
  EXPECT_TRUE(equal(local.private_key->reveal(), as_bytes(kKey)));
  EXPECT_TRUE(equal(local.password->reveal(), as_bytes("hunter2")));
}

TEST(LoadCertificates, pem_survives_saving_and_the_key_is_sealed) {
  auto r = load(with(kSigned), decode);
  ASSERT_TRUE(r);
  EXPECT_NE(show(r->tree, Detail::changed).find("set ca \"" + kPem + "\""), std::string::npos);
  EXPECT_EQ(show(r->tree, Detail::changed).find("MIIBAAAAAAAAAAAA"), std::string::npos) << "the key is shown";
  auto tree = r->tree;
  seal_secrets(tree, [](const SecretBytes& s) { return std::string(s.reveal().begin(), s.reveal().end()); });
  const auto again = load(print(tree), decode);
  ASSERT_TRUE(again);
  EXPECT_TRUE(same(again->model->certificates[0].private_key, r->model->certificates[0].private_key));
  EXPECT_EQ(again->model->authorities[0].pem, kPem);
}

TEST(LoadCertificates, each_end_may_log_in_its_own_way) {
  const auto r = load(with("set authmethod signature\nset authmethod-remote psk\nset certificate gw\nset peertype any\n"
                           "set psksecret a-long-enough-secret\n"),
                      decode);
  ASSERT_TRUE(r) << render(r.error()[0], "f", "");
  EXPECT_EQ(r->model->phase1[0].auth_remote, AuthMethod::psk);
  EXPECT_TRUE(r->model->phase1[0].psk);
}

TEST(LoadCertificates, what_does_not_go_together_is_said) {
  EXPECT_EQ(error_of(kSigned), "");
  EXPECT_TRUE(error_of("set authmethod signature\nset peertype any\n").starts_with("certificate: is missing"));
  EXPECT_TRUE(error_of("set authmethod signature\nset certificate gw\nset peertype any\nset authmethod-remote psk\n")
                  .starts_with("psksecret: is missing"));
  EXPECT_TRUE(
      error_of("set authmethod signature\nset certificate gw\nset peertype peer\n").starts_with("peer: is missing"));
  EXPECT_TRUE(
      error_of("set peertype peer\nset psksecret a-long-enough-secret\n").starts_with("peertype: a certificate"));
  EXPECT_TRUE(error_of("set peertype any\nset localid-type asn1dn\nset psksecret a-long-enough-secret\n")
                  .starts_with("localid-type: asn1dn"));
  EXPECT_TRUE(error_of(kSigned + "set certificate other\n").starts_with("certificate: there is no"));
}

TEST(LoadCertificates, what_the_checks_find_is_reported_at_its_attribute) {
  CertificateChecks checks;
  checks.local = [](const LocalCertificate&) {
    return std::vector<PemFinding>{{false, "private-key", "does not belong to it"}};
  };
  EXPECT_EQ(error_of(kSigned, checks), "private-key: does not belong to it");
  checks.local = [](const LocalCertificate&) { return std::vector<PemFinding>{{true, "certificate", "has expired"}}; };
  const auto r = load(with(kSigned), decode, checks);
  ASSERT_TRUE(r);
  EXPECT_TRUE(std::ranges::any_of(
      r->warnings, [](const auto& d) { return d.attribute == "certificate" && d.message == "has expired"; }));
}

}  // namespace
}  // namespace dormouse::config
