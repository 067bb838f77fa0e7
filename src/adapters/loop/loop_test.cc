#include "adapters/loop/loop.h"

#include <array>
#include <ctime>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace dormouse::loop {
namespace {

std::unique_ptr<Loop> make_loop() {
  auto loop = Loop::create();
  EXPECT_TRUE(loop) << loop.error().text;
  return std::move(*loop);
}

struct Pipe {
  std::array<int, 2> end{-1, -1};
  Pipe() { EXPECT_EQ(pipe(end.data()), 0); }
  ~Pipe() {
    for (const int fd : end) close(fd);
  }
  void put() const { EXPECT_EQ(write(end[1], "x", 1), 1); }
  void take() const {
    char c = 0;
    EXPECT_EQ(read(end[0], &c, 1), 1);
  }
};

// A time namespace in which the machine has slept for 1000 s: only there CLOCK_BOOTTIME and CLOCK_MONOTONIC differ at
// will.
TEST(Loop, counts_the_time_the_machine_has_slept) {
  constexpr int kGood = 0, kUnable = 1, kWrong = 2;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWTIME) != 0) _exit(kUnable);
    const int offsets = open("/proc/self/timens_offsets", O_WRONLY);
    if (offsets < 0 || write(offsets, "boottime 1000 0\n", 16) != 16) _exit(kUnable);
    const pid_t inside = fork();  // a namespace of time holds for children
    if (inside == 0) {
      const auto loop = Loop::create();
      if (!loop) _exit(kUnable);
      timespec boot{};
      (void)clock_gettime(CLOCK_BOOTTIME, &boot);
      const auto difference =
          (*loop)->now() - Instant::from_ns(std::int64_t{boot.tv_sec} * 1'000'000'000 + boot.tv_nsec);
      bool fired = false;
      auto timer = (*loop)->timer([&](Instant) {
        fired = true;
        (*loop)->stop(0);
      });
      if (!timer) _exit(kUnable);
      timer->arm((*loop)->now() + 20ms);  // by another clock it would not be due for 1000 s, or be long over
      alarm(10);
      (void)(*loop)->run();
      _exit(fired && difference < 1s && difference > -1s ? kGood : kWrong);
    }
    int status = 0;
    waitpid(inside, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : kWrong);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kUnable) GTEST_SKIP() << "needs root and time namespaces";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kGood);
}

TEST(Loop, a_timer_fires_once_and_not_before_its_moment) {
  auto loop = make_loop();
  int fired = 0;
  Instant at;
  auto timer = loop->timer([&](Instant now) {
    ++fired;
    at = now;
    loop->stop(7);
  });
  ASSERT_TRUE(timer);
  const auto due = loop->now() + 20ms;
  timer->arm(due);
  const auto code = loop->run();
  ASSERT_TRUE(code);
  EXPECT_EQ(*code, 7);
  EXPECT_EQ(fired, 1);
  EXPECT_GE(at, due);
  EXPECT_LT(at, due + 2s);
}

TEST(Loop, the_earlier_of_two_timers_is_first_and_a_stopped_one_is_silent) {
  auto loop = make_loop();
  std::string order;
  auto a = loop->timer([&](Instant) { order += 'a'; });
  auto b = loop->timer([&](Instant) { order += 'b'; });
  auto c = loop->timer([&](Instant) { order += 'c'; });
  auto end = loop->timer([&](Instant) { loop->stop(); });
  const auto now = loop->now();
  a->arm(now + 10ms);
  b->arm(now + 5ms);
  c->arm(now + 1ms);
  c->stop();
  end->arm(now + 20ms);
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(order, "ba");
}

TEST(Loop, a_timer_armed_in_the_past_fires_at_the_next_turn) {
  auto loop = make_loop();
  int fired = 0;
  auto timer = loop->timer([&](Instant) { ++fired; });
  timer->arm(loop->now() - 1h);
  ASSERT_TRUE(loop->turn(5s));
  EXPECT_EQ(fired, 1);
}

TEST(Loop, a_timer_may_arm_itself_again) {
  auto loop = make_loop();
  int fired = 0;
  Timer timer;
  auto made = loop->timer([&](Instant now) {
    if (++fired < 3)
      timer.arm(now + 1ms);
    else
      loop->stop();
  });
  timer = std::move(*made);
  timer.arm(loop->now());
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(fired, 3);
}

TEST(Loop, a_readable_descriptor_calls_until_it_is_read) {
  auto loop = make_loop();
  const Pipe p;
  int calls = 0;
  auto source = loop->watch(p.end[0], [&](Ready r) {
    EXPECT_TRUE(r.read);
    if (++calls == 2) p.take();
  });
  ASSERT_TRUE(source);
  p.put();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(loop->turn(Duration(0)));
  EXPECT_EQ(calls, 2);
}

TEST(Loop, writability_is_reported_only_when_wanted) {
  auto loop = make_loop();
  const Pipe p;
  int writable = 0;
  auto source = loop->watch(p.end[1], [&](Ready r) { writable += r.write; });
  ASSERT_TRUE(loop->turn(Duration(0)));
  EXPECT_EQ(writable, 0);
  loop->want(*source, false, true);
  ASSERT_TRUE(loop->turn(1s));
  EXPECT_EQ(writable, 1);
}

TEST(Loop, a_hang_up_shows_as_readable) {
  auto loop = make_loop();
  Pipe p;
  bool read = false;
  auto source = loop->watch(p.end[0], [&](Ready r) { read = r.read; });
  close(p.end[1]);
  p.end[1] = dup(p.end[0]);
  ASSERT_TRUE(loop->turn(1s));
  EXPECT_TRUE(read);
}

