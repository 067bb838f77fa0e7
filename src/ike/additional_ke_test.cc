// Additional key exchanges (RFC 9370): in the login by IKE_INTERMEDIATE (RFC 9242), in rekeys by IKE_FOLLOWUP_KE.
#include <gtest/gtest.h>

#include "ike/clear_provider_for_test.h"
#include "ike/intermediate.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

Suite with(Suite s, std::initializer_list<KeId> more) {
  std::ranges::copy(more, s.addke.begin());
  return s;
}
const std::initializer_list<KeId> kTwo{KeId::ml_kem_768, KeId::none, KeId::ecp384};

void both_with(Pair& p, std::initializer_list<KeId> more) {
  for (End* e : {&p.a, &p.b}) {
    e->policy.suites = {with(ike_suite(), more)};
    e->children_policy[0].suites = {with(esp_suite(), more)};
  }
}

std::vector<ExchangeType> kinds_on_wire(const End& e) {
  std::vector<ExchangeType> out;
  for (const auto& t : e.wire) out.push_back(wire::parse_header(t.message)->exchange);
  return out;
}

class AdditionalKe : public ::testing::Test {
 protected:
  void use(End& e, const std::function<void(IkeSa&, Outbox&)>& what) { pair.use(e, *e.newest_sa(), what); }
  void rekey_child(End& e) {
    const auto id = e.children.begin()->first;
    use(e, [&, id](IkeSa& s, Outbox& out) { s.rekey_child(id, pair.now, out); });
  }
  void rekey_ike(End& e) {
    use(e, [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  }
  Pair pair;
};

// --- login

TEST_F(AdditionalKe, a_login_does_one_exchange_for_each_before_it_authenticates) {
  both_with(pair, kTwo);
  pair.begin();
  std::vector<ExchangeType> seen;
  while (!pair.a.wire.empty()) {
    const auto h = *wire::parse_header(pair.a.wire.front().message);
    seen.push_back(h.exchange);
    while (!pair.a.wire.empty() && wire::parse_header(pair.a.wire.front().message)->message_id == h.message_id)
      pair.deliver_one(pair.a);  // it may be in pieces
    while (pair.deliver_one(pair.b)) {
    }
  }
  EXPECT_EQ(seen, (std::vector{ExchangeType::ike_sa_init, ExchangeType::ike_intermediate,
                               ExchangeType::ike_intermediate, ExchangeType::ike_auth}));
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.only_sa()->status().suite.addke, (with({}, kTwo).addke));
  EXPECT_EQ(pair.b.only_sa()->status().suite, pair.a.only_sa()->status().suite);
  EXPECT_EQ(pair.a.only_sa()->status().next_request_out, 4U) << "IKE_SA_INIT, two IKE_INTERMEDIATE, IKE_AUTH";
}

TEST_F(AdditionalKe, the_child_of_the_login_depends_on_every_exchange) {
  // Same nonces and SPIs, but for the additional exchange.
  const auto key = [](std::initializer_list<KeId> more) {
    Pair p(7);
    both_with(p, more);
    p.login();
    EXPECT_TRUE(p.one_tunnel());
    return to_bytes(p.a.children.begin()->second.encr_in.reveal());
  };
  EXPECT_NE(key({}), key({KeId::ecp384}));
}

TEST_F(AdditionalKe, seven_of_them_work) {
  both_with(pair, {KeId::ml_kem_512, KeId::ml_kem_768, KeId::ml_kem_1024, KeId::ecp256, KeId::ecp384, KeId::ecp521,
                   KeId::modp2048});
  pair.login();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(AdditionalKe, every_message_of_the_login_may_be_lost_or_doubled) {
  for (const bool lost : {true, false})
    for (std::size_t victim = 0; victim < 14; ++victim) {
      SCOPED_TRACE(::testing::Message() << (lost ? "lost " : "doubled ") << victim);
      Pair p;
      both_with(p, kTwo);
      p.begin();
      std::size_t n = 0;
      for (int quiet = 0; quiet < 3;) {
        bool moved = false;
        for (End* e : {&p.a, &p.b}) {
          if (e->wire.empty()) continue;
          moved = true;
          if (n++ != victim) {
            p.deliver_one(*e);
          } else if (lost) {
            e->wire.pop_front();
          } else {
            const auto copy = e->wire.front();
            p.deliver_one(*e);
            p.hand(p.other(*e), copy.message, copy.path.remote.port);
          }
        }
        if (!moved) p.pass(4s), ++quiet;
      }
      EXPECT_TRUE(p.one_tunnel());
    }
}

TEST_F(AdditionalKe, large_ones_travel_in_pieces_that_may_be_lost) {
  both_with(pair, {KeId::ml_kem_1024});
  pair.a.policy.fragmentation_mtu = pair.b.policy.fragmentation_mtu = 600;
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  ASSERT_GE(pair.a.wire.size(), 3U);
  for (const auto& t : pair.a.wire) EXPECT_LE(t.message.size() + 28, 600U);
  pair.a.wire.erase(pair.a.wire.begin() + 1);
  pair.settle();
  pair.pass(4s);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(AdditionalKe, an_answered_request_that_comes_again_in_other_pieces_is_answered_again) {
  Pair other;  // of the same seed, so its messages are those of `pair` but for the pieces
  for (Pair* p : {&pair, &other}) {
    both_with(*p, {KeId::ml_kem_768});
    p->a.policy.fragmentation_mtu = p == &pair ? 1200 : 600;
    p->begin();
    p->deliver_one(p->a);
    p->deliver_one(p->b);
  }
  ASSERT_NE(pair.a.wire.size(), other.a.wire.size());
  while (pair.deliver_one(pair.a)) {
  }
  ASSERT_FALSE(pair.b.wire.empty());
  pair.lose(pair.b);
  // The responder has new keys by now; these come under the old ones.
  for (const auto& t : other.a.wire) pair.hand(pair.b, t.message, t.path.remote.port);
  EXPECT_FALSE(pair.b.wire.empty());
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(AdditionalKe, int_auth_does_not_depend_on_the_pieces_a_message_came_in) {
  // One end sends in pieces, the other whole: AUTH fits only if both cover the same octets.
  both_with(pair, {KeId::ml_kem_768});
  pair.a.policy.fragmentation_mtu = 600;
  pair.b.policy.fragmentation_mtu = 9000;
  pair.login();
  EXPECT_TRUE(pair.one_tunnel());
}

TEST(IntAuth, covers_a_message_as_the_rfc_draws_it) {
  wire::Header h;
  h.spi_i = IkeSpi(0x0102030405060708);
  h.spi_r = IkeSpi(0x1112131415161718);
  h.exchange = ExchangeType::ike_intermediate;
  h.initiator = true;
  h.message_id = MessageId(1);
  const auto covered = int_auth_message(h, {wire::KePayload{KeId::x25519, {0xaa, 0xbb}}});
  const Bytes want{1,    2,    3,    4,    5,  6,    7,  8, 0x11, 0x12, 0x13, 0x14,
                   0x15, 0x16, 0x17, 0x18, 46, 0x20, 43, 8, 0,    0,    0,    1,  // flags: initiator; message id
                   0,    0,    0,    42,                                          // header 28, SK header 4, KE 10
                   34,   0,    0,    14,                                          // KE first; SK header and KE
                   0,    0,    0,    10,   0,  31,   0,  0, 0xaa, 0xbb};
  EXPECT_EQ(covered, want);
  // As it is put together of fragments: SKF in the header, lengths of the fragment.
  Bytes piece(want.begin(), want.begin() + 30);
  piece[16] = 53;
  piece[27] = 99;
  EXPECT_EQ(int_auth_message(piece, wire::PayloadType::ke, ByteView(want).subspan(32)), want);
}

// --- who cannot, who need not

TEST_F(AdditionalKe, falls_back_with_a_peer_that_knows_none_if_none_is_allowed) {
  pair.a.policy.suites = {with(ike_suite(), {KeId::ml_kem_768}), ike_suite()};
  pair.login();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(pair.a.only_sa()->status().suite.has_additional());
}

TEST_F(AdditionalKe, does_not_fall_back_if_one_is_required) {
  pair.a.policy.suites = {with(ike_suite(), {KeId::ml_kem_768})};
  pair.begin();
  pair.settle();
  pair.pass(200s);
  EXPECT_TRUE(pair.a.sas.empty() && pair.a.children.empty());
  EXPECT_TRUE(pair.a.saw("closed: no proposal chosen")) << pair.a.events.back();
  Pair other;
  other.b.policy.suites = {with(ike_suite(), {KeId::ml_kem_768})};
  other.begin();
  other.settle();
  other.pass(200s);
  EXPECT_TRUE(other.a.sas.empty());
}

TEST_F(AdditionalKe, takes_the_one_that_both_have_and_skips_what_is_optional) {
  pair.a.policy.suites = {with(ike_suite(), {KeId::ml_kem_1024, KeId::ecp384}),
                          with(ike_suite(), {KeId::ml_kem_768, KeId::ecp384}),
                          with(ike_suite(), {KeId::ml_kem_768, KeId::none})};
  pair.b.policy.suites = {with(ike_suite(), {KeId::ml_kem_768})};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.only_sa()->status().suite, with(ike_suite(), {KeId::ml_kem_768}));
}

// --- attackers

/// Between the ends with all the keys: what a peer with a broken key exchange would let through.
class Spoiled : public ::testing::Test {
 protected:
  ClearProvider clear;
  Pair pair{clear, 1};
  /// Delivers the oldest of `from` after `change`; the message has no ICV, so only AUTH can tell.
  void deliver_changed(End& from, const std::function<void(wire::Message&, std::vector<wire::Payload>&)>& change) {
    auto t = std::move(from.wire.front());
    from.wire.pop_front();
    auto m = *wire::parse_message(t.message);
    auto payloads = m.encrypted ? *wire::parse_payloads(m.encrypted->first_inner,
                                                        *wire::strip_padding(ByteView(t.message).subspan(32)))
                                : m.payloads;
    change(m, payloads);
    std::size_t header_size = 0;
    const Bytes changed = m.encrypted ? wire::serialize_for_seal(m.header, payloads, 0, 1, 0, header_size)
                                      : wire::serialize_clear(m.header, payloads);
    pair.hand(pair.other(from), changed, t.path.remote.port);
  }
  void expect_no_tunnel() {
    pair.settle();
    pair.pass(300s);
    EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
    EXPECT_FALSE(pair.a.saw("established") || pair.b.saw("established"));
  }
};

void strip(std::vector<wire::Payload>& p, NotifyType type) {
  std::erase_if(p, [&](const wire::Payload& x) {
    const auto* n = std::get_if<wire::NotifyPayload>(&x);
    return n && n->type == type;
  });
}

TEST_F(Spoiled, an_unchanged_login_works) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  while (!pair.a.wire.empty() || !pair.b.wire.empty())
    for (End* e : {&pair.a, &pair.b})
      if (!e->wire.empty()) deliver_changed(*e, [](auto&, auto&) {});
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Spoiled, who_takes_the_support_out_of_the_request_is_found_out) {
  for (End* e : {&pair.a, &pair.b}) e->policy.suites = {with(ike_suite(), {KeId::ecp256}), ike_suite()};
  pair.begin();
  deliver_changed(pair.a, [](auto&, auto& p) { strip(p, NotifyType::intermediate_exchange_supported); });
  pair.deliver_one(pair.b);
  ASSERT_FALSE(pair.a.wire.empty());
  EXPECT_EQ(kinds_on_wire(pair.a).front(), ExchangeType::ike_auth) << "both believe that the other cannot";
  expect_no_tunnel();
}

TEST_F(Spoiled, who_takes_the_proposal_out_of_the_request_is_found_out) {
  for (End* e : {&pair.a, &pair.b}) e->policy.suites = {with(ike_suite(), {KeId::ecp256}), ike_suite()};
  pair.begin();
  deliver_changed(pair.a, [](auto&, auto& p) {
    auto& proposals = std::get<wire::SaPayload>(p[0]).proposals;
    ASSERT_EQ(proposals.size(), 2U);
    proposals.erase(proposals.begin());
  });
  pair.deliver_one(pair.b);
  EXPECT_EQ(kinds_on_wire(pair.a).front(), ExchangeType::ike_auth);
  expect_no_tunnel();
}

TEST_F(Spoiled, an_answer_with_additional_exchanges_and_without_support_is_none) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  pair.deliver_one(pair.a);
  deliver_changed(pair.b, [](auto&, auto& p) { strip(p, NotifyType::intermediate_exchange_supported); });
  EXPECT_TRUE(pair.a.wire.empty());
  EXPECT_EQ(pair.a.only_sa()->state(), SaState::init_sent) << "the true one may still come";
}

// A payload more changes no key, so only IntAuth can show it.
void add_one(wire::Message&, std::vector<wire::Payload>& p) { p.emplace_back(wire::VendorIdPayload{{1, 2, 3}}); }

TEST_F(Spoiled, who_changes_an_intermediate_request_is_found_out) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  deliver_changed(pair.a, add_one);
  pair.deliver_one(pair.b);
  ASSERT_FALSE(pair.a.wire.empty());
  EXPECT_EQ(kinds_on_wire(pair.a).front(), ExchangeType::ike_auth);
  expect_no_tunnel();
}

