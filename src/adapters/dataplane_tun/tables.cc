#include "adapters/dataplane_tun/tables.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>

namespace dormouse::dataplane {

void Gate::yield() { sched_yield(); }

void SpiTable::rebuild(const std::map<ChildId, std::unique_ptr<Child>>& children) {
  std::size_t size = 64;
  while (size < children.size() * 2) size *= 2;
  slots_.assign(size, {});
  for (const auto& [id, child] : children) {
    std::size_t i = hash(child->spi_in) & (size - 1);
    while (slots_[i].child) i = (i + 1) & (size - 1);
    slots_[i] = {child->spi_in, child.get()};
  }
}

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
  eventfd_read(fd_.get(), &n);
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

std::int64_t boottime_ns() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace dormouse::dataplane
