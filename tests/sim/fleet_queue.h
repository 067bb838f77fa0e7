// The virtual clock of a fleet: what is due next happens next, at the same instant in the order it was asked for.
#pragma once
#include <algorithm>
#include <functional>
#include <vector>

#include "base/time.h"

namespace dormouse::sim {

class Queue {
 public:
  [[nodiscard]] Instant now() const { return now_; }
  void at(Instant when, std::function<void()> what) {
    heap_.push_back({std::max(when, now_), ++order_, std::move(what)});
    std::ranges::push_heap(heap_, Later{});
  }
  void after(Duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }
  /// Runs what is due until then; the clock stands there afterwards.
  void run_until(Instant until) {
    while (!heap_.empty() && heap_.front().when <= until) {
      std::ranges::pop_heap(heap_, Later{});
      auto item = std::move(heap_.back());
      heap_.pop_back();
      now_ = item.when;
      item.what();
    }
    now_ = until;
  }
  [[nodiscard]] std::uint64_t steps() const { return order_; }

 private:
  struct Item {
    Instant when;
    std::uint64_t order;
    std::function<void()> what;
  };
  struct Later {
    bool operator()(const Item& a, const Item& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  std::vector<Item> heap_;
  std::uint64_t order_ = 0;
  Instant now_ = Instant::from_ns(0);
};

}  // namespace dormouse::sim
