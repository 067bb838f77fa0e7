// What the control server needs of an event loop, so that it need not know which one.
#pragma once
#include <functional>

#include "base/result.h"

namespace dormouse::control {

class FdWatcher {
 public:
  virtual ~FdWatcher() = default;
  /// Calls `ready(readable, writable)` while `fd` is readable, and after want_write() also while it is writable.
  /// `ready` may call unwatch() for its own descriptor.
  [[nodiscard]] virtual Outcome<void> watch(int fd, std::function<void(bool readable, bool writable)> ready) = 0;
  virtual void want_write(int fd, bool on) = 0;
  /// Called before the descriptor is closed. Nothing happens for one that is not watched.
  virtual void unwatch(int fd) = 0;
};

}  // namespace dormouse::control
