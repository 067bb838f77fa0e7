// CREATE_CHILD_SA: new Child SAs, rekeys of Child and IKE SAs from either side, and what happens when both ends do
// something at once (RFC 7296 1.3, 2.8, 2.8.1, 2.8.2, 2.25).
#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

class Rekey : public ::testing::Test {
 protected:
  Rekey() { pair.login(); }
  void rekey_child(End& e) {
    const auto id = e.children.begin()->first;
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(id, pair.now, out); });
  }
  void rekey_ike(End& e) {
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  }
  void delete_child(End& e) {
    const auto id = e.children.begin()->first;
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.delete_child(id, pair.now, out); });
  }
  void close(End& e) {
    pair.use(e, *e.newest_sa(), [&](IkeSa& s, Outbox& out) { s.close(pair.now, out); });
  }
  EspSpi child_spi(End& e) { return e.children.begin()->second.spi_in; }
  Pair pair;
};

TEST_F(Rekey, of_a_child_from_either_side_with_and_without_pfs) {
  for (const bool pfs : {true, false})
    for (const bool from_a : {true, false}) {
      SCOPED_TRACE(::testing::Message() << "pfs " << pfs << " from a " << from_a);
      Pair p;
      for (End* end : {&p.a, &p.b}) {
        end->children_policy[0].pfs = pfs;
        end->children_policy[0].suites = {esp_suite(pfs ? KeId::x25519 : KeId::none)};
      }
      p.login();
      End& e = from_a ? p.a : p.b;
      End& o = p.other(e);
      const auto old = e.children.begin()->first;
      const auto old_key = to_bytes(e.children.begin()->second.encr_in.reveal());
      p.use(e, *e.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(old, p.now, out); });
      p.settle();
      ASSERT_TRUE(p.one_tunnel());
      EXPECT_EQ(e.children.begin()->second.replaces, old);
      EXPECT_FALSE(equal(e.children.begin()->second.encr_in.reveal(), old_key));
      EXPECT_EQ(e.children.begin()->second.suite.ke, pfs ? KeId::x25519 : KeId::none);
      EXPECT_TRUE(e.saw("child down: rekeyed") && o.saw("child down: rekeyed"));
      EXPECT_TRUE(e.children.begin()->second.outbound_ready);
      EXPECT_EQ(o.ready.size(), 1U) << "the responder sends on the new one once the old one is deleted";
    }
}

TEST_F(Rekey, the_responder_waits_with_the_new_child_until_it_is_used) {
  rekey_child(pair.a);
  pair.deliver_one(pair.a);
  ASSERT_EQ(pair.b.children.size(), 2U);
  const auto fresh = pair.b.children.rbegin()->first;
  EXPECT_FALSE(pair.b.children.at(fresh).outbound_ready);
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.child_used(fresh, pair.now, out); });
  EXPECT_EQ(pair.b.ready, std::vector<ChildId>{fresh});
  pair.settle();
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.b.ready.size(), 1U) << "told once";
}

TEST_F(Rekey, shows_which_child_we_are_replacing) {
  EXPECT_FALSE(pair.a.only_sa()->status().children[0].rekeying);
  rekey_child(pair.a);
  EXPECT_TRUE(pair.a.only_sa()->status().children[0].rekeying);
  EXPECT_FALSE(pair.b.only_sa()->status().children[0].rekeying) << "the peer has not heard of it";
  pair.settle();
  EXPECT_FALSE(pair.a.only_sa()->status().children[0].rekeying);
}

TEST_F(Rekey, keeps_selectors_that_were_narrowed) {
  Pair p;
  p.a.children_policy = {child_policy("p2", "0.0.0.0/0", "0.0.0.0/0")};
  p.login();
  const auto ts = p.a.children.begin()->second.local_ts;
  p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.a.children.begin()->first, p.now, out); });
  p.settle();
  ASSERT_TRUE(p.one_tunnel());
  EXPECT_EQ(p.a.children.begin()->second.local_ts, ts);
}

TEST_F(Rekey, of_a_child_tries_again_with_the_group_the_peer_wants) {
  Pair p;
  p.a.children_policy[0].suites = {esp_suite(KeId::modp2048), esp_suite(KeId::ecp256)};
  p.b.children_policy[0].suites = {esp_suite(KeId::ecp256)};
  p.login();
  p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.a.children.begin()->first, p.now, out); });
  p.settle();
  ASSERT_TRUE(p.one_tunnel());
  EXPECT_EQ(p.a.children.begin()->second.suite.ke, KeId::ecp256);
}

