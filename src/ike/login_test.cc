// IKE_SA_INIT and IKE_AUTH between two ends (RFC 7296 1.2, 2.6, 2.15, 2.21, 2.23).
#include <gtest/gtest.h>

#include "crypto/openssl/provider.h"
#include "ike/cookie.h"
#include "ike/pair_for_test.h"
#include "wire/message.h"

namespace dormouse::ike::testing {
namespace {

std::vector<Suite> all_ike_suites() {
  std::vector<Suite> out;
  for (const auto prf : {PrfId::hmac_sha1, PrfId::hmac_sha2_256, PrfId::hmac_sha2_384, PrfId::hmac_sha2_512}) {
    for (const std::uint16_t bits : {std::uint16_t{128}, std::uint16_t{192}, std::uint16_t{256}})
      for (const auto integ :
           {IntegId::hmac_sha1_96, IntegId::hmac_sha2_256_128, IntegId::hmac_sha2_384_192, IntegId::hmac_sha2_512_256})
        out.push_back({EncrId::aes_cbc, bits, prf, integ, KeId::x25519, EsnId::no});
    for (const std::uint16_t bits : {std::uint16_t{128}, std::uint16_t{256}})
      out.push_back({EncrId::aes_gcm_16, bits, prf, IntegId::none, KeId::x25519, EsnId::no});
    out.push_back({EncrId::chacha20_poly1305, 256, prf, IntegId::none, KeId::x25519, EsnId::no});
  }
  for (const auto ke : {KeId::modp2048, KeId::modp3072, KeId::modp4096, KeId::ecp256, KeId::ecp384, KeId::ecp521})
    out.push_back(ike_suite(ke));
  return out;
}

void logs_in(crypto::Provider& engine, const Suite& suite) {
  SCOPED_TRACE(token_of(suite, Protocol::ike) + " group " + std::to_string(static_cast<unsigned>(suite.ke)));
  Pair pair(engine, 7);
  pair.a.policy.suites = pair.b.policy.suites = {suite};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.only_sa()->status().suite, suite);
  EXPECT_EQ(pair.b.only_sa()->status().suite, suite);
}

TEST(Login, works_with_every_suite) {
  crypto::testing::ToyProvider toy;
  crypto::openssl::OpensslProvider real;
  for (const auto& suite : all_ike_suites()) {
    logs_in(toy, suite);
    logs_in(real, suite);
  }
}

TEST(Login, tells_both_ends_who_the_other_is) {
  Pair pair;
  pair.expected_peer = name_id("gateway");
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.only_sa()->status().peer, name_id("gateway"));
  EXPECT_EQ(pair.b.only_sa()->status().peer, name_id("client"));
  ASSERT_EQ(pair.b.asked.size(), 1U);
  EXPECT_TRUE(pair.b.asked[0].initial_contact);
  EXPECT_EQ(pair.b.asked[0].wanted_local, name_id("gateway"));
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"established", "child up p2"}));
  EXPECT_EQ(pair.b.events, (std::vector<std::string>{"established", "child up p2"}));
}

TEST(Login, refuses_the_gateway_that_proves_another_name) {
  Pair pair;
  pair.expected_peer = name_id("someone else");
  pair.login();
  EXPECT_TRUE(pair.a.saw("closed: authentication failed")) << ::testing::PrintToString(pair.a.events);
  EXPECT_TRUE(pair.a.sas.empty());
  EXPECT_TRUE(pair.b.sas.empty()) << "it is told in an exchange of its own (2.21.2)";
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
}

TEST(Login, with_the_wrong_secret_leaves_nothing_behind) {
  Pair pair;
  pair.a.psk = secret("wrong");
  pair.login();
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"closed: authentication failed"}));
  EXPECT_EQ(pair.b.events, (std::vector<std::string>{"closed: authentication failed"}));
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
}

// The gateway accepts the client's AUTH with the right secret and answers with another one.
TEST(Login, does_not_believe_a_gateway_with_another_secret) {
  struct TwoFaced {
    static Bytes last_octet_changed(Bytes m) {
      m.back() = static_cast<std::uint8_t>(m.back() ^ 1U);
      return m;
    }
  };
  Pair pair;
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  pair.deliver_one(pair.a);  // IKE_AUTH request
  ASSERT_EQ(pair.b.wire.size(), 1U);
  const auto true_answer = pair.b.wire.front().message;
  pair.hand(pair.a, TwoFaced::last_octet_changed(true_answer), 500);
  EXPECT_FALSE(pair.a.saw("established"));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel()) << "the spoilt answer was nothing, the true one still counts";
}