TEST_F(Spoiled, who_changes_an_intermediate_answer_is_found_out) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  pair.deliver_one(pair.a);
  deliver_changed(pair.b, add_one);
  ASSERT_FALSE(pair.a.wire.empty());
  EXPECT_EQ(kinds_on_wire(pair.a).front(), ExchangeType::ike_auth);
  expect_no_tunnel();
}

TEST_F(Spoiled, one_more_intermediate_exchange_than_agreed_ends_the_login) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  for (int i = 0; i < 2; ++i) pair.deliver_one(pair.a), pair.deliver_one(pair.b);
  deliver_changed(pair.a, [](auto& m, auto& p) {
    m.header.exchange = ExchangeType::ike_intermediate;
    p = {wire::KePayload{KeId::ecp256, Bytes(64, 1)}};
  });
  EXPECT_TRUE(pair.b.saw("closed: malformed message"));
  expect_no_tunnel();
}

TEST_F(Spoiled, authentication_before_the_last_exchange_ends_the_login) {
  both_with(pair, {KeId::ecp256});
  pair.begin();
  pair.deliver_one(pair.a);
  pair.deliver_one(pair.b);
  deliver_changed(pair.a, [](auto& m, auto&) { m.header.exchange = ExchangeType::ike_auth; });
  EXPECT_TRUE(pair.b.saw("closed: malformed message"));
  EXPECT_TRUE(pair.b.asked.empty()) << "nobody was asked to let it in";
  expect_no_tunnel();
}

