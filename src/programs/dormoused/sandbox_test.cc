// Each test enters the sandbox in a child of its own: there is no way out of it.
#include "programs/dormoused/sandbox.h"

#include <cerrno>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <spawn.h>
#include <string>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dormouse::daemon {
namespace {

constexpr int kYes = 0, kNo = 1, kNoSandbox = 2;

/// What `holds` says in a child that is in the sandbox.
int inside(const std::function<bool()>& holds) {
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_sandbox()) _exit(kNoSandbox);
    _exit(holds() ? kYes : kNo);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The line of /proc/thread-self/status that begins with `name`, without the name.
std::string status(const std::string& name) {
  std::ifstream in("/proc/thread-self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find_last_of(" \t") + 1);
  return "";
}

bool refuses(long result) { return result == -1 && errno == EPERM; }

int exit_of(const char* command) {
  const char* argv[] = {"/bin/sh", "-c", command, nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, argv[0], nullptr, nullptr, const_cast<char**>(argv), environ) != 0) return -1;
  int end = 0;
  waitpid(pid, &end, 0);
  return WIFEXITED(end) ? WEXITSTATUS(end) : -1;
}

TEST(Sandbox, refuses_what_reaches_beyond_the_process) {
  EXPECT_EQ(inside([] { return refuses(mount("none", "/mnt", "tmpfs", 0, nullptr)); }), kYes);
  EXPECT_EQ(inside([] { return refuses(unshare(CLONE_NEWUSER)); }), kYes);
  EXPECT_EQ(inside([] { return refuses(personality(ADDR_NO_RANDOMIZE)); }), kYes);
  EXPECT_EQ(inside([] { return refuses(syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0)); }), kYes);
  EXPECT_EQ(inside([] { return refuses(syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }), kYes);
  EXPECT_EQ(inside([] { return refuses(setuid(getuid())); }), kYes);
}

TEST(Sandbox, lets_a_process_with_namespaces_of_its_own_not_begin) {
  EXPECT_EQ(inside([] { return refuses(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0)); }),
            kYes);
}

TEST(Sandbox, lets_threads_and_programs_run) {
  EXPECT_EQ(inside([] {
              bool ran = false;
              std::thread([&] { ran = true; }).join();
              return ran && exit_of("exit 7") == 7;
            }),
            kYes);
}

TEST(Sandbox, holds_for_later_threads_and_for_programs) {
  EXPECT_EQ(
      inside([] {
        std::string filter, privileges;
        std::thread([&] { filter = status("Seccomp"), privileges = status("NoNewPrivs"); }).join();
        return filter == "2" && privileges == "1" &&
               exit_of("grep -q '^Seccomp:.2$' /proc/self/status && grep -q '^NoNewPrivs:.1$' /proc/self/status") == 0;
      }),
      kYes);
}

TEST(Sandbox, keeps_the_capabilities_of_a_gateway_and_no_other) {
  const auto mine = std::stoull(status("CapPrm"), nullptr, 16);
  const auto gateway =
      1ULL << CAP_NET_ADMIN | 1ULL << CAP_NET_RAW | 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_DAC_OVERRIDE;
  const auto wanted = mine & gateway;
  EXPECT_EQ(inside([&] {
              const auto now = [](const char* set) { return std::stoull(status(set), nullptr, 16); };
              return now("CapPrm") == wanted && now("CapEff") == wanted && (now("CapBnd") & ~gateway) == 0;
            }),
            mine >> CAP_SETPCAP & 1 ? kYes : kNo)
      << "the bounding set is cut by whoever may";
}

TEST(Sandbox, passes_on_what_a_daemon_that_is_not_roots_was_given_to_pass_on) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else with capabilities";
  const pid_t child = fork();
  if (child == 0) {
    // As AmbientCapabilities= of a service manager does it, which here leaves the bounding set alone.
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(3);
    __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2]{};
    sets[0] = {1U << CAP_NET_ADMIN, 1U << CAP_NET_ADMIN, 1U << CAP_NET_ADMIN};
    if (syscall(SYS_capset, &head, sets) != 0) _exit(4);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) != 0) _exit(5);
    if (!enter_sandbox()) _exit(kNoSandbox);
    _exit(exit_of("grep -q '^CapEff:.0000000000001000$' /proc/self/status"));
  }
  int end = 0;
  waitpid(child, &end, 0);
  EXPECT_EQ(WEXITSTATUS(end), 0);
}

}  // namespace
}  // namespace dormouse::daemon