TEST_F(Rekey, of_the_ike_sa_from_either_side_keeps_the_children) {
  for (const bool from_a : {true, false}) {
    SCOPED_TRACE(from_a);
    Pair p;
    p.login();
    End& e = from_a ? p.a : p.b;
    const auto spi = p.a.children.begin()->second.spi_in;
    const auto old_i = p.a.only_sa()->spi_i();
    p.use(e, *e.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
    p.settle();
    ASSERT_TRUE(p.one_tunnel());
    EXPECT_NE(p.a.only_sa()->spi_i(), old_i);
    EXPECT_EQ(p.a.children.begin()->second.spi_in, spi);
    EXPECT_EQ(e.only_sa()->initiator(), true) << "who rekeys is the new original initiator (2.18)";
    EXPECT_TRUE(p.a.saw("closed: rekeyed") && p.b.saw("closed: rekeyed"));
    // The successor works: it deletes, it rekeys, it closes.
    p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.a.children.begin()->first, p.now, out); });
    p.settle();
    EXPECT_TRUE(p.one_tunnel());
    p.use(p.b, *p.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.close(p.now, out); });
    p.settle();
    EXPECT_TRUE(p.a.sas.empty() && p.b.sas.empty() && p.a.children.empty());
  }
}

TEST_F(Rekey, many_times_in_a_row) {
  for (int i = 0; i < 20; ++i) {
    rekey_ike(i % 3 == 0 ? pair.a : pair.b);
    pair.settle();
    rekey_child(i % 2 == 0 ? pair.a : pair.b);
    pair.settle();
    ASSERT_TRUE(pair.one_tunnel()) << i;
  }
}

// 2.8.1: both rekey the same Child SA; of the four nonces the lowest decides which new SA goes.
TEST_F(Rekey, both_rekey_the_child_and_the_lowest_nonce_loses) {
  for (const bool a_loses : {true, false})
    for (const bool a_first : {true, false}) {
      SCOPED_TRACE(::testing::Message() << "a loses " << a_loses << " a first " << a_first);
      Pair p;
      p.login();
      // An exchange is judged by the lower of its two nonces: the requests' first octets decide, the answers are high.
      p.a.dice().nonce_starts_with = a_loses ? 0x10 : 0x20;
      p.b.dice().nonce_starts_with = a_loses ? 0x20 : 0x10;
      for (End* e : {&p.a, &p.b})
        p.use(*e, *e->only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(e->children.begin()->first, p.now, out); });
      p.a.dice().nonce_starts_with = p.b.dice().nonce_starts_with = 0xf0;
      End& first = a_first ? p.a : p.b;
      p.deliver_one(first);
      p.deliver_one(p.other(first));
      p.settle();
      ASSERT_TRUE(p.one_tunnel());
      // A tunnel's winner was begun by the end whose request had the higher nonce: that end has it ready at once.
      End& winner = a_loses ? p.b : p.a;
      EXPECT_TRUE(winner.children.begin()->second.outbound_ready);
      EXPECT_FALSE(p.other(winner).children.begin()->second.outbound_ready);
      EXPECT_EQ(p.other(winner).ready.size(), 1U);
      EXPECT_EQ(winner.count("child up p2"), 3U);
    }
}

// 2.8.1, "a lost": the peer finishes its rekey and deletes the old SA before our request arrives.
TEST_F(Rekey, of_a_child_that_the_peer_has_rekeyed_meanwhile) {
  rekey_child(pair.a);
  pair.lose(pair.a);
  rekey_child(pair.b);
  pair.settle();
  pair.pass(10s);  // a's request is repeated now
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_EQ(std::ranges::count_if(pair.a.events, [](const auto& e) { return e.starts_with("child failed"); }), 0);
}

