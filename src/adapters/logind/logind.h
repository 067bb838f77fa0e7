// systemd-logind's word that this machine is about to sleep and that it is back, over the system bus, with a lock that
// makes the machine wait a moment. Without a bus or without logind it says so once and goes on; it tries again.
#pragma once
#include <functional>
#include <memory>
#include <string>

struct sd_event;

namespace dormouse::logind {

struct Calls {
  std::function<void()> going;                          ///< the machine waits for ready(), five seconds at most
  std::function<void()> back;                           ///< it slept, or did not after all
  std::function<void(const std::string& why)> trouble;  ///< it will not be told in time; once until that changes
};

class Logind {
 public:
  /// `event` must outlive it. Never blocks and never fails: what goes wrong is told by `trouble`.
  Logind(sd_event* event, Calls calls);
  ~Logind();
  Logind(const Logind&) = delete;
  Logind& operator=(const Logind&) = delete;
  /// The machine may sleep now: the lock is given back. It is taken again at `back`.
  void ready();
  /// Whether the machine would wait for us.
  [[nodiscard]] bool holds_lock() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse::logind
