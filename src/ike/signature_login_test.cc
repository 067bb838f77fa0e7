// Logins by certificate (RFC 7296 2.15, 3.6-3.8, RFC 7427): every kind of key and method between two ends, each way to
// be refused, and the choice among several certificates.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/testing/toy_certificates.h"
#include "ike/pair_for_test.h"
#include "wire/message.h"

namespace dormouse::ike::testing {
namespace {

using crypto::HashId;
using crypto::KeyKind;
using crypto::testing::ToyAuthority;
using crypto::testing::ToyIdentity;
using wire::AuthMethod;

constexpr KeyKind kKinds[] = {KeyKind::rsa, KeyKind::ecdsa_p256, KeyKind::ecdsa_p384, KeyKind::ecdsa_p521,
                              KeyKind::ed25519};

LocalCredential local(const ToyIdentity& who, const ToyAuthority& under) {
  return {who.credential, {under.certificate()->key_id}};
}

/// Both ends have a certificate of one authority, and believe it.
class SignatureLogin : public ::testing::Test {
 protected:
  void equip(End& end, const std::string& name, KeyKind kind) {
    const auto who = root.issue({.common_name = name, .kind = kind, .alt_names = {name_id(name)}});
    end.credentials = {local(who, root)};
    end.identity = name_id(name);
    certificate_of[&end] = who.credential->chain.front();
  }
  void believe(End& end) {
    end.wants_signature = true;
    end.trust.authorities = {{"Root", root.certificate()}};
    end.policy.authorities = {root.certificate()->key_id};
  }
  void equip_both(KeyKind kind, bool digital) {
    equip(pair->a, "client", kind);
    equip(pair->b, "gateway", kind);
    for (End* e : {&pair->a, &pair->b}) {
      believe(*e);
      e->policy.signature.digital = digital;
    }
  }
  AuthMethod method_of(End& end) { return end.only_sa()->status().peer_method; }
  void expect_refused() {
    EXPECT_FALSE(pair->a.saw("established")) << ::testing::PrintToString(pair->a.events);
    EXPECT_FALSE(pair->b.saw("established")) << ::testing::PrintToString(pair->b.events);
    EXPECT_TRUE(pair->a.children.empty() && pair->b.children.empty());
  }
  /// The client finds the answer wanting, when the gateway has let it in already.
  void expect_refused_by_client() {
    EXPECT_FALSE(pair->a.saw("established"));
    EXPECT_TRUE(pair->a.sas.empty() && pair->b.sas.empty()) << "the gateway is told (2.21.2)";
    EXPECT_TRUE(pair->a.children.empty() && pair->b.children.empty());
  }

  ToyAuthority root{"Root"};
  std::optional<Pair> pair{std::in_place};
  std::map<End*, crypto::SharedCertificate> certificate_of;
};

TEST_F(SignatureLogin, works_with_every_key_by_its_own_method) {
  const AuthMethod wanted[] = {AuthMethod::rsa, AuthMethod::ecdsa256, AuthMethod::ecdsa384, AuthMethod::ecdsa521};
  for (std::size_t i = 0; i < std::size(wanted); ++i) {
    SCOPED_TRACE(crypto::name_of(kKinds[i]));
    pair.emplace(i + 1);
    equip_both(kKinds[i], false);
    pair->login();
    ASSERT_TRUE(pair->one_tunnel());
    EXPECT_EQ(method_of(pair->a), wanted[i]);
    EXPECT_EQ(method_of(pair->b), wanted[i]);
    EXPECT_EQ(pair->a.peer_certificate, "CN=gateway");
    EXPECT_EQ(pair->b.peer_certificate, "CN=client");
    EXPECT_EQ(pair->b.only_sa()->status().peer, name_id("client"));
  }
}

TEST_F(SignatureLogin, works_with_every_key_as_a_digital_signature) {
  for (const auto kind : kKinds)
    for (const bool pss : {false, true}) {
      SCOPED_TRACE(crypto::name_of(kind));
      pair.emplace(static_cast<std::uint64_t>(kind) + 1);
      equip_both(kind, true);
      pair->a.policy.signature.pss = pair->b.policy.signature.pss = pss;
      pair->login();
      ASSERT_TRUE(pair->one_tunnel());
      EXPECT_EQ(method_of(pair->a), AuthMethod::digital_signature);
      EXPECT_EQ(method_of(pair->b), AuthMethod::digital_signature);
    }
}

TEST_F(SignatureLogin, uses_the_own_method_of_the_key_if_one_end_does_not_know_rfc_7427) {
  for (const bool client_knows : {false, true}) {
    pair.emplace(client_knows ? 2U : 1U);
    equip_both(KeyKind::ecdsa_p256, false);
    (client_knows ? pair->a : pair->b).policy.signature.digital = true;
    pair->login();
    ASSERT_TRUE(pair->one_tunnel());
    EXPECT_EQ(method_of(pair->a), AuthMethod::ecdsa256);
    EXPECT_EQ(method_of(pair->b), AuthMethod::ecdsa256);
  }
}

TEST_F(SignatureLogin, uses_the_own_method_of_the_key_if_no_hash_is_common) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->a.policy.signature.strongest = HashId::sha1;
  pair->login();
  ASSERT_TRUE(pair->one_tunnel());
  EXPECT_EQ(method_of(pair->a), AuthMethod::ecdsa256);
  EXPECT_EQ(method_of(pair->b), AuthMethod::ecdsa256);
}

TEST_F(SignatureLogin, does_not_take_sha1_of_an_end_that_was_offered_better) {
  equip_both(KeyKind::rsa, true);
  pair->a.policy.signature.strongest = HashId::sha1;  // signs by method 1 then, which the gateway did not ask for
  pair->login();
  expect_refused();
}

TEST_F(SignatureLogin, ends_before_it_began_if_ed25519_meets_an_end_without_rfc_7427) {
  equip_both(KeyKind::ed25519, true);
  pair->b.policy.signature.digital = false;
  pair->login();
  EXPECT_EQ(pair->a.events, (std::vector<std::string>{"closed: authentication failed"}));
  EXPECT_TRUE(pair->b.asked.empty()) << "nothing was shown";
}

TEST_F(SignatureLogin, takes_its_name_from_the_certificate_if_none_was_configured) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->a.identity = pair->b.identity = {.data = {}};
  pair->login();
  ASSERT_TRUE(pair->one_tunnel());
  const auto subject = [](const char* name) { return Identity{IdType::der_asn1_dn, crypto::testing::toy_name(name)}; };
  EXPECT_EQ(pair->b.only_sa()->status().peer, subject("client"));
  EXPECT_EQ(pair->a.only_sa()->status().peer, subject("gateway"));
  EXPECT_EQ(pair->a.only_sa()->status().peer->text(), "CN=gateway");
}