TEST(Loop, a_callback_may_end_its_own_registration) {
  auto loop = make_loop();
  const Pipe p;
  int calls = 0;
  Source source;
  auto kept = std::make_shared<int>(41);
  source = std::move(*loop->watch(p.end[0], [&, kept](Ready) {
    source.reset();
    calls += *kept - 40;  // the closure is still there
  }));
  kept.reset();
  p.put();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop->turn(Duration(0)));
  EXPECT_EQ(calls, 1);
}

TEST(Loop, one_callback_may_end_the_registration_of_another_that_is_due) {
  auto loop = make_loop();
  const Pipe p, q;
  int calls = 0;
  Source a, b;
  a = std::move(*loop->watch(p.end[0], [&](Ready) { ++calls, a.reset(), b.reset(); }));
  b = std::move(*loop->watch(q.end[0], [&](Ready) { ++calls, a.reset(), b.reset(); }));
  p.put();
  q.put();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop->turn(Duration(0)));
  EXPECT_EQ(calls, 1);
}

TEST(Loop, a_signal_is_caught_and_does_not_kill) {
  auto loop = make_loop();
  int caught = 0;
  auto source = loop->on_signal(SIGHUP, [&] { ++caught; });
  ASSERT_TRUE(source);
  ASSERT_EQ(kill(getpid(), SIGHUP), 0);
  ASSERT_TRUE(loop->turn(5s));
  EXPECT_EQ(caught, 1);
}

TEST(Loop, the_end_of_a_child_is_told_with_its_exit_code) {
  auto loop = make_loop();
  // Blocked before the fork, as the loop needs it; the child must not run any of the parent's handlers.
  const pid_t pid = fork();
  if (pid == 0) _exit(42);
  ChildEnd end;
  auto source = loop->on_child(pid, [&](ChildEnd e) {
    end = e;
    loop->stop();
  });
  ASSERT_TRUE(source) << source.error().text;
  ASSERT_TRUE(loop->run());
  EXPECT_EQ(end.pid, pid);
  EXPECT_EQ(end.code, 42);
  EXPECT_FALSE(end.killed);
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1) << "not reaped";
}

TEST(Loop, the_end_of_a_child_by_a_signal_is_told_as_such) {
  auto loop = make_loop();
  const pid_t pid = fork();
  if (pid == 0) {
    pause();
    _exit(0);
  }
  ChildEnd end;
  auto source = loop->on_child(pid, [&](ChildEnd e) {
    end = e;
    loop->stop();
  });
  ASSERT_TRUE(source);
  kill(pid, SIGKILL);
  ASSERT_TRUE(loop->run());
  EXPECT_TRUE(end.killed);
  EXPECT_EQ(end.code, SIGKILL);
}

TEST(Loop, deferred_work_runs_once_before_the_loop_waits) {
  auto loop = make_loop();
  int runs = 0;
  loop->defer([&] { ++runs; });
  const auto before = loop->now();
  ASSERT_TRUE(loop->turn(10s));
  EXPECT_LT(loop->now() - before, 5s);
  ASSERT_TRUE(loop->turn(Duration(0)));
  EXPECT_EQ(runs, 1);
}

TEST(Loop, work_deferred_by_deferred_work_runs_too) {
  auto loop = make_loop();
  loop->defer([&] { loop->defer([&] { loop->stop(3); }); });
  const auto code = loop->run();
  ASSERT_TRUE(code);
  EXPECT_EQ(*code, 3);
}

TEST(Loop, the_end_of_a_turn_is_told_after_what_was_called_in_it) {
  auto loop = make_loop();
  std::string order;
  auto settle = loop->after_each_turn([&] { order += 's'; });
  loop->defer([&] { order += 'd'; });
  while (*loop->turn(Duration(0))) {
  }
  EXPECT_EQ(order, "ds");
}

TEST(Loop, boot_time_goes_on_and_the_calendar_is_of_this_century) {
  auto loop = make_loop();
  const auto a = loop->now();
  EXPECT_LE(a, loop->now());
  EXPECT_GT(loop->wall_now().seconds, 1'700'000'000);
}

TEST(Loop, a_state_without_a_service_manager_is_no_harm) { notify_manager("STATUS=testing"); }

/// The socket a service manager listens at, named in the environment as it does it.
class ServiceManager {
 public:
  ServiceManager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const auto path = "/tmp/dormouse-notify-" + std::to_string(getpid());
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    path_ = path;
  }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    close(fd_);
    unlink(path_.c_str());
  }
  /// The next message, or nothing.
  [[nodiscard]] std::string heard() const {
    std::array<char, 256> text{};
    const auto n = recv(fd_, text.data(), text.size(), 0);
    return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : "";
  }

 private:
  int fd_;
  std::string path_;
};

TEST(Loop, tells_the_service_manager_when_it_reads_its_configuration_anew) {
  const ServiceManager manager;
  notify_reloading();
  notify_manager("READY=1");
  EXPECT_TRUE(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(manager.heard(), "READY=1");
}

TEST(Loop, answers_the_watchdog_while_it_turns) {
  const ServiceManager manager;
  EXPECT_FALSE(make_loop()->keep_watchdog()) << "nobody asked";
  setenv("WATCHDOG_USEC", "200000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  auto loop = make_loop();
  EXPECT_TRUE(loop->keep_watchdog());
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  (void)loop->turn(400ms);
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  EXPECT_EQ(manager.heard(), "") << "a loop that does not turn is not alive";
}

}  // namespace
}  // namespace dormouse::loop