TEST_F(Spoiled, another_group_than_agreed_ends_the_login_at_either_end) {
  for (const bool request : {true, false}) {
    Pair p(clear, 1);
    both_with(p, {KeId::ecp256});
    p.begin();
    p.deliver_one(p.a);
    p.deliver_one(p.b);
    if (!request) p.deliver_one(p.a);
    End& from = request ? p.a : p.b;
    auto t = std::move(from.wire.front());
    from.wire.pop_front();
    t.message[37] = 20;  // group of the KE payload: 28 + 4 + 4 octets of headers before it
    p.hand(p.other(from), t.message, t.path.remote.port);
    EXPECT_TRUE(p.other(from).saw("closed: malformed message"));
  }
}

TEST_F(AdditionalKe, a_key_that_is_refused_ends_the_login) {
  ClearProvider clear;
  Pair p(clear, 1);
  both_with(p, {KeId::ml_kem_512});
  p.a.policy.fragmentation = false;
  p.begin();
  p.deliver_one(p.a);
  p.deliver_one(p.b);
  auto t = std::move(p.a.wire.front());
  p.a.wire.pop_front();
  std::fill(t.message.begin() + 40, t.message.end() - 1, std::uint8_t{0});
  p.hand(p.b, t.message, t.path.remote.port);
  EXPECT_TRUE(p.b.saw("closed: malformed message"));
  p.settle();
  EXPECT_TRUE(p.a.saw("closed: refused"));
}

