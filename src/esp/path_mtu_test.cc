#include "esp/path_mtu.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace dormouse::esp {
namespace {

const Instant kNow = Instant::from_ns(1'000'000'000);

TEST(PathMtu, a_report_lowers_it_and_never_raises_it) {
  PathMtu p(false, 1500);
  EXPECT_TRUE(p.believe(1400, 1500, kNow));
  EXPECT_EQ(p.value(), 1400U);
  EXPECT_FALSE(p.believe(1450, 1500, kNow)) << "larger than what is believed";
  EXPECT_FALSE(p.believe(9000, 9001, kNow));
  EXPECT_EQ(p.value(), 1400U);
  EXPECT_TRUE(p.believe(1280, 1400, kNow));
  EXPECT_EQ(p.value(), 1280U);
}

TEST(PathMtu, no_report_pushes_it_below_the_floor) {
  PathMtu v4(false, 1500);
  EXPECT_TRUE(v4.believe(68, 1500, kNow));
  EXPECT_EQ(v4.value(), 576U);
  EXPECT_FALSE(v4.believe(68, 576, kNow));
  EXPECT_EQ(v4.value(), 576U);
  PathMtu v6(true, 1500);
  EXPECT_FALSE(v6.believe(1279, 1500, kNow)) << "RFC 8201 4: discarded, not taken for 1280";
  EXPECT_FALSE(v6.believe(0, 1500, kNow));
  EXPECT_EQ(v6.value(), 1500U);
  EXPECT_TRUE(v6.believe(1280, 1500, kNow));
  EXPECT_EQ(v6.value(), 1280U);
}

TEST(PathMtu, a_packet_that_would_have_passed_proves_nothing) {
  PathMtu p(false, 1500);
  EXPECT_FALSE(p.believe(1300, 1300, kNow));
  EXPECT_FALSE(p.believe(1300, 120, kNow));
  EXPECT_EQ(p.value(), 1500U);
}

TEST(PathMtu, an_old_router_that_names_no_mtu_means_the_next_usual_one) {
  PathMtu p(false, 1500);
  EXPECT_TRUE(p.believe(0, 1500, kNow));
  EXPECT_EQ(p.value(), 1492U);
  EXPECT_TRUE(p.believe(0, 1492, kNow));
  EXPECT_EQ(p.value(), 1006U);
  EXPECT_TRUE(p.believe(0, 1006, kNow));
  EXPECT_EQ(p.value(), 576U);
  EXPECT_FALSE(p.believe(0, 576, kNow));
}

TEST(PathMtu, it_is_forgotten_after_ten_minutes) {
  PathMtu p(false, 1500);
  ASSERT_TRUE(p.believe(1300, 1500, kNow));
  EXPECT_FALSE(p.forget_old(kNow + limits::kPathMtuAge - 1s));
  EXPECT_EQ(p.value(), 1300U);
  EXPECT_TRUE(p.forget_old(kNow + limits::kPathMtuAge));
  EXPECT_EQ(p.value(), 1500U);
  EXPECT_FALSE(p.forget_old(kNow + limits::kPathMtuAge * 2));
}

TEST(PathMtu, the_first_hop_bounds_what_was_learned) {
  PathMtu p(false, 1500);
  EXPECT_FALSE(p.narrower_beyond());
  ASSERT_TRUE(p.believe(1400, 1500, kNow));
  EXPECT_TRUE(p.narrower_beyond());
  p.set_first_hop(1300);
  EXPECT_EQ(p.value(), 1300U);
  EXPECT_FALSE(p.narrower_beyond());
  EXPECT_FALSE(p.forget_old(kNow + limits::kPathMtuAge)) << "the narrow interface is still there";
  EXPECT_EQ(p.value(), 1300U);
  p.set_first_hop(100);
  EXPECT_EQ(p.value(), 576U);
}

}  // namespace
}  // namespace dormouse::esp
