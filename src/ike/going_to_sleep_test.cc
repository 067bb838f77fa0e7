// Going to sleep announced, between two ends with the wire in the test's hands.
#include "ike/going_to_sleep.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "ike/pair_for_test.h"

namespace dormouse::ike {
namespace {

using testing::Pair;

class GoingToSleep : public ::testing::Test {
 protected:
  void SetUp() override { pair.login(); }
  /// The client's machine is about to sleep; its only Child SA sent packet `seq` last.
  void announce(std::uint64_t seq = 7) {
    const EspSpi spi = pair.a.children.begin()->second.spi_out;
    pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) { s.announce_sleep({{spi, seq}}, pair.now, out); });
  }
  void wake() {
    client().set_asleep(false, pair.now);
    ask();
  }
  void ask() {
    pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) { s.resend_pending(pair.now, out); });
  }
  IkeSa& client() { return *pair.a.newest_sa(); }
  IkeSa& gateway() { return *pair.b.newest_sa(); }
  std::size_t announcements() { return pair.b.count("peer goes to sleep"); }
  Pair pair;
};

TEST_F(GoingToSleep, is_told_and_answered_in_one_round_trip) {
  const auto alive = pair.b.alive;
  announce(41);
  ASSERT_TRUE(pair.deliver_one(pair.a));
  ASSERT_TRUE(pair.b.last_words.has_value());
  EXPECT_EQ(pair.b.last_words->sent.size(), 1U);
  EXPECT_EQ(pair.b.last_words->sent[0].first, pair.b.children.begin()->first) << "the gateway's own name for it";
  EXPECT_EQ(pair.b.last_words->sent[0].second, 41U);
  EXPECT_EQ(pair.b.alive, alive) << "a last word is no sign of a peer that is awake";
  EXPECT_FALSE(pair.a.saw("sleep heard"));
  ASSERT_TRUE(pair.deliver_one(pair.b));
  EXPECT_TRUE(pair.a.saw("sleep heard"));
}

TEST_F(GoingToSleep, is_understood_by_both_ends_and_after_a_rekey_too) {
  EXPECT_TRUE(client().understands_sleep());
  EXPECT_TRUE(gateway().understands_sleep());
  pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  pair.pass(5s);
  ASSERT_EQ(pair.a.count("rekeyed"), 1U);
  EXPECT_TRUE(client().understands_sleep());
  announce();
  pair.settle();
  EXPECT_TRUE(pair.a.saw("sleep heard"));
  EXPECT_EQ(announcements(), 1U);
}

TEST_F(GoingToSleep, is_understood_after_a_wake_by_ticket) {
  Pair by_ticket(3);
  by_ticket.a.policy.session_resume = by_ticket.b.policy.session_resume = true;
  by_ticket.login();
  ASSERT_TRUE(by_ticket.a.ticket.has_value());
  auto& t = *by_ticket.a.ticket;
  by_ticket.begin(ResumeState{t.ticket, t.sk_d.clone(), t.suite});
  by_ticket.settle();
  ASSERT_EQ(by_ticket.a.newest_sa()->state(), SaState::established);
  EXPECT_TRUE(by_ticket.a.newest_sa()->understands_sleep());
  EXPECT_TRUE(by_ticket.b.newest_sa()->understands_sleep());
}

TEST_F(GoingToSleep, is_repeated_within_the_second_that_a_machine_has) {
  announce();
  pair.lose(pair.a);
  pair.pass(250ms);
  EXPECT_TRUE(pair.a.saw("sleep heard"));
  EXPECT_EQ(announcements(), 1U);
}

TEST_F(GoingToSleep, told_twice_is_heard_once) {
  announce();
  ASSERT_EQ(pair.a.wire.size(), 1U);
  const auto again = pair.a.wire.front().message;
  pair.settle();
  const auto alive = pair.b.alive;
  pair.hand(pair.b, again, 500);
  EXPECT_EQ(announcements(), 1U);
  EXPECT_EQ(pair.b.alive, alive);
  EXPECT_EQ(pair.b.wire.size(), 1U) << "the identical answer";
}

TEST_F(GoingToSleep, the_client_is_silent_from_then_on) {
  announce();
  pair.settle();
  pair.use(pair.b, gateway(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  ASSERT_TRUE(pair.deliver_one(pair.b));
  EXPECT_TRUE(pair.a.wire.empty()) << "an answer would say that it is awake";
  pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  EXPECT_TRUE(pair.a.wire.empty());
  wake();
  EXPECT_FALSE(pair.a.wire.empty());
  pair.pass(5s);
  EXPECT_TRUE(pair.a.saw("rekeyed")) << "work that waited goes on";
}

TEST_F(GoingToSleep, waits_for_the_request_under_way_but_for_nothing_else) {
  pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) {
    s.probe(pair.now, out);
    s.rekey(pair.now, out);
  });
  announce();
  pair.settle();
  EXPECT_EQ(announcements(), 1U);
  EXPECT_FALSE(pair.a.saw("rekeyed"));
}

