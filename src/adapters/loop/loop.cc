// sd-event calls plain functions with a pointer; each of them here finds its Slot and calls what was registered. The
// sources of one turn are called one by one, so a callback may end any registration, also its own.
#include "adapters/loop/loop.h"

#include <cstring>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <vector>

#include "adapters/loop/clock.h"
#include "adapters/loop/slot.h"

namespace dormouse::loop {
namespace {

using SlotPtr = std::shared_ptr<Slot>;

std::unexpected<Failure> refused(const std::string& what, int negative_errno) {
  return failure(what + ": " + std::strerror(-negative_errno));
}

int dispatch(void* user, const void* detail) {
  const auto slot = static_cast<Slot*>(user)->shared_from_this();
  slot->call(detail);
  return 0;
}

int on_time(sd_event_source*, std::uint64_t, void* user) { return dispatch(user, nullptr); }
int on_io(sd_event_source*, int, std::uint32_t events, void* user) { return dispatch(user, &events); }
int on_caught(sd_event_source*, const signalfd_siginfo*, void* user) { return dispatch(user, nullptr); }
int on_ended(sd_event_source*, const siginfo_t* info, void* user) { return dispatch(user, info); }
int on_turn(sd_event_source*, void* user) { return dispatch(user, nullptr); }

std::uint64_t to_us(Duration d) {
  // Rounded up: a timer must not fire before its moment and find nothing due.
  const auto us = std::chrono::ceil<std::chrono::microseconds>(d).count();
  return us < 0 ? 0 : static_cast<std::uint64_t>(us);
}

Ready ready_of(std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  return {broken || (events & (EPOLLIN | EPOLLRDHUP)) != 0, broken || (events & EPOLLOUT) != 0};
}

ChildEnd end_of(const siginfo_t& info) {
  return {.pid = info.si_pid, .code = info.si_status, .killed = info.si_code != CLD_EXITED};
}

Outcome<void> block(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  if (const int rc = pthread_sigmask(SIG_BLOCK, &set, nullptr); rc != 0) return refused("block a signal", -rc);
  return {};
}

}  // namespace

struct Loop::Impl {
  sd_event* event = nullptr;
  std::vector<std::function<void()>> deferred;
  Source runner;  // calls what is deferred

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    runner.reset();
    sd_event_unref(event);
  }
  void run_deferred() {
    // What these defer in turn waits for the next turn, so that descriptors are not starved.
    const auto now = std::exchange(deferred, {});
    for (const auto& f : now) f();
    if (!deferred.empty()) sd_event_source_set_enabled(runner.slot()->source, SD_EVENT_ONESHOT);
  }
};

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loop::~Loop() = default;

Outcome<std::unique_ptr<Loop>> Loop::create() {
  auto impl = std::make_unique<Impl>();
  if (const int rc = sd_event_new(&impl->event); rc < 0) return refused("make the event loop", rc);
  auto slot = std::make_shared<Slot>();
  slot->call = [raw = impl.get()](const void*) { raw->run_deferred(); };
  if (const int rc = sd_event_add_defer(impl->event, &slot->source, on_turn, slot.get()); rc < 0)
    return refused("make the event loop", rc);
  sd_event_source_set_enabled(slot->source, SD_EVENT_OFF);
  impl->runner = Source(std::move(slot));
  return std::unique_ptr<Loop>(new Loop(std::move(impl)));
}

Instant Loop::now() const { return boot_time(); }

WallTime Loop::wall_now() const {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_REALTIME, &t));
  return {t.tv_sec};
}

void Timer::arm(Instant at) {
  if (!source_) return;
  sd_event_source_set_time(source_.slot()->source, to_us(at.since_boot()));
  sd_event_source_set_enabled(source_.slot()->source, SD_EVENT_ONESHOT);
}

void Timer::stop() {
  if (source_) sd_event_source_set_enabled(source_.slot()->source, SD_EVENT_OFF);
}