// --- after the login

TEST_F(AdditionalKe, a_ticket_of_a_hybrid_login_brings_the_client_back) {
  both_with(pair, {KeId::ml_kem_768});
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  ASSERT_TRUE(pair.a.ticket);
  ResumeState state{pair.a.ticket->ticket, pair.a.ticket->sk_d.clone(), pair.a.ticket->suite};
  for (End* e : {&pair.a, &pair.b}) e->sas.clear(), e->children.clear();
  pair.begin(std::move(state));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel()) << "SK_d is the one after the last exchange at both ends";
  rekey_ike(pair.a);
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_TRUE(pair.a.only_sa()->status().suite.has_additional()) << "and its rekey is hybrid again";
}

TEST_F(AdditionalKe, rekeys_of_either_kind_from_either_side_do_them_all) {
  for (const bool from_a : {true, false})
    for (const bool ike : {true, false}) {
      SCOPED_TRACE(::testing::Message() << from_a << ike);
      Pair p;
      both_with(p, kTwo);
      p.login();
      End& e = from_a ? p.a : p.b;
      const auto old = e.children.begin()->first;
      const auto old_spi = e.only_sa()->spi_i();
      const auto before = e.only_sa()->status().next_request_out;
      p.use(e, *e.only_sa(),
            [&](IkeSa& s, Outbox& out) { ike ? s.rekey(p.now, out) : s.rekey_child(old, p.now, out); });
      p.settle();
      ASSERT_TRUE(p.one_tunnel());
      if (ike) {
        EXPECT_NE(e.only_sa()->spi_i(), old_spi);
        EXPECT_EQ(e.only_sa()->status().suite, with(ike_suite(), kTwo));
      } else {
        EXPECT_EQ(e.children.begin()->second.replaces, old);
        EXPECT_EQ(e.children.begin()->second.suite, with(esp_suite(), kTwo));
        EXPECT_EQ(e.only_sa()->status().next_request_out, before + 4) << "CREATE_CHILD_SA, two more, Delete";
      }
      // What came of it works.
      p.use(p.b, *p.b.only_sa(),
            [&](IkeSa& s, Outbox& out) { s.rekey_child(p.b.children.begin()->first, p.now, out); });
      p.settle();
      EXPECT_TRUE(p.one_tunnel());
    }
}

