#include "programs/dormouse/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace dormouse::shell {

Signals::Signals(std::initializer_list<int> wanted) {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : wanted) sigaddset(&set, s);
  sigprocmask(SIG_BLOCK, &set, &before_);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::take() {
  signalfd_siginfo info{};
  if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace dormouse::shell
