#include "ike/message_window.h"

#include <gtest/gtest.h>

namespace dormouse::ike {
namespace {

const std::vector<Duration> kSchedule{3s, 6s, 12s};
const Instant kStart = Instant::from_ns(5'000'000'000);

TEST(MessageWindow, repeats_on_the_schedule_and_gives_up_once) {
  MessageWindow w;
  w.sent(Bytes{1}, "TEST", kSchedule, kStart);
  EXPECT_EQ(w.take_due(kStart + 2s), MessageWindow::Due::nothing);
  EXPECT_EQ(w.take_due(kStart + 3s), MessageWindow::Due::resend);
  EXPECT_EQ(w.deadline(), kStart + 9s);
  EXPECT_EQ(w.take_due(kStart + 9s), MessageWindow::Due::resend);
  EXPECT_EQ(w.take_due(kStart + 20s), MessageWindow::Due::nothing);
  EXPECT_EQ(w.take_due(kStart + 21s), MessageWindow::Due::gave_up);
  EXPECT_EQ(w.take_due(kStart + 99s), MessageWindow::Due::nothing);
  EXPECT_TRUE(w.busy()) << "a late answer still counts";
  EXPECT_FALSE(w.deadline());
}

TEST(MessageWindow, starts_over_after_a_sleep) {
  MessageWindow w;
  w.sent(Bytes{1}, "TEST", kSchedule, kStart);
  w.suspend();
  EXPECT_FALSE(w.deadline());
  w.restart(kStart + 1000s);
  EXPECT_EQ(w.deadline(), kStart + 1003s);
}

TEST(MessageWindow, an_answer_moves_the_number_and_a_cancel_does_not) {
  MessageWindow w;
  w.sent(Bytes{1}, "TEST", kSchedule, kStart);
  EXPECT_TRUE(w.awaits(MessageId(0)));
  EXPECT_FALSE(w.awaits(MessageId(1)));
  w.cancel();
  EXPECT_FALSE(w.awaits(MessageId(0)));
  w.sent(Bytes{2}, "TEST", kSchedule, kStart);
  w.answered();
  EXPECT_EQ(w.next_out(), MessageId(1));
  EXPECT_FALSE(w.busy());
}

TEST(MessageWindow, knows_fresh_repeated_and_stale_requests) {
  MessageWindow w;
  const Bytes first{1, 2, 3}, second{4, 5, 6};
  EXPECT_EQ(w.classify(MessageId(0), first), MessageWindow::Incoming::fresh);
  EXPECT_EQ(w.classify(MessageId(1), first), MessageWindow::Incoming::stale);
  w.replied(first, Bytes{9});
  EXPECT_EQ(w.classify(MessageId(0), first), MessageWindow::Incoming::repeated);
  EXPECT_EQ(w.classify(MessageId(0), second), MessageWindow::Incoming::stale) << "another body under an old number";
  EXPECT_EQ(w.reply(), Datagrams{Bytes{9}});
  w.replied(second, Bytes{10});
  EXPECT_EQ(w.classify(MessageId(0), first), MessageWindow::Incoming::stale);
  EXPECT_EQ(w.classify(MessageId(1), second), MessageWindow::Incoming::repeated);
}

}  // namespace
}  // namespace dormouse::ike