TEST_F(GoingToSleep, an_announcement_that_never_left_is_not_made_up_for_at_wake) {
  pair.use(pair.a, client(), [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.lose(pair.a);
  announce();
  client().set_asleep(true, pair.now);  // the second is over
  wake();
  pair.settle();
  pair.pass(10s);
  EXPECT_EQ(announcements(), 0U);
}

TEST_F(GoingToSleep, after_a_lost_announcement_the_gateway_hears_of_the_wake_alone) {
  announce();
  pair.lose(pair.a);
  client().set_asleep(true, pair.now);
  const auto heard = pair.b.alive;
  const auto answered = pair.a.alive;
  wake();
  pair.settle();
  EXPECT_EQ(announcements(), 0U);
  EXPECT_GT(pair.b.alive, heard);
  EXPECT_GT(pair.a.alive, answered) << "in one round trip";
}

TEST_F(GoingToSleep, after_a_lost_answer_the_wake_takes_one_round_trip) {
  announce();
  ASSERT_TRUE(pair.deliver_one(pair.a));
  pair.lose(pair.b);
  client().set_asleep(true, pair.now);
  gateway().set_asleep(true, pair.now);
  const auto heard = pair.b.alive;
  const auto answered = pair.a.alive;
  wake();
  while (pair.deliver_one(pair.a)) {
  }
  EXPECT_EQ(pair.b.alive, heard + 1);
  gateway().set_asleep(false, pair.now);
  while (pair.deliver_one(pair.b)) {
  }
  EXPECT_EQ(pair.a.alive, answered + 1);
  EXPECT_EQ(announcements(), 1U);
}

TEST_F(GoingToSleep, the_wake_gets_through_whatever_was_lost) {
  for (unsigned lost = 0; lost < 16; ++lost) {
    Pair p(100 + lost);
    p.login();
    auto& c = *p.a.newest_sa();
    p.use(p.a, c, [&](IkeSa& s, Outbox& out) { s.announce_sleep({}, p.now, out); });
    if (lost & 1)
      p.lose(p.a);
    else
      p.deliver_one(p.a);
    p.lose(p.b);
    c.set_asleep(true, p.now);
    const auto answered = p.a.alive;
    c.set_asleep(false, p.now);
    for (unsigned round = 0; round < 3; ++round) {  // the ladder asks again and again
      p.use(p.a, c, [&](IkeSa& s, Outbox& out) { s.resend_pending(p.now, out); });
      if (round == 0 && (lost & 2)) p.a.wire.pop_front();
      if (round == 0 && (lost & 4)) p.a.wire.pop_back();
      if (round == 0 && (lost & 8)) std::reverse(p.a.wire.begin(), p.a.wire.end());
      p.settle();
    }
    EXPECT_GT(p.a.alive, answered) << "case " << lost;
    p.use(p.a, c, [&](IkeSa& s, Outbox& out) { s.probe(p.now, out); });
    const auto before = p.a.alive;
    p.settle();
    EXPECT_EQ(p.a.alive, before + 1) << "the numbers agree again, case " << lost;
  }
}

TEST_F(GoingToSleep, a_forged_or_spoiled_announcement_changes_nothing) {
  announce();
  auto spoiled = pair.a.wire.front().message;
  spoiled.back() ^= 1;
  pair.lose(pair.a);
  pair.hand(pair.b, spoiled, 500);
  EXPECT_EQ(announcements(), 0U);
  wire::Header h;
  h.spi_i = client().spi_i();
  h.spi_r = client().spi_r();
  h.exchange = wire::ExchangeType::informational;
  h.initiator = true;
  h.message_id = MessageId(client().status().next_request_out);
  pair.hand(pair.b, wire::serialize_clear(h, {sleep_notify({})}), 500);
  EXPECT_EQ(announcements(), 0U);
  EXPECT_TRUE(pair.b.wire.empty());
}

/// A peer that takes our Vendor ID out of what it sends, as one would that has another.
TEST(GoingToSleepElsewhere, is_not_told_to_a_foreign_peer) {
  const wire::VendorIdPayload other{to_bytes(as_bytes("Dormouse sleep 2"))};
  EXPECT_FALSE(has_own_vendor_id({other}));
  EXPECT_FALSE(has_own_vendor_id({}));
  EXPECT_TRUE(has_own_vendor_id({other, own_vendor_id()})) << "a peer may show several";
  Pair pair;
  pair.begin();
  pair.use(pair.a, *pair.a.newest_sa(), [&](IkeSa& s, Outbox& out) {
    EXPECT_FALSE(s.understands_sleep()) << "not before the login";
    s.announce_sleep({}, pair.now, out);
  });
  EXPECT_EQ(pair.a.wire.size(), 1U) << "the login alone";
}

TEST(GoingToSleepElsewhere, a_vendor_id_put_in_or_taken_out_on_the_way_spoils_the_login) {
  Pair pair;
  pair.begin();
  auto message = pair.a.wire.front().message;
  const auto text = as_bytes("Dormouse sleep 1");
  const auto at = std::search(message.begin(), message.end(), text.begin(), text.end());
  ASSERT_NE(at, message.end());
  *at ^= 1;
  pair.lose(pair.a);
  pair.hand(pair.b, message, 500);
  pair.settle();
  EXPECT_FALSE(pair.a.saw("established"));
  EXPECT_FALSE(pair.b.saw("established"));
}

TEST(GoingToSleepElsewhere, reads_back_what_it_wrote_and_nothing_malformed) {
  std::vector<LastSent> sent;
  for (std::uint32_t i = 0; i < limits::kMaxChildrenPerIke + 3; ++i)
    sent.push_back({EspSpi(0x80000000U + i), 0x1'0000'0000'0000ULL + i});
  const auto n = sleep_notify(sent);
  const auto back = announced_sleep({n});
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(back->size(), limits::kMaxChildrenPerIke);
  EXPECT_EQ((*back)[5].spi, sent[5].spi);
  EXPECT_EQ((*back)[5].seq, sent[5].seq);
  EXPECT_TRUE(announced_sleep({sleep_notify({})})->empty());
  for (const std::size_t size : {std::size_t{1}, std::size_t{11}, std::size_t{13}, n.data.size() + 12}) {
    auto bad = n;
    bad.data.resize(size);
    EXPECT_FALSE(announced_sleep({bad}).has_value()) << size;
  }
  EXPECT_FALSE(announced_sleep({}).has_value());
}

}  // namespace
}  // namespace dormouse::ike