TEST_F(AdditionalKe, a_further_child_is_made_after_its_exchanges) {
  both_with(pair, kTwo);
  for (End* e : {&pair.a, &pair.b}) {
    const bool a = e == &pair.a;
    auto more = child_policy("p3", a ? "10.3.0.0/16" : "10.4.0.0/16", a ? "10.4.0.0/16" : "10.3.0.0/16");
    more.suites = {with(esp_suite(), {KeId::ml_kem_512})};
    e->children_policy.push_back(more);
  }
  pair.login();
  EXPECT_EQ(pair.a.children.size(), 2U);
  EXPECT_TRUE(pair.children_agree());
}

TEST_F(AdditionalKe, the_keys_of_a_rekeyed_child_depend_on_every_exchange) {
  const auto key = [](std::initializer_list<KeId> more) {
    Pair p(7);
    for (End* e : {&p.a, &p.b}) e->children_policy[0].suites = {with(esp_suite(), more)};
    p.login();
    p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.a.children.begin()->first, p.now, out); });
    p.settle();
    EXPECT_TRUE(p.one_tunnel());
    return to_bytes(p.a.children.begin()->second.encr_in.reveal());
  };
  EXPECT_NE(key({}), key({KeId::ecp384}));
}

TEST_F(AdditionalKe, every_message_of_a_rekey_may_be_lost_or_doubled) {
  for (const bool ike : {true, false})
    for (const bool lost : {true, false})
      for (std::size_t victim = 0; victim < 10; ++victim) {
        SCOPED_TRACE(::testing::Message() << ike << lost << victim);
        Pair p;
        both_with(p, kTwo);
        p.login();
        const auto old = p.a.children.begin()->first;
        p.use(p.a, *p.a.only_sa(),
              [&](IkeSa& s, Outbox& out) { ike ? s.rekey(p.now, out) : s.rekey_child(old, p.now, out); });
        std::size_t n = 0;
        for (int quiet = 0; quiet < 3;) {
          bool moved = false;
          for (End* e : {&p.a, &p.b}) {
            if (e->wire.empty()) continue;
            moved = true;
            const auto copy = e->wire.front();
            if (n++ == victim && lost) {
              e->wire.pop_front();
              continue;
            }
            p.deliver_one(*e);
            if (n == victim + 1) p.hand(p.other(*e), copy.message, copy.path.remote.port);
          }
          if (!moved) p.pass(4s), ++quiet;
        }
        p.pass(60s);  // an old IKE SA whose Delete was not answered waits for half a minute
        EXPECT_TRUE(p.one_tunnel());
        EXPECT_NE(p.a.children.begin()->first == old, !ike) << "one of the two is new";
      }
}

