// Against a real bus daemon of its own and a stand-in for logind.
#include "adapters/logind/logind.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <signal.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "adapters/logind/testing/login1.h"

namespace dormouse::logind {
namespace {

using namespace std::chrono_literals;

class LogindTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/dormouse-bus-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    dir = folder;
    std::ofstream(dir + "/bus.conf") << "<busconfig><type>custom</type><listen>unix:path=" << dir
                                     << "/bus</listen><auth>EXTERNAL</auth><policy context='default'>"
                                        "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/>"
                                        "<allow own='*'/><allow user='*'/></policy></busconfig>";
    setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + dir + "/bus").c_str(), 1);
    ASSERT_GE(sd_event_new(&event), 0);
  }
  void TearDown() override {
    logind.reset();
    login1.reset();
    stop_bus();
    sd_event_unref(event);
    std::filesystem::remove_all(dir);
  }
  void start_bus() {
    bus = fork();
    if (bus == 0) {
      const auto conf = "--config-file=" + dir + "/bus.conf";
      execlp("dbus-daemon", "dbus-daemon", conf.c_str(), "--nofork", "--nopidfile", nullptr);
      _exit(127);
    }
    for (int i = 0; i < 500 && access((dir + "/bus").c_str(), F_OK) != 0; ++i) usleep(10'000);
    if (access((dir + "/bus").c_str(), F_OK) != 0) GTEST_SKIP() << "dbus-daemon is not installed (./dev setup)";
  }
  void stop_bus() {
    if (bus <= 0) return;
    kill(bus, SIGTERM);
    waitpid(bus, nullptr, 0);
    bus = -1;
    std::filesystem::remove(dir + "/bus");
  }
  void listen() {
    logind.emplace(event, Calls{.going = [this] { ++going; },
                                .back = [this] { ++back; },
                                .trouble = [this](const std::string& why) { troubles.push_back(why); }});
  }
  /// Both ends work until `done`; false after two seconds.
  template <class F>
  bool until(F done) {
    const auto end = std::chrono::steady_clock::now() + 2s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      sd_event_run(event, 2000);
      while (login1 && sd_bus_process(login1->bus(), nullptr) > 0) {
      }
    }
    return true;
  }

  std::string dir;
  pid_t bus = -1;
  sd_event* event = nullptr;
  std::optional<testing::Login1> login1;
  std::optional<Logind> logind;
  int going = 0, back = 0;
  std::vector<std::string> troubles;
};

TEST_F(LogindTest, holds_the_machine_until_it_is_ready_and_again_after_the_wake) {
  start_bus();
  if (IsSkipped()) return;
  login1.emplace();
  listen();
  ASSERT_TRUE(until([&] { return logind->holds_lock(); }));
  EXPECT_EQ(login1->asked, "sleep:Dormouse:delay");
  EXPECT_EQ(login1->locks(), 1U);
  login1->tell(true);
  ASSERT_TRUE(until([&] { return going == 1; }));
  EXPECT_EQ(login1->locks(), 1U) << "the machine waits";
  logind->ready();
  EXPECT_EQ(login1->locks(), 0U) << "and goes";
  EXPECT_FALSE(logind->holds_lock());
  login1->tell(false);
  ASSERT_TRUE(until([&] { return back == 1 && logind->holds_lock(); }));
  EXPECT_EQ(login1->given, 2U);
  EXPECT_EQ(login1->locks(), 1U);
  EXPECT_TRUE(troubles.empty());
}

TEST_F(LogindTest, a_sleep_called_off_keeps_the_one_lock) {
  start_bus();
  if (IsSkipped()) return;
  login1.emplace();
  listen();
  ASSERT_TRUE(until([&] { return logind->holds_lock(); }));
  login1->tell(true);
  login1->tell(false);
  ASSERT_TRUE(until([&] { return going == 1 && back == 1; }));
  EXPECT_EQ(login1->given, 1U);
  EXPECT_TRUE(logind->holds_lock());
}

TEST_F(LogindTest, without_a_bus_it_says_so_once_and_goes_on) {
  listen();
  EXPECT_FALSE(until([&] { return going != 0; }));
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_NE(troubles[0].find("system bus"), std::string::npos) << troubles[0];
  logind->ready();
}

TEST_F(LogindTest, a_logind_that_starts_later_is_noticed) {
  start_bus();
  if (IsSkipped()) return;
  listen();
  ASSERT_TRUE(until([&] { return !troubles.empty(); }));
  EXPECT_FALSE(logind->holds_lock());
  login1.emplace();
  ASSERT_TRUE(until([&] { return logind->holds_lock(); }));
  login1->tell(true);
  ASSERT_TRUE(until([&] { return going == 1; }));
  EXPECT_EQ(troubles.size(), 1U);
}

TEST_F(LogindTest, a_bus_that_goes_away_takes_nothing_with_it) {
  start_bus();
  if (IsSkipped()) return;
  login1.emplace();
  listen();
  ASSERT_TRUE(until([&] { return logind->holds_lock(); }));
  login1.reset();
  stop_bus();
  ASSERT_TRUE(until([&] { return !troubles.empty(); }));
  EXPECT_FALSE(logind->holds_lock());
  EXPECT_EQ(troubles.size(), 1U);
}

}  // namespace
}  // namespace dormouse::logind
