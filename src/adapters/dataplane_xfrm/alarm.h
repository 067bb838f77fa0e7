// Becomes readable after a while.
#pragma once
#include <sys/timerfd.h>
#include <unistd.h>

#include "adapters/dataplane_tun/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace dormouse::xfrm {

class Alarm {
 public:
  [[nodiscard]] static Outcome<Alarm> open() {
    Alarm a(dataplane::Fd(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)));
    if (!a.fd_.ok()) return failure("timer");
    return a;
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Replaces what it was set to.
  void set(std::chrono::seconds after) {
    itimerspec when{};
    when.it_value.tv_sec = after.count();
    (void)timerfd_settime(fd_.get(), 0, &when, nullptr);
  }
  /// Whether it rang since this was last asked.
  [[nodiscard]] bool rang() {
    std::uint64_t times = 0;
    return read(fd_.get(), &times, sizeof times) == static_cast<ssize_t>(sizeof times);
  }

 private:
  explicit Alarm(dataplane::Fd fd) : fd_(std::move(fd)) {}
  dataplane::Fd fd_;
};

}  // namespace dormouse::xfrm
