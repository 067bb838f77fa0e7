#include "adapters/loop/sleep_watch.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

#include "adapters/loop/clock.h"

namespace dormouse::loop {
namespace {

/// A timer of the calendar that is never due: it becomes readable when the calendar is set anew, as at every return
/// from sleep.
class CalendarWatch {
 public:
  CalendarWatch() : fd_(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {}
  ~CalendarWatch() {
    if (fd_ >= 0) close(fd_);
  }
  CalendarWatch(const CalendarWatch&) = delete;
  CalendarWatch& operator=(const CalendarWatch&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool arm() const {
    itimerspec never{};
    never.it_value.tv_sec = std::int64_t{1} << 40;
    return timerfd_settime(fd_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0;
  }
  void take() const {
    std::uint64_t times = 0;
    if (read(fd_, &times, sizeof times) < 0) return;  // ECANCELED: what it is here for
  }

 private:
  int fd_;
};

}  // namespace

Duration SleepMeter::slept(Instant boot, Instant monotonic) {
  const Duration ahead = boot - monotonic;
  if (ahead - ahead_ < kLeast) return Duration{};
  return ahead - std::exchange(ahead_, ahead);
}

Outcome<Source> watch_sleep(Loop& loop, std::function<void(Duration)> woke) {
  auto watch = std::make_shared<CalendarWatch>();
  if (watch->fd() < 0 || !watch->arm()) return failure(std::string("watch for sleep: ") + std::strerror(errno));
  auto meter = std::make_shared<SleepMeter>(boot_time(), read_clock(CLOCK_MONOTONIC));
  return loop.watch(watch->fd(), [watch, meter, woke = std::move(woke)](Ready) {
    watch->take();
    static_cast<void>(watch->arm());
    const auto slept = meter->slept(boot_time(), read_clock(CLOCK_MONOTONIC));
    if (slept > Duration{}) woke(slept);
  });
}

}  // namespace dormouse::loop
