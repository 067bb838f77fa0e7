#include "adapters/loop/sleep_watch.h"

#include <ctime>
#include <gtest/gtest.h>

namespace dormouse::loop {
namespace {

Instant at(Duration d) { return Instant::from_ns(0) + d; }

TEST(SleepMeter, tells_only_the_time_that_monotonic_stood_still) {
  SleepMeter meter(at(1000s), at(400s));  // 600 s slept before we began
  EXPECT_EQ(meter.slept(at(1100s), at(500s)), 0s);
  EXPECT_EQ(meter.slept(at(4700s), at(501s)), 3599s);
  EXPECT_EQ(meter.slept(at(4800s), at(601s)), 0s) << "told once";
}

TEST(SleepMeter, short_pauses_add_up_until_they_count) {
  SleepMeter meter(at(0s), at(0s));
  EXPECT_EQ(meter.slept(at(1600ms), at(1000ms)), 0s);
  EXPECT_EQ(meter.slept(at(3200ms), at(2000ms)), 1200ms);
}

TEST(SleepWatch, a_calendar_set_anew_without_a_sleep_is_nothing) {
  auto loop = Loop::create();
  ASSERT_TRUE(loop);
  int woke = 0;
  const auto source = watch_sleep(**loop, [&](Duration) { ++woke; });
  ASSERT_TRUE(source) << source.error().text;
  timespec now{};
  ASSERT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
  if (clock_settime(CLOCK_REALTIME, &now) != 0) GTEST_SKIP() << "needs the right to set the clock";
  const auto turned = (*loop)->turn(1s);
  ASSERT_TRUE(turned);
  EXPECT_TRUE(*turned) << "the loop looked";
  EXPECT_EQ(woke, 0);
  EXPECT_FALSE(*(*loop)->turn(10ms)) << "once";
}

}  // namespace
}  // namespace dormouse::loop