TEST_F(AdditionalKe, two_rekeys_of_a_child_at_once_leave_one) {
  for (const std::uint8_t a_nonce : {std::uint8_t{0}, std::uint8_t{255}}) {
    SCOPED_TRACE(int{a_nonce});
    Pair p;
    both_with(p, kTwo);
    p.login();
    p.a.dice().nonce_starts_with = a_nonce;
    p.b.dice().nonce_starts_with = std::uint8_t{128};
    for (End* e : {&p.a, &p.b})
      p.use(*e, *e->only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(e->children.begin()->first, p.now, out); });
    p.settle();
    ASSERT_TRUE(p.one_tunnel());
    EXPECT_EQ(p.a.spis.size(), 2U) << "those of the old and the new one; what was given up is given back";
    EXPECT_EQ(p.b.spis.size(), 2U);
    p.pass(60s);
    EXPECT_TRUE(p.one_tunnel());
    EXPECT_EQ(p.a.count("child up p2"), 2U) << "the redundant one was never made";
    EXPECT_EQ(p.b.count("child up p2"), 2U);
  }
}

TEST_F(AdditionalKe, two_rekeys_of_the_ike_sa_at_once_leave_one) {
  for (const std::uint8_t a_nonce : {std::uint8_t{0}, std::uint8_t{255}}) {
    SCOPED_TRACE(int{a_nonce});
    Pair p;
    both_with(p, kTwo);
    p.login();
    p.a.dice().nonce_starts_with = a_nonce;
    p.b.dice().nonce_starts_with = std::uint8_t{128};
    for (End* e : {&p.a, &p.b}) p.use(*e, *e->only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
    p.settle();
    p.pass(60s);
    ASSERT_TRUE(p.one_tunnel());
    EXPECT_EQ(p.a.count("rekeyed"), 1U);
    EXPECT_EQ(p.b.count("rekeyed"), 1U);
    p.use(p.b, *p.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.b.children.begin()->first, p.now, out); });
    p.settle();
    EXPECT_TRUE(p.one_tunnel());
  }
}

TEST_F(AdditionalKe, a_rekey_that_comes_while_ours_is_followed_up_gets_temporary_failure) {
  for (const bool ike : {true, false}) {
    SCOPED_TRACE(ike);
    Pair p;
    both_with(p, kTwo);
    p.login();
    const auto begin = [&](End& e) {
      p.use(e, *e.only_sa(), [&](IkeSa& s, Outbox& out) {
        ike ? s.rekey(p.now, out) : s.rekey_child(e.children.begin()->first, p.now, out);
      });
    };
    begin(p.b);
    const auto late = p.b.wire;
    p.lose(p.b);  // on its way
    begin(p.a);
    while (kinds_on_wire(p.a) != std::vector{ExchangeType::ike_followup_ke} && p.a.wire.size() < 2) {
      p.deliver_one(p.a);
      p.deliver_one(p.b);
    }
    for (const auto& t : late) p.hand(p.a, t.message, t.path.remote.port);
    p.settle();
    p.pass(90s);
    EXPECT_TRUE(p.one_tunnel());
  }
}

TEST_F(AdditionalKe, a_series_that_the_peer_does_not_go_on_with_is_forgotten) {
  both_with(pair, kTwo);
  pair.login();
  rekey_child(pair.a);
  pair.deliver_one(pair.a);
  EXPECT_EQ(pair.b.spis.size(), 2U);
  pair.lose(pair.b);
  pair.a.sas.begin()->second->set_asleep(true, pair.now);  // nothing more from there
  pair.pass(21s, false);
  EXPECT_EQ(pair.b.spis.size(), 1U);
  EXPECT_EQ(pair.b.children.size(), 1U);
}

