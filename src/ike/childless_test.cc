// Logins without a Child SA (RFC 6023).
#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

struct Childless : ::testing::Test {
  Childless() { pair.a.policy.childless = pair.b.policy.childless = true; }
  Pair pair;
};

TEST_F(Childless, login_makes_the_child_sa_in_an_exchange_of_its_own) {
  pair.begin();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pair.deliver_one(pair.a) && pair.deliver_one(pair.b));
  EXPECT_TRUE(pair.a.saw("established") && pair.b.saw("established"));
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty()) << "IKE_AUTH made none";
  EXPECT_EQ(pair.b.count("child failed p2 14"), 0U) << "none was asked for, so none was refused";
  pair.settle();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->second.suite.ke, KeId::x25519) << "with a key exchange of its own";
}

TEST_F(Childless, every_phase_2_follows) {
  pair.a.children_policy.push_back(child_policy("more", "10.3.0.0/16", "10.4.0.0/16"));
  pair.b.children_policy.push_back(child_policy("more", "10.4.0.0/16", "10.3.0.0/16"));
  pair.login();
  EXPECT_TRUE(pair.a.saw("child up p2") && pair.a.saw("child up more"));
  EXPECT_TRUE(pair.children_agree());
}

TEST_F(Childless, is_not_done_where_the_gateway_did_not_say_so) {
  pair.b.policy.childless = false;
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->second.suite.ke, KeId::none) << "made by IKE_AUTH";
}

TEST_F(Childless, is_not_done_by_a_client_that_does_not_want_to) {
  pair.a.policy.childless = false;
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->second.suite.ke, KeId::none) << "made by IKE_AUTH";
}

TEST_F(Childless, ike_auth_is_refused_by_a_gateway_that_did_not_offer_it) {
  pair.a.policy.childless = pair.b.policy.childless = false;
  pair.a.children_policy.clear();  // whoever has nothing to ask for leaves SA and TS out too
  pair.login();
  EXPECT_TRUE(pair.b.saw("closed: malformed message"));
  EXPECT_FALSE(pair.b.saw("established") || pair.a.saw("established"));
}

TEST_F(Childless, ike_auth_is_taken_of_a_client_that_never_asks_for_a_child_sa) {
  pair.a.children_policy.clear();
  pair.login();
  ASSERT_TRUE(pair.a.only_sa() && pair.b.only_sa());
  EXPECT_EQ(pair.b.only_sa()->state(), SaState::established);
  EXPECT_TRUE(pair.b.children.empty());
}

TEST_F(Childless, a_refused_child_sa_leaves_the_ike_sa_standing) {
  pair.b.children_policy = {child_policy("p2", "172.16.0.0/16", "172.17.0.0/16")};
  pair.login();
  EXPECT_TRUE(pair.a.saw("child failed p2 38"));
  EXPECT_EQ(pair.a.only_sa()->state(), SaState::established);
}

TEST_F(Childless, the_way_back_by_ticket_has_its_child_sa_in_ike_auth) {
  pair.a.policy.session_resume = pair.b.policy.session_resume = true;
  pair.login();
  ASSERT_TRUE(pair.a.ticket);
  auto t = std::move(*pair.a.ticket);
  pair.a.sas.clear();
  pair.b.sas.clear();
  pair.a.children.clear();
  pair.b.children.clear();
  pair.begin(ResumeState{t.ticket, t.sk_d.clone(), t.suite});
  pair.settle();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_EQ(pair.a.children.begin()->second.suite.ke, KeId::none) << "no further round trip, no key exchange";
}

}  // namespace
}  // namespace dormouse::ike::testing
