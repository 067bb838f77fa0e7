#include "tunnel/rate_limit.h"

#include <gtest/gtest.h>

namespace dormouse::tunnel {
namespace {

constexpr Instant kStart = Instant::from_ns(1'000'000'000'000);

unsigned taken(RateLimit& limit, const IpAddress& from, Instant now, unsigned wanted) {
  unsigned out = 0;
  for (unsigned i = 0; i < wanted; ++i) out += limit.take(from, now);
  return out;
}

TEST(RateLimit, gives_a_burst_and_then_one_for_each_interval) {
  RateLimit limit(1, Bucket(3, 100ms), Bucket(1000, 1ms));
  const auto from = IpAddress::v4(1);
  EXPECT_EQ(taken(limit, from, kStart, 10), 3U);
  EXPECT_EQ(taken(limit, from, kStart + 99ms, 10), 0U);
  EXPECT_EQ(taken(limit, from, kStart + 100ms, 10), 1U);
  EXPECT_EQ(taken(limit, from, kStart + 350ms, 10), 2U);
  EXPECT_EQ(taken(limit, from, kStart + 24h, 10), 3U) << "a long pause gives no more than the burst";
}

TEST(RateLimit, one_who_asks_too_much_takes_nothing_from_others) {
  RateLimit limit(1, Bucket(3, 100ms), Bucket(1000, 1ms));
  EXPECT_EQ(taken(limit, IpAddress::v4(1), kStart, 100'000), 3U);
  unsigned served = 0;
  for (std::uint32_t i = 2; i < 102; ++i) served += limit.take(IpAddress::v4(i), kStart);
  EXPECT_GT(served, 90U);
}

TEST(RateLimit, bounds_all_together) {
  RateLimit limit(1, Bucket(3, 100ms), Bucket(50, 10ms));
  unsigned served = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) served += limit.take(IpAddress::v4(i * 7919), kStart);
  EXPECT_EQ(served, 50U);
}

TEST(RateLimit, takes_a_v6_network_for_one) {
  RateLimit limit(1, Bucket(3, 100ms), Bucket(1000, 1ms));
  unsigned served = 0;
  auto from = *IpAddress::parse("2001:db8:1:2::1");
  for (int i = 0; i < 100; ++i, from = from.next()) served += limit.take(from, kStart);
  EXPECT_EQ(served, 3U);
}

TEST(RateLimit, works_at_the_first_instant_of_a_boot) {
  RateLimit limit(1, Bucket(3, 100ms), Bucket(1000, 1ms));
  EXPECT_EQ(taken(limit, IpAddress::v4(1), Instant{}, 10), 3U);
}

}  // namespace
}  // namespace dormouse::tunnel