// 2.8.2: both rekey the IKE SA.
TEST_F(Rekey, both_rekey_the_ike_sa_and_the_lowest_nonce_loses) {
  for (const bool a_loses : {true, false})
    for (const bool a_first : {true, false}) {
      SCOPED_TRACE(::testing::Message() << "a loses " << a_loses << " a first " << a_first);
      Pair p;
      p.login();
      const auto spi = p.a.children.begin()->second.spi_in;
      p.a.dice().nonce_starts_with = a_loses ? 0x10 : 0x20;
      p.b.dice().nonce_starts_with = a_loses ? 0x20 : 0x10;
      for (End* e : {&p.a, &p.b}) p.use(*e, *e->only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
      p.a.dice().nonce_starts_with = p.b.dice().nonce_starts_with = 0xf0;
      End& first = a_first ? p.a : p.b;
      p.deliver_one(first);
      p.deliver_one(p.other(first));
      p.settle();
      p.pass(40s);
      ASSERT_TRUE(p.one_tunnel());
      EXPECT_EQ(p.a.only_sa()->initiator(), !a_loses);
      EXPECT_EQ(p.a.children.begin()->second.spi_in, spi);
    }
}

// Our request for a new IKE SA is lost, the peer's own rekey succeeds, and it deletes the old SA.
TEST_F(Rekey, of_the_ike_sa_that_the_peer_has_rekeyed_meanwhile) {
  for (const bool lost_for_long : {false, true}) {
    SCOPED_TRACE(lost_for_long);
    Pair p;
    p.login();
    p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
    p.lose(p.a);
    p.use(p.b, *p.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
    if (!lost_for_long) {
      p.deliver_one(p.b);
      p.deliver_one(p.a);
      p.lose(p.b);  // b's Delete is late; a's request is repeated first
      p.pass(40s);
    } else {
      p.settle();
      p.pass(40s);
    }
    ASSERT_TRUE(p.one_tunnel()) << ::testing::PrintToString(p.a.events) << ::testing::PrintToString(p.b.events);
    EXPECT_FALSE(p.a.only_sa()->initiator());
    EXPECT_FALSE(p.a.saw("closed: deleted by peer"));
  }
}

TEST_F(Rekey, work_that_waited_for_the_ike_rekey_is_done_by_the_new_sa) {
  rekey_ike(pair.a);
  auto second = child_policy("second", "10.1.5.0/24", "10.2.5.0/24");
  pair.use(pair.a, *pair.a.newest_sa(), [&](IkeSa& s, Outbox& out) { s.create_child(second, pair.now, out); });
  pair.settle();
  pair.pass(1s);
  EXPECT_TRUE(pair.a.saw("child up second")) << ::testing::PrintToString(pair.a.events);
  EXPECT_EQ(pair.b.children.size(), 2U);
}

// 2.25.1: the peer deletes the Child SA that we are rekeying.
TEST_F(Rekey, of_a_child_crosses_its_delete) {
  for (const bool request_first : {true, false}) {
    SCOPED_TRACE(request_first);
    Pair p;
    p.login();
    p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey_child(p.a.children.begin()->first, p.now, out); });
    p.use(p.b, *p.b.only_sa(), [&](IkeSa& s, Outbox& out) { s.delete_child(p.b.children.begin()->first, p.now, out); });
    p.deliver_one(request_first ? p.a : p.b);
    p.settle();
    p.pass(10s);
    EXPECT_TRUE(p.children_agree());
    EXPECT_EQ(p.a.sas.size(), 1U);
    EXPECT_LE(p.a.children.size(), 1U);
  }
}

// 2.25.2: a Child SA is made under an IKE SA that is being rekeyed: TEMPORARY_FAILURE, and again later.
TEST_F(Rekey, of_a_child_against_a_rekey_of_the_ike_sa) {
  for (const bool ike_from_a : {true, false})
    for (const bool ike_first : {true, false}) {
      SCOPED_TRACE(::testing::Message() << ike_from_a << ike_first);
      Pair p;
      p.login();
      End& ike = ike_from_a ? p.a : p.b;
      End& kid = p.other(ike);
      p.use(ike, *ike.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(p.now, out); });
      p.use(kid, *kid.only_sa(),
            [&](IkeSa& s, Outbox& out) { s.rekey_child(kid.children.begin()->first, p.now, out); });
      p.deliver_one(ike_first ? ike : kid);
      p.settle();
      p.pass(20s);
      ASSERT_TRUE(p.one_tunnel()) << ::testing::PrintToString(p.a.events) << ::testing::PrintToString(p.b.events);
      EXPECT_TRUE(kid.saw("child down: rekeyed")) << "the child was rekeyed in the end";
    }
}

TEST_F(Rekey, an_unknown_child_is_answered_child_sa_not_found_and_made_anew) {
  // b forgets the child (its Delete is lost and it gives no more), a rekeys it.
  delete_child(pair.b);
  pair.lose(pair.b);
  pair.use(pair.b, *pair.b.only_sa(), [&](IkeSa& s, Outbox& out) {
    s.set_asleep(true, pair.now);
    (void)out;
  });
  rekey_child(pair.a);
  pair.settle();
  EXPECT_EQ(pair.a.sas.size(), 1U);
  EXPECT_TRUE(pair.a.children.size() == 1U);
}