TEST_F(AdditionalKe, who_comes_too_late_is_told_so_and_begins_anew) {
  for (const bool ike : {true, false}) {
    SCOPED_TRACE(ike);
    Pair p;
    both_with(p, kTwo);
    p.a.policy.retransmit_schedule = {100s, 100s};
    p.login();
    const auto old = p.a.children.begin()->first;
    const auto spi = p.a.only_sa()->spi_i();
    p.use(p.a, *p.a.only_sa(),
          [&](IkeSa& s, Outbox& out) { ike ? s.rekey(p.now, out) : s.rekey_child(old, p.now, out); });
    while (!p.a.wire.empty() && kinds_on_wire(p.a).front() != ExchangeType::ike_followup_ke) {
      p.deliver_one(p.a);
      while (p.a.wire.empty() && p.deliver_one(p.b)) {
      }
    }
    const auto held = std::exchange(p.a.wire, {});
    p.pass(30s, false);
    p.a.wire = held;
    p.settle();
    p.pass(10s);
    ASSERT_TRUE(p.one_tunnel());
    EXPECT_EQ(p.a.only_sa()->spi_i() != spi, ike);
    EXPECT_EQ(p.a.children.begin()->first != old, !ike);
  }
}

TEST_F(AdditionalKe, a_peer_that_always_forgets_ends_the_ike_sa) {
  ClearProvider clear;
  Pair p(clear, 1);
  both_with(p, {KeId::ecp256});
  p.login();
  p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
  for (int i = 0; i < 40 && !p.a.sas.empty(); ++i) {
    while (!p.a.wire.empty() || !p.b.wire.empty()) {
      if (!p.a.wire.empty()) {
        auto& t = p.a.wire.front();
        if (wire::parse_header(t.message)->exchange == ExchangeType::ike_followup_ke)
          t.message.end()[-2] ^= 1;  // the last octet of the link
      }
      p.deliver_one(p.a);
      p.deliver_one(p.b);
    }
    p.pass(3s, false);
  }
  EXPECT_TRUE(p.a.saw("closed: deleted"));
  EXPECT_TRUE(p.a.children.empty());
}

TEST_F(AdditionalKe, a_follow_up_that_nobody_began_is_answered_with_state_not_found) {
  ClearProvider clear;
  Pair p(clear, 1);
  p.login();
  wire::Header h;
  h.spi_i = p.a.only_sa()->spi_i();
  h.spi_r = p.a.only_sa()->spi_r();
  h.exchange = ExchangeType::ike_followup_ke;
  h.initiator = true;
  h.message_id = MessageId(p.a.only_sa()->status().next_request_out);
  std::size_t header_size = 0;
  p.hand(p.b, wire::serialize_for_seal(h, {wire::KePayload{KeId::ecp256, Bytes(64, 1)}}, 0, 1, 0, header_size), 500);
  ASSERT_EQ(p.b.wire.size(), 1U);
  const auto& answer = p.b.wire.front().message;
  const auto m = *wire::parse_message(answer);
  const auto payloads =
      *wire::parse_payloads(m.encrypted->first_inner, *wire::strip_padding(ByteView(answer).subspan(32)));
  EXPECT_TRUE(wire::find_notify(payloads, NotifyType::state_not_found));
  EXPECT_EQ(p.b.only_sa()->state(), SaState::established);
}

TEST_F(AdditionalKe, tickets_and_tokens_survive_a_rekey_with_follow_ups) {
  both_with(pair, {KeId::ml_kem_768});
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  const auto given = pair.a.count("ticket");
  rekey_ike(pair.a);
  pair.settle();
  pair.pass(5s);
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.count("ticket"), given + 1) << "asked for again once the new SA stood";
  ASSERT_TRUE(pair.a.ticket);
  ResumeState state{pair.a.ticket->ticket, pair.a.ticket->sk_d.clone(), pair.a.ticket->suite};
  for (End* e : {&pair.a, &pair.b}) e->sas.clear(), e->children.clear();
  pair.begin(std::move(state));
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
}

}  // namespace
}  // namespace dormouse::ike::testing