TEST(Login, without_a_common_proposal_is_refused_and_says_so) {
  Pair pair;
  pair.b.policy.suites = {ike_suite(KeId::modp4096)};
  pair.begin();
  pair.settle();
  EXPECT_EQ(pair.b.events, (std::vector<std::string>{"closed: no proposal chosen"}));
  EXPECT_FALSE(pair.a.saw("established"));
  EXPECT_EQ(pair.a.sas.size(), 1U) << "NO_PROPOSAL_CHOSEN is not authenticated: a hint, not the end";
  pair.pass(60s, false);
  EXPECT_EQ(pair.a.events, (std::vector<std::string>{"closed: no proposal chosen"}));
}

TEST(Login, tries_again_with_the_group_the_gateway_wants) {
  Pair pair;
  pair.a.policy.suites = {ike_suite(KeId::modp2048), ike_suite(KeId::ecp256)};
  pair.b.policy.suites = {ike_suite(KeId::ecp256)};
  pair.login();
  // The first responder refused, a second was made for the repeated request.
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.only_sa()->status().suite.ke, KeId::ecp256);
}

TEST(Login, ignores_a_wish_for_a_group_it_did_not_offer) {
  Pair pair;
  pair.begin();
  const auto first = pair.a.wire.front().message;
  auto h = *wire::parse_header(first);
  h.initiator = false;
  h.response = true;
  pair.hand(
      pair.a,
      wire::serialize_clear(h, {wire::NotifyPayload{.type = wire::NotifyType::invalid_ke_payload, .data = {0, 1}}}),
      500);
  EXPECT_EQ(pair.a.wire.size(), 1U) << "nothing new is sent";
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST(Login, returns_a_cookie_and_goes_on) {
  Pair pair;
  pair.begin();
  const auto first = pair.a.wire.front().message;
  pair.lose(pair.a);
  CookieJar jar(pair.b.crypto(), pair.b.rng());
  const auto request = wire::parse_message(first);
  ASSERT_TRUE(request);
  const auto nonce = wire::find<wire::NoncePayload>(request->payloads)->data;
  const auto cookie = jar.make(nonce, pair.a_at, request->header.spi_i, pair.now);
  pair.hand(pair.a, CookieJar::response(request->header, cookie), 500);
  ASSERT_EQ(pair.a.wire.size(), 1U);
  const auto second = wire::parse_message(pair.a.wire.front().message);
  ASSERT_TRUE(second);
  const auto* back = wire::find_notify(second->payloads, wire::NotifyType::cookie);
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(second->payloads.size(), request->payloads.size() + 1);
  EXPECT_TRUE(std::holds_alternative<wire::NotifyPayload>(second->payloads.front())) << "first payload (2.6)";
  EXPECT_TRUE(jar.verify(back->data, nonce, pair.a_at, request->header.spi_i, pair.now));
  EXPECT_FALSE(jar.verify(back->data, nonce, pair.b_at, request->header.spi_i, pair.now));
  EXPECT_FALSE(jar.verify(back->data, Bytes(32, 1), pair.a_at, request->header.spi_i, pair.now));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel()) << "AUTH covers the request with the cookie";
}

TEST(Login, gives_up_on_a_gateway_that_wants_ever_new_cookies) {
  Pair pair;
  pair.begin();
  for (std::uint8_t round = 1; round < 30 && !pair.a.sas.empty(); ++round) {
    const auto h = *wire::parse_header(pair.a.wire.empty() ? Bytes() : pair.a.wire.back().message);
    pair.lose(pair.a);
    pair.hand(pair.a, CookieJar::response(h, Bytes(16, round)), 500);
    if (pair.a.wire.empty()) break;
  }
  EXPECT_TRUE(pair.a.saw("closed: refused")) << ::testing::PrintToString(pair.a.events);
}

