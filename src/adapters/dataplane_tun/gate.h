// The lock between a lane of the packet path and control: taken by the lane once for a whole batch, by control for a
// change.
#pragma once
#include <atomic>
#include <mutex>
#include <sched.h>

namespace dormouse::dataplane {

/// Control announces itself, so that a lane which is always busy lets it in between two batches.
class Gate {
 public:
  void enter_batch() {
    while (waiting_.load(std::memory_order_acquire) != 0) sched_yield();
    mutex_.lock();
  }
  void leave_batch() { mutex_.unlock(); }
  void lock() {
    waiting_.fetch_add(1, std::memory_order_acq_rel);
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_acq_rel);
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::atomic<int> waiting_ = 0;
};

/// A lane's batch.
class Batch {
 public:
  explicit Batch(Gate& gate) : gate_(gate) { gate_.enter_batch(); }
  ~Batch() { gate_.leave_batch(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

 private:
  Gate& gate_;
};

}  // namespace dormouse::dataplane
