#include "adapters/loop/loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include <algorithm>
#include <cstring>

namespace dormouse::loop {

struct Loop::Watch {
  sd_event_source* source = nullptr;
  std::function<void()> readable, writable;
  ~Watch() { sd_event_source_disable_unref(source); }
};

namespace {

std::int64_t read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Loop::Loop() { sd_event_new(&event_); }
Loop::~Loop() {
  watches_.clear();
  sd_event_source_disable_unref(alarm_);
  sd_event_unref(event_);
}

Instant Loop::now() { return Instant::from_ns(read_clock(CLOCK_BOOTTIME)); }
WallTime Loop::wall_now() { return {read_clock(CLOCK_REALTIME) / 1'000'000'000}; }

Outcome<void> Loop::watch(int fd, std::function<void()> readable) {
  auto w = std::make_unique<Watch>();
  w->readable = std::move(readable);
  const auto handler = [](sd_event_source*, int, std::uint32_t events, void* data) {
    auto* me = static_cast<Watch*>(data);
    // Copies: a handler may forget its own fd, and with it this Watch.
    const auto write = me->writable;
    const auto read = me->readable;
    if ((events & EPOLLOUT) != 0 && write) return write(), 0;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && read) read();
    return 0;
  };
  const int r = sd_event_add_io(event_, &w->source, fd, EPOLLIN, handler, w.get());
  if (r < 0) return failure(std::string("watch: ") + std::strerror(-r));
  watches_[fd] = std::move(w);
  return {};
}

void Loop::want_writable(int fd, std::function<void()> writable) {
  const auto it = watches_.find(fd);
  if (it == watches_.end()) return;
  it->second->writable = std::move(writable);
  sd_event_source_set_io_events(it->second->source, it->second->writable ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Loop::forget(int fd) { watches_.erase(fd); }

Outcome<void> Loop::on_signal(int signal, std::function<void()> what) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  auto& slot = signals_[signal] = std::move(what);
  const auto handler = [](sd_event_source*, const signalfd_siginfo*, void* data) {
    (*static_cast<std::function<void()>*>(data))();
    return 0;
  };
  const int r = sd_event_add_signal(event_, nullptr, signal, handler, &slot);
  if (r < 0) return failure(std::string("signal: ") + std::strerror(-r));
  return {};
}

void Loop::set_alarm(std::optional<Instant> at, std::function<void()> what) {
  alarm_what_ = std::move(what);
  if (!at) {
    if (alarm_) sd_event_source_set_enabled(alarm_, SD_EVENT_OFF);
    return;
  }
  // Rounded up: an alarm a microsecond early would find nothing due and spin.
  const auto usec = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (at->since_boot().count() + 999) / 1000));
  if (!alarm_) {
    const auto handler = [](sd_event_source*, std::uint64_t, void* data) {
      static_cast<Loop*>(data)->alarm_what_();
      return 0;
    };
    sd_event_add_time(event_, &alarm_, CLOCK_BOOTTIME, usec, 1, handler, this);
  }
  sd_event_source_set_time(alarm_, usec);
  sd_event_source_set_enabled(alarm_, SD_EVENT_ONESHOT);
}

int Loop::run() { return sd_event_loop(event_); }
void Loop::stop(int code) { sd_event_exit(event_, code); }
void Loop::notify(const char* state) { sd_notify(0, state); }

}  // namespace dormouse::loop
