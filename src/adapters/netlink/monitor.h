// The kernel's announcements of changed links, addresses and routes.
#pragma once
#include <memory>
#include <vector>

#include "adapters/netlink/values.h"
#include "base/result.h"

namespace dormouse::netlink {

class Monitor {
 public:
  [[nodiscard]] static Outcome<Monitor> open();
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();
  /// Readable when read() has something.
  [[nodiscard]] int fd() const;
  /// What waits, in order; empty if nothing does. Never blocks, and leaves the rest of a flood for the next call.
  [[nodiscard]] Outcome<std::vector<Event>> read();

 private:
  struct Impl;
  explicit Monitor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse::netlink
