// Configuration payloads in the login (RFC 7296 2.19, 3.15).
#include <gtest/gtest.h>

#include "ike/pair_for_test.h"

namespace dormouse::ike::testing {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TEST(ModeCfg, what_is_asked_and_what_is_given_arrive) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true, .hint = {ip("10.1.0.9"), {}}, .dns4 = true};
  pair.b.gives = wire::InsideConfig{.addresses = {ip("10.1.0.7"), {}}, .dns = {ip("10.2.0.53")}};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  ASSERT_EQ(pair.b.asked.size(), 1U);
  EXPECT_EQ(pair.b.asked[0].inside, pair.asks);
  EXPECT_EQ(pair.a.only_sa()->status().inside, pair.b.gives);
  EXPECT_EQ(pair.b.only_sa()->status().inside, pair.b.gives);
}

TEST(ModeCfg, is_still_known_after_the_ike_sa_is_rekeyed) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true};
  pair.b.gives = wire::InsideConfig{.addresses = {ip("10.1.0.7"), {}}};
  pair.login();
  pair.use(pair.a, *pair.a.only_sa(), [&](IkeSa& s, Outbox& out) { s.rekey(pair.now, out); });
  pair.settle();
  EXPECT_EQ(pair.a.newest_sa()->status().inside, pair.b.gives);
  EXPECT_EQ(pair.b.newest_sa()->status().inside, pair.b.gives);
}

TEST(ModeCfg, who_asks_nothing_is_told_nothing_and_takes_nothing) {
  Pair pair;
  pair.login();
  EXPECT_FALSE(pair.b.asked.at(0).inside);
  EXPECT_FALSE(pair.a.only_sa()->status().inside);
  Pair pushy;
  pushy.b.gives = wire::InsideConfig{.addresses = {ip("10.1.0.7"), {}}};
  pushy.login();
  ASSERT_TRUE(pushy.one_tunnel());
  EXPECT_FALSE(pushy.a.only_sa()->status().inside) << "nobody asked";
}

TEST(ModeCfg, an_address_of_a_family_that_was_not_asked_for_is_not_taken) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true};
  pair.b.gives = wire::InsideConfig{.addresses = {ip("10.1.0.7"), ip("2001:db8::7")}};
  pair.login();
  EXPECT_EQ(pair.a.only_sa()->status().inside->addresses, (InsideAddresses{ip("10.1.0.7"), {}}));
}

TEST(ModeCfg, a_gateway_that_knows_nothing_of_it_serves_all_the_same) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true};
  pair.login();
  ASSERT_TRUE(pair.one_tunnel());
  EXPECT_FALSE(pair.a.only_sa()->status().inside);
}

TEST(ModeCfg, who_is_turned_away_learns_why_and_both_ends_forget_it) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true};
  pair.b.turns_away = wire::NotifyType::internal_address_failure;
  pair.login();
  EXPECT_EQ(pair.a.events, std::vector<std::string>{"closed: no inside address"});
  pair.pass(10s);
  EXPECT_TRUE(pair.a.sas.empty());
  EXPECT_TRUE(pair.b.sas.empty());
  EXPECT_FALSE(pair.b.saw("established"));
  EXPECT_TRUE(pair.a.children.empty() && pair.b.children.empty());
}

TEST(ModeCfg, a_refusal_proves_nothing_without_the_secret) {
  Pair pair;
  pair.asks = wire::InsideRequest{.v4 = true};
  pair.b.turns_away = wire::NotifyType::internal_address_failure;
  pair.b.psk = secret("another secret");
  pair.login();
  EXPECT_TRUE(pair.a.saw("closed: authentication failed"));
  EXPECT_FALSE(pair.a.saw("closed: no inside address"));
}

}  // namespace
}  // namespace dormouse::ike::testing