TEST_F(SignatureLogin, one_end_may_sign_while_the_other_has_a_shared_key) {
  for (const bool gateway_signs : {true, false}) {
    pair.emplace(gateway_signs ? 1U : 2U);
    End& signer = gateway_signs ? pair->b : pair->a;
    equip(signer, gateway_signs ? "gateway" : "client", KeyKind::ecdsa_p256);
    believe(pair->other(signer));
    pair->login();
    ASSERT_TRUE(pair->one_tunnel());
    EXPECT_EQ(method_of(pair->other(signer)), AuthMethod::ecdsa256);
    EXPECT_EQ(method_of(signer), AuthMethod::shared_key);
  }
}

TEST_F(SignatureLogin, is_refused_where_a_shared_key_is_wanted_and_the_reverse) {
  equip(pair->a, "client", KeyKind::rsa);  // the gateway wants its shared key
  pair->login();
  expect_refused();
  pair.emplace(2U);
  pair->a.credentials.clear();
  believe(pair->b);
  pair->login();
  expect_refused();
  pair.emplace(3U);
  believe(pair->a);  // the gateway has a shared key only
  pair->login();
  expect_refused_by_client();
}

/// Of another root with the same name: nothing but its signature tells it apart.
TEST_F(SignatureLogin, of_another_authority_is_refused_by_either_end) {
  ToyAuthority stranger("Stranger");
  equip_both(KeyKind::ecdsa_p256, true);
  const auto other = stranger.issue({.common_name = "client", .alt_names = {name_id("client")}});
  pair->a.credentials = {local(other, stranger)};
  pair->login();
  expect_refused();
  pair.emplace(2U);
  equip_both(KeyKind::ecdsa_p256, true);
  pair->b.credentials = {
      local(stranger.issue({.common_name = "gateway", .alt_names = {name_id("gateway")}}), stranger)};
  pair->login();
  expect_refused_by_client();
}

TEST_F(SignatureLogin, with_an_expired_or_revoked_certificate_is_refused) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->b.calendar = {5'000'000'000};
  pair->login();
  expect_refused();
  pair.emplace(2U);
  equip_both(KeyKind::ecdsa_p256, true);
  crypto::testing::ToyCertificates engine;
  pair->b.trust.revocations = {*engine.revocation_list(root.revoke({certificate_of[&pair->a]}))};
  pair->login();
  expect_refused();
}

TEST_F(SignatureLogin, without_its_certificate_is_refused) {
  equip_both(KeyKind::ecdsa_p256, true);
  auto bare = std::make_shared<crypto::Credential>(*pair->a.credentials[0].credential);
  auto nothing = std::make_shared<crypto::Certificate>(*bare->chain[0]);
  nothing->der = {1, 2, 3};
  bare->chain = {nothing};
  pair->a.credentials[0].credential = bare;
  pair->login();
  expect_refused();
  ASSERT_EQ(pair->b.asked.size(), 1U);
}

TEST_F(SignatureLogin, with_the_certificate_of_somebody_else_is_refused) {
  equip_both(KeyKind::ecdsa_p256, true);
  auto thief = std::make_shared<crypto::Credential>(*pair->a.credentials[0].credential);
  thief->chain = {root.issue({.common_name = "client", .alt_names = {name_id("client")}}).credential->chain[0]};
  pair->a.credentials[0].credential = thief;  // the key is its own
  pair->login();
  expect_refused();
}

