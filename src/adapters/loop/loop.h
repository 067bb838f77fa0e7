// The control thread's loop: timers that count the machine's sleep, descriptors, signals and children, over sd-event.
// It needs no running systemd. Not for use from two threads; another thread wakes it by writing to a watched eventfd.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "adapters/loop/source.h"
#include "base/result.h"
#include "base/time.h"

struct sd_event;

namespace dormouse::loop {

class Loop;

/// What a descriptor is ready for. An error or hang-up sets both, so that the next read or write shows it.
struct Ready {
  bool read = false;
  bool write = false;
};

/// A one-shot timer on CLOCK_BOOTTIME: it fires once per arm(), at the moment or as soon as the machine wakes after it.
class Timer {
 public:
  Timer() = default;
  /// Replaces any earlier moment; one in the past fires at the next turn of the loop.
  void arm(Instant at);
  void stop();

 private:
  friend class Loop;
  explicit Timer(Source source) : source_(std::move(source)) {}
  Source source_;
};

/// How a watched child ended: `code` is its exit code, or the signal's number when `killed`.
struct ChildEnd {
  pid_t pid = 0;
  int code = 0;
  bool killed = false;
};

class Loop {
 public:
  /// Failure: the kernel refuses an epoll or timer descriptor.
  [[nodiscard]] static Outcome<std::unique_ptr<Loop>> create();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// CLOCK_BOOTTIME of this very moment.
  [[nodiscard]] Instant now() const;
  /// The calendar, in whole seconds.
  [[nodiscard]] WallTime wall_now() const;

  /// A stopped timer; arm() starts it. `fire` gets the time of the call.
  [[nodiscard]] Outcome<Timer> timer(std::function<void(Instant now)> fire);
  /// Calls `ready` while `fd` is readable (level-triggered). The caller keeps `fd` open until the Source is gone.
  [[nodiscard]] Outcome<Source> watch(int fd, std::function<void(Ready)> ready);
  /// Changes what a watch() waits for; it begins with reading only.
  void want(const Source& source, bool read, bool write);
  /// Blocks the signal in this thread (call it before any thread starts) and calls `caught` for each arrival.
  [[nodiscard]] Outcome<Source> on_signal(int signal, std::function<void()> caught);
  /// Calls `ended` once, when the child of ours has ended, and reaps it.
  [[nodiscard]] Outcome<Source> on_child(pid_t pid, std::function<void(ChildEnd)> ended);
  /// Calls `once` a single time, before the loop waits again.
  void defer(std::function<void()> once);
  /// Calls `settle` after every turn in which something else was called: the place to send what was gathered.
  [[nodiscard]] Outcome<Source> after_each_turn(std::function<void()> settle);

  /// For an adapter that brings sources of its own (sd-bus).
  [[nodiscard]] sd_event* native() const;

  /// Tells the service manager while the loop turns that it does, as often as WATCHDOG_USEC asks. True if it asks.
  bool keep_watchdog();

  /// Runs until stop(); returns its code. Failure: the loop itself broke.
  [[nodiscard]] Outcome<int> run();
  /// Makes run() return `code` after the present callback.
  void stop(int code = 0);
  /// One turn: waits at most `wait` for something to call. True if something was called. For tests and tools.
  [[nodiscard]] Outcome<bool> turn(Duration wait);

 private:
  struct Impl;
  explicit Loop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Tells the service manager, if there is one: "READY=1", "STOPPING=1", "STATUS=...". Without one it does nothing.
void notify_manager(std::string_view state);
/// Tells it that the configuration is being read anew, until "READY=1" follows.
void notify_reloading();

}  // namespace dormouse::loop