TEST(Login, a_repeated_request_gets_the_identical_answer) {
  Pair pair;
  pair.begin();
  const auto init = pair.a.wire.front().message;
  pair.deliver_one(pair.a);
  const auto answer = pair.b.wire.front().message;
  pair.lose(pair.b);
  pair.hand(pair.b, init, 500);
  ASSERT_EQ(pair.b.wire.size(), 1U);
  EXPECT_EQ(pair.b.wire.front().message, answer);
  EXPECT_EQ(pair.b.sas.size(), 1U);
  pair.deliver_one(pair.b);
  const auto auth = pair.a.wire.front().message;
  pair.deliver_one(pair.a);
  const auto auth_answer = pair.b.wire.front().message;
  pair.lose(pair.b);
  pair.hand(pair.b, auth, 500);
  ASSERT_EQ(pair.b.wire.size(), 1U);
  EXPECT_EQ(pair.b.wire.front().message, auth_answer);
  EXPECT_EQ(pair.b.asked.size(), 1U) << "nobody is asked twice";
  EXPECT_EQ(pair.b.children.size(), 1U);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST(Login, survives_the_loss_of_any_one_datagram) {
  for (int lost = 0; lost < 4; ++lost) {
    SCOPED_TRACE(lost);
    Pair pair;
    pair.begin();
    End* order[] = {&pair.a, &pair.b, &pair.a, &pair.b};
    for (int i = 0; i < lost; ++i) pair.deliver_one(*order[i]);
    order[lost]->wire.clear();
    pair.pass(4s);
    EXPECT_TRUE(pair.one_tunnel());
  }
}

TEST(Login, no_spoilt_or_cut_datagram_changes_anything) {
  for (const bool second_message : {false, true}) {
    Pair pair;
    pair.begin();
    if (second_message) {
      pair.deliver_one(pair.a);
      pair.deliver_one(pair.b);
    }
    pair.deliver_one(pair.a);
    const auto answer = pair.b.wire.front().message;
    const auto events = pair.a.events;
    for (std::size_t size = 0; size < answer.size(); ++size)
      pair.hand(pair.a, Bytes(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(size)), 500);
    // SPIs and authenticated octets; the first exchange is not authenticated until AUTH, so only its frame is spoilt.
    const std::size_t last = second_message ? answer.size() : wire::kHeaderSize;
    for (std::size_t i = 0; i < last; ++i)
      for (const int bit : {0x01, 0x80}) {
        auto spoilt = answer;
        spoilt[i] = static_cast<std::uint8_t>(spoilt[i] ^ bit);
        if (!second_message && i >= 8 && i < 16) continue;  // the responder's SPI is new to the initiator
        if (!second_message && i == 17) continue;           // minor version: ignored (2.5)
        if (!second_message && i == 19) continue;           // reserved flag bits are ignored, I and R are tested below
        pair.hand(pair.a, spoilt, 500);
      }
    EXPECT_EQ(pair.a.events, events);
    pair.settle();
    EXPECT_TRUE(pair.one_tunnel());
  }
}

TEST(Login, an_unknown_critical_payload_is_refused_by_its_number) {
  Pair pair;
  pair.begin();
  auto first = pair.a.wire.front().message;
  pair.lose(pair.a);
  // Put a payload of type 200, critical, in front of the chain.
  const std::uint8_t was_first = first[16];
  first[16] = 200;
  const Bytes unknown{was_first, 0x80, 0, 8, 1, 2, 3, 4};
  first.insert(first.begin() + 28, unknown.begin(), unknown.end());
  store32(first.data() + 24, static_cast<std::uint32_t>(first.size()));
  pair.hand(pair.b, first, 500);
  ASSERT_EQ(pair.b.wire.size(), 1U);
  const auto answer = wire::parse_message(pair.b.wire.front().message);
  ASSERT_TRUE(answer);
  const auto* n = wire::find_notify(answer->payloads, wire::NotifyType::unsupported_critical_payload);
  ASSERT_NE(n, nullptr);
  EXPECT_EQ(n->data, Bytes{200});
  EXPECT_TRUE(pair.b.sas.empty());
  // The same payload without the critical bit is skipped.
  first[29] = 0;
  pair.lose(pair.b);
  pair.hand(pair.b, first, 500);
  EXPECT_EQ(pair.b.sas.size(), 1U);
}

TEST(Login, narrows_to_what_both_ends_carry) {
  Pair pair;
  pair.a.children_policy = {child_policy("p2", "10.1.7.0/24", "0.0.0.0/0")};
  pair.b.children_policy = {child_policy("p2", "10.2.0.0/16", "10.1.0.0/16")};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->second.local_ts,
            TrafficSelectors{TrafficSelector::of(*Prefix::parse("10.1.7.0/24"))});
  EXPECT_EQ(pair.a.children.begin()->second.remote_ts,
            TrafficSelectors{TrafficSelector::of(*Prefix::parse("10.2.0.0/16"))});
}

TEST(Login, without_common_selectors_keeps_the_ike_sa) {
  Pair pair;
  pair.a.children_policy = {child_policy("p2", "10.9.0.0/16", "10.2.0.0/16")};
  pair.login();
  EXPECT_TRUE(pair.a.saw("established"));
  for (const End* e : {&pair.a, &pair.b})
    EXPECT_TRUE(e->saw("child failed p2 38")) << ::testing::PrintToString(e->events);  // TS_UNACCEPTABLE
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
  EXPECT_EQ(pair.b.only_sa()->state(), SaState::established);
}