Outcome<Timer> Loop::timer(std::function<void(Instant)> fire) {
  auto slot = std::make_shared<Slot>();
  slot->call = [fire = std::move(fire)](const void*) { fire(boot_time()); };
  // 1 us of accuracy asked for: the default of 250 ms would gather timers of other programs' wake-ups.
  const int rc = sd_event_add_time(impl_->event, &slot->source, CLOCK_BOOTTIME, 0, 1, on_time, slot.get());
  if (rc < 0) return refused("make a timer", rc);
  sd_event_source_set_enabled(slot->source, SD_EVENT_OFF);
  return Timer(Source(std::move(slot)));
}

Outcome<Source> Loop::watch(int fd, std::function<void(Ready)> ready) {
  auto slot = std::make_shared<Slot>();
  slot->call = [ready = std::move(ready)](const void* detail) {
    ready(ready_of(*static_cast<const std::uint32_t*>(detail)));
  };
  const int rc = sd_event_add_io(impl_->event, &slot->source, fd, EPOLLIN, on_io, slot.get());
  if (rc < 0) return refused("watch descriptor " + std::to_string(fd), rc);
  return Source(std::move(slot));
}

void Loop::want(const Source& source, bool read, bool write) {
  if (!source) return;
  const std::uint32_t events = (read ? std::uint32_t{EPOLLIN} : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
  sd_event_source_set_io_events(source.slot()->source, events);
}

Outcome<Source> Loop::on_signal(int signal, std::function<void()> caught) {
  TRY(block(signal));
  auto slot = std::make_shared<Slot>();
  slot->call = [caught = std::move(caught)](const void*) { caught(); };
  const int rc = sd_event_add_signal(impl_->event, &slot->source, signal, on_caught, slot.get());
  if (rc < 0) return refused("catch signal " + std::to_string(signal), rc);
  return Source(std::move(slot));
}

Outcome<Source> Loop::on_child(pid_t pid, std::function<void(ChildEnd)> ended) {
  TRY(block(SIGCHLD));  // sd-event learns of children by this signal
  auto slot = std::make_shared<Slot>();
  slot->call = [ended = std::move(ended)](const void* detail) {
    ended(end_of(*static_cast<const siginfo_t*>(detail)));
  };
  const int rc = sd_event_add_child(impl_->event, &slot->source, pid, WEXITED, on_ended, slot.get());
  if (rc < 0) return refused("watch child " + std::to_string(pid), rc);
  return Source(std::move(slot));
}

void Loop::defer(std::function<void()> once) {
  impl_->deferred.push_back(std::move(once));
  sd_event_source_set_enabled(impl_->runner.slot()->source, SD_EVENT_ONESHOT);
}

Outcome<Source> Loop::after_each_turn(std::function<void()> settle) {
  auto slot = std::make_shared<Slot>();
  slot->call = [settle = std::move(settle)](const void*) { settle(); };
  const int rc = sd_event_add_post(impl_->event, &slot->source, on_turn, slot.get());
  if (rc < 0) return refused("add the end of a turn", rc);
  return Source(std::move(slot));
}

sd_event* Loop::native() const { return impl_->event; }

bool Loop::keep_watchdog() { return sd_event_set_watchdog(impl_->event, 1) > 0; }

Outcome<int> Loop::run() {
  const int rc = sd_event_loop(impl_->event);
  if (rc < 0) return refused("run the event loop", rc);
  return rc;
}

void Loop::stop(int code) { sd_event_exit(impl_->event, code); }

Outcome<bool> Loop::turn(Duration wait) {
  const int rc = sd_event_run(impl_->event, to_us(wait));
  if (rc < 0) return refused("turn the event loop", rc);
  return rc > 0;
}

void notify_manager(std::string_view state) { sd_notify(0, std::string(state).c_str()); }

void notify_reloading() {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &t));  // the manager's word for what belongs together
  notify_manager("RELOADING=1\nMONOTONIC_USEC=" +
                 std::to_string(std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1'000));
}

}  // namespace dormouse::loop
