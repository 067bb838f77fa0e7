#include "esp/replay_window.h"

#include <gtest/gtest.h>

namespace dormouse::esp {
namespace {

struct Line {
  int line;
  std::uint64_t seq;
  ReplayVerdict verdict;
};
constexpr auto kFresh = ReplayVerdict::fresh;
constexpr auto kReplayed = ReplayVerdict::replayed;
constexpr auto kOld = ReplayVerdict::too_old;

void run(ReplayWindow window, std::initializer_list<Line> lines) {
  for (const auto& l : lines) {
    const auto got = window.check(SeqNo(l.seq));
    EXPECT_EQ(got, l.verdict) << "line " << l.line << " seq " << l.seq;
    if (got == kFresh) window.accept(SeqNo(l.seq));
  }
}

TEST(replay_window, follows_the_table) {
  run(ReplayWindow(128), {
                             {__LINE__, 0, kOld},  // the first packet of an SA is number 1
                             {__LINE__, 1, kFresh},
                             {__LINE__, 1, kReplayed},
                             {__LINE__, 9, kFresh},
                             {__LINE__, 8, kFresh},
                             {__LINE__, 7, kFresh},
                             {__LINE__, 7, kReplayed},
                             {__LINE__, 128, kFresh},
                             {__LINE__, 2, kFresh},  // just inside: 128 - 2 = 126
                             {__LINE__, 129, kFresh},
                             {__LINE__, 1, kOld},  // 129 - 1 = 128 is outside
                             {__LINE__, 3, kFresh},
                             {__LINE__, 3, kReplayed},
                             {__LINE__, 1000, kFresh},  // a jump over the whole window
                             {__LINE__, 872, kOld},
                             {__LINE__, 873, kFresh},
                             {__LINE__, 873, kReplayed},
                             {__LINE__, 999, kFresh},
                             {__LINE__, 1000, kReplayed},
                             {__LINE__, std::uint64_t{1} << 40, kFresh},
                             {__LINE__, 1000, kOld},
                             {__LINE__, (std::uint64_t{1} << 40) - 127, kFresh},
                             {__LINE__, (std::uint64_t{1} << 40) - 128, kOld},
                         });
}

TEST(replay_window, size_zero_takes_everything) {
  run(ReplayWindow(0), {{__LINE__, 5, kFresh}, {__LINE__, 5, kFresh}, {__LINE__, 1, kFresh}});
}

TEST(replay_window, every_number_is_fresh_exactly_once_in_any_order_inside_the_window) {
  ReplayWindow window(2048);
  unsigned fresh = 0;
  for (int round = 0; round < 2; ++round)
    for (std::uint64_t block = 0; block < 64; ++block)
      for (std::uint64_t i = 64; i-- > 0;) {  // backwards within blocks
        const SeqNo seq(1 + block * 64 + i);
        if (window.check(seq) != kFresh) continue;
        window.accept(seq);
        ++fresh;
      }
  EXPECT_EQ(fresh, 64U * 64U);
}

TEST(replay_window, infers_the_upper_half_of_extended_numbers) {
  ReplayWindow window(64);
  window.accept(SeqNo(0xfffffff0));
  EXPECT_EQ(window.infer(0xfffffff5).value(), 0xfffffff5U);
  EXPECT_EQ(window.infer(3).value(), 0x100000003U) << "the low half came round";
  window.accept(SeqNo(0x100000005));
  EXPECT_EQ(window.infer(0xfffffffe).value(), 0xfffffffeU) << "a late packet from before the wrap";
  EXPECT_EQ(window.infer(6).value(), 0x100000006U);
  window.accept(SeqNo(0x280000000));
  EXPECT_EQ(window.infer(0x80000001).value(), 0x280000001U);
}

}  // namespace
}  // namespace dormouse::esp
