// Looking again before going to sleep. To be woken costs a thread tens of microseconds, so after a little traffic it
// stays awake for the answer that is likely to come; after much traffic it does not, since sleep then only makes the
// next batch larger.
#pragma once
#include <algorithm>

#include "base/time.h"

namespace dormouse::dataplane {

/// Decides how long one thread looks again. Over time it spends at most a tenth of a core on it.
class Spin {
 public:
  /// A batch of `packets` was done at `now`.
  void worked(Instant now, std::size_t packets) {
    if (packets == 0) return;
    until_ = packets <= kFew && credit_ > Duration{} ? now + std::min(kLook, credit_) : Instant();
  }
  /// Whether to look again at `now`; false: sleep. To be asked on every turn, so that what it costs is known.
  [[nodiscard]] bool again(Instant now) {
    const Duration passed = last_ == Instant() ? Duration{} : now - last_;
    last_ = now;
    if (spinning_)
      credit_ -= passed;
    else
      credit_ = std::min(kMostCredit, credit_ + passed / 10);
    spinning_ = now < until_;
    return spinning_;
  }

 private:
  static constexpr Duration kLook = 50us, kMostCredit = 2ms;
  static constexpr std::size_t kFew = 4;
  Duration credit_ = kMostCredit;
  Instant until_, last_;
  bool spinning_ = false;
};

}  // namespace dormouse::dataplane