TEST(Login, carries_ipv6_inside_and_outside) {
  Pair pair;
  pair.a_at = pair.a_seen = {*IpAddress::parse("2001:db8::1"), 500};
  pair.b_at = {*IpAddress::parse("2001:db8::2"), 500};
  pair.a.children_policy = {child_policy("p2", "fd01::/64", "fd02::/64")};
  pair.b.children_policy = {child_policy("p2", "fd02::/64", "fd01::/64")};
  pair.login();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(pair.a.nat->local_behind_nat || pair.a.nat->remote_behind_nat);
}

TEST(Login, brings_up_every_phase_2) {
  Pair pair;
  pair.a.children_policy.push_back(child_policy("second", "10.3.0.0/16", "10.4.0.0/16"));
  pair.b.children_policy.push_back(child_policy("second", "10.4.0.0/16", "10.3.0.0/16"));
  pair.login();
  EXPECT_EQ(pair.a.children.size(), 2U);
  EXPECT_TRUE(pair.children_agree());
}

struct NatCase {
  NatMode a, b;
  bool behind_nat;
  bool encapsulated;
};
TEST(Login, finds_the_nat_and_floats_to_4500) {
  using enum NatMode;
  for (const auto& c :
       {NatCase{when_detected, when_detected, false, false}, NatCase{when_detected, when_detected, true, true},
        NatCase{always, when_detected, false, true}, NatCase{when_detected, always, false, true},
        NatCase{never, when_detected, true, false}, NatCase{when_detected, never, true, false}}) {
    SCOPED_TRACE(static_cast<int>(c.a) * 100 + static_cast<int>(c.b) * 10 + c.behind_nat);
    Pair pair;
    pair.a.policy.nat = c.a;
    pair.b.policy.nat = c.b;
    if (c.behind_nat) pair.a_seen = {*IpAddress::parse("198.51.100.9"), 40001};
    pair.login();
    ASSERT_TRUE(pair.one_tunnel());
    EXPECT_EQ(pair.a.nat->udp_encap, c.encapsulated);
    EXPECT_EQ(pair.b.nat->udp_encap, c.encapsulated);
    if (c.a == when_detected && c.b == when_detected) {
      EXPECT_EQ(pair.a.nat->local_behind_nat, c.behind_nat);
      EXPECT_EQ(pair.b.nat->remote_behind_nat, c.behind_nat);
    }
    EXPECT_EQ(pair.a.only_sa()->status().path.remote.port, c.encapsulated ? 4500 : 500);
  }
}

TEST(Login, gives_up_after_the_negotiation_timeout) {
  Pair pair;
  pair.begin();
  pair.deliver_one(pair.a);
  pair.lose(pair.b);
  pair.pass(29s, false);
  EXPECT_EQ(pair.b.sas.size(), 1U);
  pair.pass(2s, false);
  EXPECT_TRUE(pair.b.saw("closed: negotiation timeout")) << ::testing::PrintToString(pair.b.events);
  EXPECT_TRUE(pair.a.sas.empty());
}

TEST(Login, an_impostor_without_the_secret_cannot_speak_before_auth) {
  Pair pair;
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  auto auth = pair.a.wire.front().message;
  auto other = auth;
  other[18] = 37;  // INFORMATIONAL instead of IKE_AUTH: the header is authenticated
  pair.hand(pair.b, other, 500);
  EXPECT_EQ(pair.b.only_sa()->state(), SaState::half_open);
  EXPECT_TRUE(pair.b.wire.empty());
  EXPECT_EQ(pair.b.alive, 0U);
}

TEST(Login, gives_back_the_spi_of_a_child_sa_that_did_not_come_to_be) {
  Pair refused;
  refused.b.children_policy = {child_policy("p2", "10.77.0.0/16", "10.78.0.0/16")};
  refused.login();
  EXPECT_TRUE(refused.a.saw("child failed p2 38"));
  EXPECT_TRUE(refused.b.spis.empty());
  EXPECT_TRUE(refused.a.spis.empty());
  Pair unanswered;
  unanswered.begin();
  unanswered.deliver_one(unanswered.a);
  unanswered.deliver_one(unanswered.b);
  EXPECT_EQ(unanswered.a.spis.size(), 1U) << "of the offer in IKE_AUTH";
  unanswered.lose(unanswered.a);
  unanswered.pass(300s, false);
  EXPECT_TRUE(unanswered.a.sas.empty());
  EXPECT_TRUE(unanswered.a.spis.empty());
  Pair good;
  good.login();
  EXPECT_EQ(good.a.spis.size(), 1U) << "the Child SA has it";
}

}  // namespace
}  // namespace dormouse::ike::testing
