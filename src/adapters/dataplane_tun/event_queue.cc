#include "adapters/dataplane_tun/event_queue.h"

#include <sys/eventfd.h>

namespace dormouse::dataplane {

EventQueue::EventQueue() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void EventQueue::push(esp::PathEvent event) {
  {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= kBound) return;
    events_.push_back(std::move(event));
  }
  eventfd_write(fd_.get(), 1);
}

std::vector<esp::PathEvent> EventQueue::take() {
  eventfd_t n = 0;
  eventfd_read(fd_.get(), &n);  // before the swap: what comes later rings again
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

}  // namespace dormouse::dataplane
