// When one thread is no longer enough. Each window of a few milliseconds tells how busy a thread was, and with which
// lane.
#pragma once
#include "base/time.h"

namespace dormouse::dataplane {

class Load {
 public:
  void slept(Duration d) { asleep_ += d; }
  void out(Duration d) { out_ += d; }
  void in(Duration d) { in_ += d; }
  /// At the end of a window: whether the thread was busy all the time, and each lane with a share worth a thread of its
  /// own. Nothing to say within a window.
  [[nodiscard]] bool wants_help(Instant now) {
    if (!ended(now)) return false;
    const Duration work = out_ + in_;
    const bool busy = asleep_ * 10 < length_;
    const bool shared = std::min(out_, in_) * 5 > work;
    restart(now);
    return busy && shared;
  }
  /// At the end of a window: whether the thread could as well leave its lane to the other.
  [[nodiscard]] bool idle(Instant now) {
    if (!ended(now)) return false;
    const bool little = asleep_ * 10 > length_ * 8;
    restart(now);
    return little;
  }
  void restart(Instant now) {
    start_ = now;
    asleep_ = out_ = in_ = {};
  }

 private:
  static constexpr Duration kWindow = 5ms;
  [[nodiscard]] bool ended(Instant now) {
    if (start_ == Instant()) restart(now);
    length_ = now - start_;
    return length_ >= kWindow;
  }
  Instant start_;
  Duration asleep_{}, out_{}, in_{}, length_{};
};

}  // namespace dormouse::dataplane
