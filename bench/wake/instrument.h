// What the programs of this folder share: a clock, words from standard input, answers on standard output.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>
#include <sstream>
#include <string>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace dormouse::wake {

using Ns = std::int64_t;

/// CLOCK_MONOTONIC: one for all namespaces of a machine.
inline Ns now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return Ns{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// One line at once, so that whoever reads it through a pipe has it.
template <class... Args>
void say(const char* form, Args... args) {
  std::printf(form, args...);
  std::putchar('\n');
  std::fflush(stdout);
}

/// Commands on standard input, one a line. The end of the input ends the program: whoever drives it has gone.
class Commands {
 public:
  /// To be called when standard input is readable.
  template <class F>
  void read(F each) {
    char buffer[512];
    const auto n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n <= 0) std::exit(0);
    text_.append(buffer, static_cast<std::size_t>(n));
    for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
      std::istringstream line(text_.substr(0, end));
      text_.erase(0, end + 1);
      std::string word;
      Ns argument = 0;
      line >> word >> argument;
      each(word, argument);
    }
  }

 private:
  std::string text_;
};

/// A timer that fires at an instant; the kernel's slack does not apply to it.
class Alarm {
 public:
  Alarm() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    if (fd_ < 0) die("timerfd");
  }
  [[nodiscard]] int fd() const { return fd_; }
  void at(Ns when) {
    if (when == armed_) return;
    armed_ = when;
    itimerspec spec{};
    spec.it_value = {when / 1'000'000'000, when % 1'000'000'000};
    if (timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr) != 0) die("timerfd_settime");
  }
  void stop() { at(0); }
  /// After it has fired.
  void clear() {
    std::uint64_t fired = 0;
    if (::read(fd_, &fired, sizeof fired) > 0) armed_ = 0;
  }

 private:
  int fd_;
  Ns armed_ = 0;
};

/// Answers "what was the first to arrive since ...", for arrivals before and after the question.
class Arrivals {
 public:
  void add(Ns at) {
    times_.push_back(at);
    if (times_.size() > kKept) times_.pop_front();
    if (asked_ && at >= *asked_) answer(at);
  }
  void ask(Ns since) {
    asked_ = since;
    for (const auto at : times_)
      if (at >= since) return answer(at);
  }

 private:
  static constexpr std::size_t kKept = 65536;
  void answer(Ns at) {
    asked_.reset();
    say("first %lld", static_cast<long long>(at));
  }
  std::deque<Ns> times_;
  std::optional<Ns> asked_;
};

}  // namespace dormouse::wake
