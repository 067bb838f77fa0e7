// An established IKE SA in time: probes, silence, lifetimes, sleep, and its end.
#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

class Life : public ::testing::Test {
 protected:
  Life() { pair.login(); }
  void use(End& e, const std::function<void(IkeSa&, Outbox&)>& what) { pair.use(e, *e.newest_sa(), what); }
  Pair pair;
};

TEST_F(Life, a_probe_is_answered) {
  const auto before = pair.a.alive;
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.settle();
  EXPECT_EQ(pair.a.alive, before + 1);
  EXPECT_FALSE(pair.a.only_sa()->status().request_pending);
}

TEST_F(Life, silence_is_told_once_after_the_whole_schedule_and_the_sa_stays) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.lose(pair.a);
  pair.pass(92s, false);
  EXPECT_EQ(pair.a.wire.size(), 4U);
  EXPECT_FALSE(pair.a.saw("unreachable"));
  pair.pass(1s, false);  // 3 + 6 + 12 + 24 + 48
  EXPECT_EQ(pair.a.count("unreachable"), 1U);
  pair.pass(1000s, false);
  EXPECT_EQ(pair.a.count("unreachable"), 1U);
  ASSERT_EQ(pair.a.sas.size(), 1U);
  pair.lose(pair.a);
  // The link is back: the very same request is repeated and answered.
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.resend_pending(pair.now, out); });
  const auto alive = pair.a.alive;
  pair.settle();
  EXPECT_EQ(pair.a.alive, alive + 1);
  EXPECT_TRUE(pair.one_tunnel());
}

TEST_F(Life, an_old_request_played_again_is_no_sign_of_life) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  const auto probe = pair.a.wire.front().message;
  pair.settle();
  const auto alive = pair.b.alive;
  pair.hand(pair.b, probe, 500);
  EXPECT_EQ(pair.b.alive, alive) << "answered again, but it proves nothing";
  EXPECT_EQ(pair.b.wire.size(), 1U);
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.probe(pair.now, out); });
  pair.settle();
  pair.hand(pair.b, probe, 500);
  EXPECT_TRUE(pair.b.wire.empty()) << "older than the last one: not even answered";
}

TEST_F(Life, soft_lifetimes_rekey_and_nothing_is_lost) {
  Pair p;
  for (End* e : {&p.a, &p.b}) {
    e->policy.lifetime = 3600s;
    e->children_policy[0].lifetime = 1000s;
  }
  p.login();
  p.pass(100'000s);
  EXPECT_TRUE(p.one_tunnel());
  EXPECT_GE(p.a.count("rekeyed"), 27U);
  EXPECT_GE(p.a.count("child down: rekeyed"), 100U);
  EXPECT_EQ(p.a.count("closed: expired"), 0U);
}

TEST_F(Life, hard_lifetimes_end_what_could_not_be_rekeyed) {
  pair.pass(43'201s, false);
  EXPECT_TRUE(pair.a.saw("child down: lifetime expired"));
  EXPECT_TRUE(pair.a.children.empty());
  EXPECT_EQ(pair.a.sas.size(), 1U);
  pair.pass(43'201s, false);
  EXPECT_TRUE(pair.a.saw("closed: lifetime expired"));
  EXPECT_TRUE(pair.a.sas.empty() && pair.b.sas.empty());
}

TEST_F(Life, asleep_it_neither_rekeys_nor_repeats_but_grows_old) {
  for (End* e : {&pair.a, &pair.b}) use(*e, [&](IkeSa& s, Outbox&) { s.set_asleep(true, pair.now); });
  pair.pass(43'199s, false);
  EXPECT_TRUE(pair.a.wire.empty() && pair.b.wire.empty());
  EXPECT_EQ(pair.a.children.size(), 1U);
  pair.pass(2s, false);
  EXPECT_TRUE(pair.a.saw("child down: lifetime expired"));
  EXPECT_TRUE(pair.a.wire.empty()) << "no Delete to a sleeper";
}

TEST_F(Life, what_was_due_in_sleep_is_done_after_waking) {
  for (End* e : {&pair.a, &pair.b}) use(*e, [&](IkeSa& s, Outbox&) { s.set_asleep(true, pair.now); });
  pair.pass(43'000s, false);  // past the soft lifetime of the child
  for (End* e : {&pair.a, &pair.b}) use(*e, [&](IkeSa& s, Outbox&) { s.set_asleep(false, pair.now); });
  pair.pass(5s);
  EXPECT_TRUE(pair.one_tunnel());
  EXPECT_TRUE(pair.a.saw("child down: rekeyed"));
}

TEST_F(Life, close_tells_the_peer_and_waits_a_moment) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.close(pair.now, out); });
  EXPECT_TRUE(pair.a.saw("child down: deleted"));
  EXPECT_EQ(pair.a.sas.size(), 1U);
  pair.settle();
  EXPECT_TRUE(pair.a.saw("closed: deleted"));
  EXPECT_TRUE(pair.b.saw("closed: deleted by peer"));
}

TEST_F(Life, close_without_an_answer_ends_by_itself) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.close(pair.now, out); });
  pair.pass(10s, false);
  EXPECT_TRUE(pair.a.saw("closed: deleted"));
}

TEST_F(Life, abandon_says_nothing) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.abandon(pair.now, out); });
  EXPECT_TRUE(pair.a.wire.empty());
  EXPECT_TRUE(pair.a.sas.empty() && pair.a.children.empty());
  EXPECT_EQ(pair.b.sas.size(), 1U);
}

TEST_F(Life, no_spoilt_request_changes_anything) {
  use(pair.a, [&](IkeSa& s, Outbox& out) { s.delete_child(pair.a.children.begin()->first, pair.now, out); });
  const auto request = pair.a.wire.front().message;
  const auto alive = pair.b.alive;
  for (std::size_t i = 0; i < request.size(); ++i) {
    auto spoilt = request;
    spoilt[i] = static_cast<std::uint8_t>(spoilt[i] ^ 0x40);
    pair.hand(pair.b, spoilt, 500);
    pair.hand(pair.b, Bytes(request.begin(), request.begin() + static_cast<std::ptrdiff_t>(i)), 500);
  }
  EXPECT_EQ(pair.b.alive, alive);
  EXPECT_EQ(pair.b.children.size(), 1U);
  EXPECT_TRUE(pair.b.wire.empty());
  pair.settle();
  EXPECT_TRUE(pair.b.children.empty());
}

TEST_F(Life, a_second_login_in_the_same_sa_is_ignored) {
  Pair p;
  p.begin();
  p.deliver_one(p.a);
  p.deliver_one(p.b);
  const auto auth = p.a.wire.front().message;
  p.settle();
  const auto children = p.b.children.size();
  p.hand(p.b, auth, 500);
  p.hand(p.b, auth, 500);
  EXPECT_EQ(p.b.children.size(), children);
  EXPECT_EQ(p.b.asked.size(), 1U);
}

}  // namespace
}  // namespace dormouse::ike::testing
