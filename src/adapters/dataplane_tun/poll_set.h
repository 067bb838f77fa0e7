// What a packet thread waits for, and what is ready.
#pragma once
#include <array>
#include <span>
#include <sys/epoll.h>

#include "adapters/dataplane_tun/fd.h"
#include "adapters/dataplane_tun/outer_sockets.h"

namespace dormouse::dataplane {

class PollSet {
 public:
  enum class Kind : std::uint8_t { wake, device, outer, errors };
  struct Ready {
    Kind kind;
    std::uint32_t number;  ///< DeviceId, Outer or Family
  };
  PollSet() : fd_(epoll_create1(EPOLL_CLOEXEC)) {}
  void add(int fd, Kind kind, std::uint32_t number) {
    if (fd < 0) return;
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = std::uint64_t{static_cast<std::uint8_t>(kind)} << 32 | number;
    (void)epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &e);
  }
  /// Closed descriptors leave by themselves.
  void remove(int fd) {
    if (fd >= 0) (void)epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  /// `timeout_ms` as epoll_wait: 0 looks, -1 waits. The result is valid until the next call.
  [[nodiscard]] std::span<const Ready> wait(int timeout_ms) {
    std::array<epoll_event, kMost> events;
    const int n = epoll_wait(fd_.get(), events.data(), kMost, timeout_ms);
    std::size_t count = 0;
    for (; n > 0 && count < static_cast<std::size_t>(n); ++count) {
      const std::uint64_t tag = events[count].data.u64;
      ready_[count] = {static_cast<Kind>(tag >> 32), static_cast<std::uint32_t>(tag)};
    }
    return std::span(ready_).first(count);
  }

 private:
  static constexpr int kMost = 32;
  Fd fd_;
  std::array<Ready, kMost> ready_{};
};

}  // namespace dormouse::dataplane
