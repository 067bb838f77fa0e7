// Events from the packet path to control: rare, bounded, signalled by an eventfd.
#pragma once
#include <mutex>
#include <vector>

#include "adapters/dataplane_tun/fd.h"
#include "esp/data_plane.h"

namespace dormouse::dataplane {

class EventQueue {
 public:
  EventQueue();
  /// Full: the event is lost. IKE messages are sent again by their senders, the rest comes up again by itself.
  void push(esp::PathEvent event);
  /// All of them, in order; the descriptor is then quiet.
  [[nodiscard]] std::vector<esp::PathEvent> take();
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  static constexpr std::size_t kBound = 8192;  // a burst of logins
  std::mutex mutex_;
  std::vector<esp::PathEvent> events_;
  Fd fd_;
};

}  // namespace dormouse::dataplane
