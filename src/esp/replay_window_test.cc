#include "esp/replay_window.h"

#include <gtest/gtest.h>

namespace dormouse::esp {
namespace {

using enum ReplayVerdict;

ReplayVerdict take(ReplayWindow& w, std::uint64_t seq) {
  const auto verdict = w.check(SeqNo(seq));
  if (verdict == fresh) w.accept(SeqNo(seq));
  return verdict;
}

TEST(ReplayWindow, judges_each_number_of_the_table) {
  struct Row {
    int line;
    std::uint64_t seq;
    ReplayVerdict verdict;
  };
  constexpr std::uint64_t kJump = 1'000'000;
  const Row rows[] = {
      {1, 0, too_old},  // the first packet of an SA has number 1
      {2, 1, fresh},
      {3, 1, replayed},
      {4, 3, fresh},
      {5, 2, fresh},  // late, but inside
      {6, 2, replayed},
      {7, 64, fresh},
      {8, 65, fresh},
      {9, 65, replayed},
      {10, 4, fresh},
      {11, 1, too_old},   // 64 behind the highest
      {12, 2, replayed},  // 63 behind
      {13, 128, fresh},   // the far end moves by 63
      {14, 65, replayed},
      {15, 64, too_old},
      {16, 66, fresh},
      {17, kJump, fresh},  // further than the window is long
      {18, kJump - 1, fresh},
      {19, kJump - 63, fresh},
      {20, kJump - 64, too_old},
      {21, kJump - 63, replayed},
      {22, kJump, replayed},
      {23, kJump + 64, fresh},
      {24, kJump + 1, fresh},  // just inside, never seen
      {25, kJump, too_old},
  };
  ReplayWindow w(64);
  for (const auto& row : rows) EXPECT_EQ(take(w, row.seq), row.verdict) << "line " << row.line;
  EXPECT_EQ(w.highest(), SeqNo(kJump + 64));
}

TEST(ReplayWindow, remembers_every_number_of_a_long_window_once) {
  for (const std::uint32_t size : {64U, 100U, 2048U, 4096U}) {
    ReplayWindow w(size);
    // Every second number forwards, then the others backwards from the top: each is fresh once and replayed twice.
    for (std::uint64_t s = 1; s <= 10'000; s += 2) EXPECT_EQ(take(w, s), fresh);
    const std::uint64_t rounded = (std::uint64_t{size} + 63) / 64 * 64;
    for (std::uint64_t s = 10'000; s > 10'000 - rounded; --s)
      ASSERT_EQ(take(w, s), s % 2 == 0 ? fresh : replayed) << size << " " << s;
    EXPECT_EQ(take(w, 10'000 - rounded), too_old) << size;
  }
}

TEST(ReplayWindow, of_size_zero_takes_everything) {
  ReplayWindow w(0);
  EXPECT_EQ(take(w, 7), fresh);
  EXPECT_EQ(take(w, 7), fresh);
  EXPECT_EQ(take(w, 1), fresh);
  EXPECT_EQ(w.highest(), SeqNo(7));
}

TEST(ReplayWindow, infers_the_upper_half_as_the_table_says) {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;
  struct Row {
    int line;
    std::uint64_t highest;
    std::uint32_t low;
    std::uint64_t inferred;
  };
  const Row rows[] = {
      // RFC 4303 A2.2, case A: the window does not span the wrap.
      {1, 1000, 1001, 1001},
      {2, 1000, 937, 937},          // oldest inside
      {3, 1000, 936, kWrap + 936},  // behind the window: taken for the next round
      {4, 5 * kWrap + 1000, 1001, 5 * kWrap + 1001},
      {5, kWrap - 1, 0, kWrap},  // the wrap itself
      {6, kWrap - 1, 5, kWrap + 5},
      {7, 7 * kWrap - 2, 3, 7 * kWrap + 3},
      // Case B: the window spans the wrap.
      {8, kWrap + 10, 0xffffffff, kWrap - 1},  // late, from before the wrap
      {9, kWrap + 10, 11, kWrap + 11},
      {10, kWrap + 10, 0xfffffff0, kWrap - 16},
      {11, kWrap + 10, 0x80000000, kWrap + 0x80000000},
      {12, 3 * kWrap, 0xffffffff, 3 * kWrap - 1},
      // Nothing lies before the first number.
      {13, 0, 1, 1},
      {14, 5, 0xffffffff, 0xffffffff},
  };
  for (const auto& row : rows) {
    ReplayWindow w(64);
    if (row.highest != 0) w.accept(SeqNo(row.highest));
    EXPECT_EQ(w.infer(row.low), SeqNo(row.inferred)) << "line " << row.line;
  }
}

TEST(ReplayWindow, goes_through_the_wrap_of_the_lower_half_without_a_gap) {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;
  ReplayWindow w(2048);
  for (std::uint64_t s = kWrap - 5000; s < kWrap + 5000; ++s) {
    const SeqNo seen = w.infer(static_cast<std::uint32_t>(s));
    ASSERT_EQ(seen, SeqNo(s));
    ASSERT_EQ(w.check(seen), fresh);
    w.accept(seen);
  }
  EXPECT_EQ(w.check(w.infer(static_cast<std::uint32_t>(kWrap + 4000))), replayed);
}

}  // namespace
}  // namespace dormouse::esp
