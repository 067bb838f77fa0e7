#include "tunnel/leases.h"

#include <gtest/gtest.h>
#include <set>

#include "crypto/testing/seeded_rng.h"

namespace dormouse::tunnel {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Identity id(const std::string& name) { return {IdType::fqdn, {name.begin(), name.end()}}; }
LeasePool pool_of(const char* first, const char* last) { return LeasePool({{ip(first), ip(last)}}); }

TEST(Leases, each_holder_gets_an_address_of_its_own_until_the_pool_is_full) {
  auto pool = pool_of("10.9.0.1", "10.9.0.3");
  std::set<IpAddress> given;
  for (unsigned i = 0; i < 3; ++i) given.insert(*pool.take(i, id("a")));
  EXPECT_EQ(given.size(), 3U);
  EXPECT_EQ(pool.size(), 3U);
  EXPECT_EQ(pool.held(), 3U);
  EXPECT_EQ(pool.take(3, id("a")), std::nullopt);
  EXPECT_EQ(pool.take(1, id("b")), pool.held_by(1)) << "asked again, the same again";
  pool.give_back(1);
  EXPECT_TRUE(pool.take(3, id("b")));
}

TEST(Leases, a_returning_identity_gets_its_old_address_when_it_is_free) {
  auto pool = pool_of("10.9.0.1", "10.9.0.9");
  const auto anna = *pool.take(0, id("anna"));
  const auto bert = *pool.take(1, id("bert"));
  pool.give_back(0);
  pool.give_back(1);
  for (unsigned i = 2; i < 9; ++i) EXPECT_TRUE(pool.take(i, id("other" + std::to_string(i))));
  EXPECT_EQ(pool.take(0, id("bert")), bert);
  EXPECT_EQ(pool.take(1, id("anna")), anna);
}

TEST(Leases, an_address_rests_as_long_as_there_are_others) {
  auto pool = pool_of("10.9.0.1", "10.9.0.3");
  const auto first = *pool.take(0, id("a"));
  pool.give_back(0);
  EXPECT_NE(pool.take(1, id("b")), first);
  EXPECT_NE(pool.take(2, id("c")), first);
  EXPECT_EQ(pool.take(3, id("d")), first) << "the last one left";
  pool.give_back(3);
  EXPECT_EQ(pool.take(4, id("a")), first) << "nobody else has it";
}

TEST(Leases, a_hint_is_followed_only_where_it_harms_nobody) {
  auto pool = pool_of("10.9.0.1", "10.9.0.9");
  EXPECT_EQ(pool.take(0, id("a"), ip("10.9.0.7")), ip("10.9.0.7"));
  EXPECT_NE(pool.take(1, id("b"), ip("10.9.0.7")), ip("10.9.0.7"));
  EXPECT_TRUE(pool.contains(*pool.take(2, id("c"), ip("192.0.2.1"))));
  pool.give_back(0);
  EXPECT_NE(pool.take(3, id("d"), ip("10.9.0.7")), ip("10.9.0.7")) << "another's, who may come back";
  EXPECT_EQ(pool.take(4, id("a")), ip("10.9.0.7"));
}

TEST(Leases, one_that_was_held_before_can_be_taken_again_by_name) {
  auto pool = pool_of("10.9.0.1", "10.9.0.3");
  EXPECT_TRUE(pool.take_again(5, id("a"), ip("10.9.0.2")));
  EXPECT_TRUE(pool.take_again(5, id("a"), ip("10.9.0.2"))) << "twice does no harm";
  EXPECT_FALSE(pool.take_again(5, id("a"), ip("10.9.0.3"))) << "it has one";
  EXPECT_FALSE(pool.take_again(6, id("b"), ip("10.9.0.2"))) << "somebody else's";
  EXPECT_FALSE(pool.take_again(6, id("b"), ip("10.9.0.4"))) << "not of this pool";
  EXPECT_EQ(pool.held(), 1U);
  EXPECT_NE(pool.take(0, id("c")), ip("10.9.0.2"));
  EXPECT_NE(pool.take(1, id("c")), ip("10.9.0.2"));
  EXPECT_EQ(pool.take(2, id("c")), std::nullopt);
}

TEST(Leases, ranges_with_holes_are_walked_to_their_ends) {
  LeasePool pool({{ip("10.9.0.254"), ip("10.9.1.0")}, {ip("10.9.3.1"), ip("10.9.3.1")}});
  std::set<std::string> given;
  for (unsigned i = 0; i < 9; ++i)
    if (const auto a = pool.take(i, id("a"))) given.insert(a->text());
  EXPECT_EQ(given, (std::set<std::string>{"10.9.0.254", "10.9.0.255", "10.9.1.0", "10.9.3.1"}));
  EXPECT_EQ(LeasePool().take(0, id("a")), std::nullopt);
  LeasePool end({{ip("255.255.255.254"), ip("255.255.255.255")}});
  EXPECT_TRUE(end.take(0, id("a")) && end.take(1, id("a")) && !end.take(2, id("a")));
}

TEST(Leases, a_pool_of_the_second_family_may_be_as_wide_as_it_likes) {
  LeasePool pool({{ip("2001:db8::1"), ip("2001:db8:ffff::")}});
  EXPECT_EQ(pool.take(0, id("a")), ip("2001:db8::1"));
  EXPECT_GE(pool.size(), 1ULL << 32);
}

TEST(Leases, whatever_happens_none_is_lost_and_none_is_given_twice) {
  crypto::testing::SeededRng dice(7);
  auto pool = pool_of("10.9.0.1", "10.9.0.20");
  std::map<unsigned, IpAddress> model;
  for (int step = 0; step < 20000; ++step) {
    const auto holder = static_cast<unsigned>(dice.below(30));
    const auto owner = id("user" + std::to_string(dice.below(25)));
    if (dice.below(2) == 0) {
      pool.give_back(holder);
      model.erase(holder);
    } else {
      const auto got =
          pool.take(holder, owner, IpAddress::v4(0x0a090000U + static_cast<std::uint32_t>(dice.below(24))));
      ASSERT_EQ(got.has_value(), model.contains(holder) || model.size() < 20);
      if (got) {
        for (const auto& [other, address] : model) ASSERT_TRUE(other == holder || address != *got);
        ASSERT_TRUE(pool.contains(*got));
        model[holder] = *got;
      }
    }
    ASSERT_EQ(pool.held(), model.size());
  }
}

}  // namespace
}  // namespace dormouse::tunnel