TEST_F(SignatureLogin, with_a_name_that_is_not_in_the_certificate_is_refused) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->a.identity = name_id("boss");
  pair->login();
  expect_refused();
  pair.emplace(2U);
  equip_both(KeyKind::ecdsa_p256, true);
  pair->a.identity = name_id("boss");
  pair->b.checks_identity = false;  // cert-id-validation disable
  pair->login();
  EXPECT_TRUE(pair->one_tunnel());
}

TEST_F(SignatureLogin, by_way_of_an_intermediate_authority) {
  ToyAuthority below("Below", root);
  equip_both(KeyKind::ecdsa_p256, true);
  const auto who = below.issue({.common_name = "client", .alt_names = {name_id("client")}});
  pair->a.credentials = {local(who, root)};
  pair->login();
  ASSERT_TRUE(pair->one_tunnel());
  EXPECT_EQ(pair->b.asked[0].certificates.size(), 2U);
}

TEST_F(SignatureLogin, shows_the_certificate_that_the_peers_authorities_issued) {
  ToyAuthority other("Other");
  equip_both(KeyKind::ecdsa_p256, true);
  const auto elsewhere = other.issue({.common_name = "elsewhere", .alt_names = {name_id("elsewhere")}});
  const LocalCredential wrong{elsewhere.credential, {other.certificate()->key_id}};
  for (End* e : {&pair->a, &pair->b}) {
    e->credentials.insert(e->credentials.begin(), wrong);
    e->identity = {.data = {}};
  }
  pair->login();
  ASSERT_TRUE(pair->one_tunnel()) << "the request in IKE_SA_INIT and the one in IKE_AUTH";
  EXPECT_EQ(pair->a.peer_certificate, "CN=gateway");
  EXPECT_EQ(pair->b.peer_certificate, "CN=client");
}

TEST_F(SignatureLogin, shows_the_certificate_of_the_name_that_was_asked_for) {
  equip_both(KeyKind::ecdsa_p256, true);
  const auto second = root.issue({.common_name = "second", .kind = KeyKind::rsa, .alt_names = {name_id("second")}});
  pair->b.credentials.push_back(local(second, root));
  pair->b.identity = name_id("second");
  pair->expected_peer = name_id("second");
  pair->login();
  ASSERT_TRUE(pair->one_tunnel());
  EXPECT_EQ(pair->a.peer_certificate, "CN=second");
}

TEST_F(SignatureLogin, passes_over_a_certificate_whose_key_cannot_sign_for_this_peer) {
  equip_both(KeyKind::rsa, false);
  const auto modern = root.issue({.common_name = "modern", .kind = KeyKind::ed25519, .alt_names = {name_id("client")}});
  pair->a.credentials.insert(pair->a.credentials.begin(), local(modern, root));
  pair->login();
  ASSERT_TRUE(pair->one_tunnel());
  EXPECT_EQ(pair->b.peer_certificate, "CN=client");
}

TEST_F(SignatureLogin, with_too_many_or_too_large_certificates_is_refused_unread) {
  equip_both(KeyKind::ecdsa_p256, true);
  auto many = std::make_shared<crypto::Credential>(*pair->a.credentials[0].credential);
  auto large = std::make_shared<crypto::Certificate>(*many->chain[0]);
  large->der.resize(limits::kMaxCertificate + 1);
  many->chain.push_back(large);
  pair->a.credentials[0].credential = many;
  pair->login();
  expect_refused();
  EXPECT_TRUE(pair->b.asked.empty());
}

/// Tampering with the first two messages is what AUTH is for.
TEST_F(SignatureLogin, notices_that_the_lists_of_hashes_were_changed_on_the_way) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->begin();
  auto& request = pair->a.wire.front().message;
  const Bytes list = to_notify(offered_hashes(pair->a.policy.signature));
  const auto at = std::search(request.begin(), request.end(), list.begin(), list.end());
  ASSERT_NE(at, request.end());
  *(at + 1) = static_cast<std::uint8_t>(HashId::sha1);
  pair->settle();
  expect_refused();
}

TEST_F(SignatureLogin, asks_for_certificates_in_both_directions_and_only_where_they_are_wanted) {
  equip_both(KeyKind::ecdsa_p256, true);
  pair->begin();
  pair->deliver_one(pair->a);
  const auto answer = wire::parse_message(pair->b.wire.front().message);
  ASSERT_TRUE(answer);
  const auto* request = wire::find<wire::CertReqPayload>(answer->payloads);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->authorities, to_bytes(root.certificate()->key_id));
  pair.emplace(2U);
  pair->begin();
  pair->deliver_one(pair->a);
  const auto plain = wire::parse_message(pair->b.wire.front().message);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(wire::find<wire::CertReqPayload>(plain->payloads));
  EXPECT_FALSE(wire::find_notify(plain->payloads, wire::NotifyType::signature_hash_algorithms));
}

}  // namespace
}  // namespace dormouse::ike::testing
