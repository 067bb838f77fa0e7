// The control server's view of the loop.
#pragma once
#include <map>

#include "adapters/control/fd_watcher.h"
#include "adapters/loop/loop.h"

namespace dormouse::daemon {

class LoopWatcher final : public control::FdWatcher {
 public:
  explicit LoopWatcher(loop::Loop& loop) : loop_(loop) {}
  Outcome<void> watch(int fd, std::function<void(bool, bool)> ready) override {
    TRY_ASSIGN(auto source, loop_.watch(fd, [ready = std::move(ready)](loop::Ready r) { ready(r.read, r.write); }));
    sources_[fd] = std::move(source);
    return {};
  }
  void want_write(int fd, bool on) override {
    if (const auto it = sources_.find(fd); it != sources_.end()) loop_.want(it->second, true, on);
  }
  void unwatch(int fd) override { sources_.erase(fd); }

 private:
  loop::Loop& loop_;
  std::map<int, loop::Source> sources_;
};

}  // namespace dormouse::daemon