TEST_F(Rekey, deletes_of_the_same_child_cross) {
  delete_child(pair.a);
  delete_child(pair.b);
  pair.settle();
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
  EXPECT_EQ(pair.a.sas.size(), 1U);
  EXPECT_EQ(pair.a.count("child down: deleted") + pair.a.count("child down: deleted by peer"), 1U);
}

TEST_F(Rekey, deletes_of_the_ike_sa_cross) {
  close(pair.a);
  close(pair.b);
  pair.settle();
  pair.pass(5s);
  EXPECT_TRUE(pair.a.sas.empty() && pair.b.sas.empty());
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
}

TEST_F(Rekey, a_delete_of_the_ike_sa_ends_a_rekey_under_way) {
  rekey_ike(pair.a);
  close(pair.b);
  pair.deliver_one(pair.b);
  pair.settle();
  pair.pass(40s);
  EXPECT_TRUE(pair.a.sas.empty() && pair.b.sas.empty()) << ::testing::PrintToString(pair.a.events);
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
}

TEST_F(Rekey, survives_the_loss_of_any_one_datagram) {
  for (const bool ike : {true, false})
    for (int lost = 0; lost < 4; ++lost) {
      SCOPED_TRACE(::testing::Message() << "ike " << ike << " lost " << lost);
      Pair p;
      p.login();
      p.use(p.a, *p.a.only_sa(), [&](IkeSa& s, Outbox& out) {
        if (ike)
          s.rekey(p.now, out);
        else
          s.rekey_child(p.a.children.begin()->first, p.now, out);
      });
      End* order[] = {&p.a, &p.b, &p.a, &p.b};
      for (int i = 0; i < lost; ++i) p.deliver_one(*order[i]);
      order[lost]->wire.clear();
      p.pass(60s);
      EXPECT_TRUE(p.one_tunnel());
      EXPECT_TRUE(p.a.saw(ike ? "closed: rekeyed" : "child down: rekeyed"));
    }
}

TEST_F(Rekey, ten_thousand_collisions_end_in_one_tunnel) {
  crypto::testing::SeededRng dice(4711);
  for (int round = 0; round < 10'000; ++round) {
    Pair p(static_cast<std::uint64_t>(round) + 1);
    p.login();
    for (End* e : {&p.a, &p.b}) {
      const auto what = dice.below(4);
      p.use(*e, *e->only_sa(), [&](IkeSa& s, Outbox& out) {
        if (what == 0) s.rekey(p.now, out);
        if (what == 1) s.rekey_child(e->children.begin()->first, p.now, out);
        if (what == 2) s.probe(p.now, out);
        if (what == 3) {
          s.rekey_child(e->children.begin()->first, p.now, out);
          s.rekey(p.now, out);
        }
      });
    }
    for (int i = 0; i < 30; ++i) {
      End& e = dice.below(2) ? p.a : p.b;
      if (dice.below(5) == 0 && !e.wire.empty())
        e.wire.pop_front();
      else
        p.deliver_one(e);
    }
    p.pass(200s);
    ASSERT_TRUE(p.one_tunnel()) << "round " << round << ::testing::PrintToString(p.a.events)
                                << ::testing::PrintToString(p.b.events);
  }
}

TEST(IkeRekey, that_is_put_off_for_ever_is_tried_ever_more_rarely) {
  Pair pair;
  pair.b.policy.retransmit_schedule = {86400s};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  // b waits for an answer that it never gets, and says TEMPORARY_FAILURE meanwhile.
  pair.use(pair.b, *pair.b.only_sa(),
           [&](IkeSa& s, Outbox& out) { s.delete_child(pair.b.children.begin()->first, pair.now, out); });
  pair.lose(pair.b);
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  std::vector<Duration> pauses;
  auto asked = pair.a.only_sa()->status().next_request_out;
  Instant last = pair.now;
  for (int i = 0; i < 1000; ++i) {
    pair.pass(1s);
    if (const auto next = pair.a.only_sa()->status().next_request_out; next != std::exchange(asked, next))
      pauses.push_back(pair.now - std::exchange(last, pair.now));
  }
  ASSERT_GE(pauses.size(), 8U);
  EXPECT_LE(pauses.size(), 20U);
  EXPECT_LE(pauses.front(), 4s);
  EXPECT_GE(pauses.back(), 64s);
  EXPECT_LE(pauses.back(), 193s);
}

}  // namespace
}  // namespace dormouse::ike::testing
