#include "adapters/nft/program.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "adapters/nft/firewall.h"

namespace dormouse::nft {
namespace {

constexpr std::size_t kMaxOutput = 4096;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Instant now() {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &t));
  return Instant::from_ns(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

std::unexpected<Failure> refused(const std::string& what) { return failure(what + ": " + std::strerror(errno)); }

/// A nameless file holds the input, so that nobody waits for a pipe to be read.
int file_with(std::string_view input) {
  const int fd = memfd_create("dormouse-input", MFD_CLOEXEC);
  for (std::size_t at = 0; fd >= 0 && at < input.size();) {
    const auto n = write(fd, input.data() + at, input.size() - at);
    if (n <= 0) {
      close(fd);
      return -1;
    }
    at += static_cast<std::size_t>(n);
  }
  if (fd >= 0) lseek(fd, 0, SEEK_SET);
  return fd;
}

/// The child begins with no signal blocked or ignored, whatever the loop of this process does with them.
int spawn(pid_t& pid, const std::vector<std::string>& argv, int input, int output) {
  std::vector<char*> args;
  for (const auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  args.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
  std::array<char*, 3> environment{path, locale, nullptr};
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  const int rc = posix_spawn(&pid, args[0], &actions, &attributes, args.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return rc;
}

/// Takes what is there; false when the other end is closed.
bool drain(int fd, std::string& into) {
  std::array<char, 4096> piece;
  const auto n = read(fd, piece.data(), piece.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  // Past the bound it is read on and forgotten, so that the program does not get stuck.
  into.append(piece.data(), std::min(static_cast<std::size_t>(n), kMaxOutput - into.size()));
  return n > 0;
}

/// Reads until the program has ended; false if `until` comes first.
bool wait_for_end(int process, int output, std::string& text, Instant until) {
  bool open = true;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
    std::array<pollfd, 2> fds{{{process, POLLIN, 0}, {open ? output : -1, POLLIN, 0}}};
    const int rc = poll(fds.data(), fds.size(), left < 0 ? 0 : static_cast<int>(left));
    if (rc < 0 && errno == EINTR) continue;
    if (rc <= 0) return false;
    if (fds[1].revents != 0)
      open = drain(output, text);
    else if (fds[0].revents != 0)
      return true;
  }
}

std::string program_path() {
  for (const char* path : {"/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft", "/usr/bin/nft"})
    if (access(path, X_OK) == 0) return path;
  const char* variable = std::getenv("PATH");
  for (std::string_view rest = variable == nullptr ? "" : variable; !rest.empty();) {
    const auto end = rest.find(':');
    const auto path = std::string(rest.substr(0, end)) + "/nft";
    if (path.starts_with('/') && access(path.c_str(), X_OK) == 0) return path;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return {};
}

}  // namespace

Outcome<void> run_program(const std::vector<std::string>& argv, std::string_view input, Duration wait) {
  const auto& name = argv.front();
  const Fd in(file_with(input));
  if (in.get() < 0) return refused("prepare input of " + name);
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return refused("prepare output of " + name);
  const Fd out(ends[0]);
  Fd child_out(ends[1]);
  // Only our end must not block.
  fcntl(child_out.get(), F_SETFL, 0);
  pid_t pid = -1;
  if (const int rc = spawn(pid, argv, in.get(), child_out.get()); rc != 0)
    return failure("start " + name + ": " + std::strerror(rc));
  child_out.reset();
  // glibc's own function has no C linkage in some versions.
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  std::string text;
  const bool ended = process.get() >= 0 && wait_for_end(process.get(), out.get(), text, now() + wait);
  if (!ended) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return failure(name + " did not end within " + std::to_string(seconds_of(wait)) + " s and was killed");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  while (text.ends_with('\n')) text.pop_back();
  return failure(text.empty() ? name + " failed without a word" : text);
}

Runner nft_program() {
  return [](const std::string& json) -> Outcome<void> {
    const auto path = program_path();
    if (path.empty()) return failure("firewall: the program nft is not installed");
    const auto done = run_program({path, "-j", "-f", "-"}, json, 10s);
    if (!done) return failure("firewall: nft: " + done.error().text);
    return {};
  };
}

}  // namespace dormouse::nft
