// Signals as something to poll for, so that no handler runs in the middle of anything. Blocked from construction to
// destruction.
#pragma once
#include <initializer_list>
#include <optional>
#include <signal.h>

namespace dormouse::shell {

class Signals {
 public:
  Signals(std::initializer_list<int> wanted);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  /// Readable when one has come.
  [[nodiscard]] int fd() const { return fd_; }
  /// The next that has come, without waiting.
  [[nodiscard]] std::optional<int> take();

 private:
  int fd_;
  sigset_t before_;
};

}  // namespace dormouse::shell
