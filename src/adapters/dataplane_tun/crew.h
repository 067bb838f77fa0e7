// The threads of the packet path. A packet is carried from end to end by one thread. The first thread serves both
// lanes, which costs the fewest wake-ups; when it is busy all the time with both of them, the second takes the inbound
// lane until there is little to do again.
#pragma once
#include <atomic>
#include <mutex>
#include <thread>

#include "adapters/dataplane_tun/error_lane.h"
#include "adapters/dataplane_tun/in_lane.h"
#include "adapters/dataplane_tun/load.h"
#include "adapters/dataplane_tun/out_lane.h"
#include "adapters/dataplane_tun/poll_set.h"
#include "adapters/dataplane_tun/spin.h"

namespace dormouse::dataplane {

class Crew {
 public:
  Crew(Tables& tables, OuterSockets& sockets, OutLane& out, InLane& in, ErrorLane& errors);
  /// Returns when both threads have ended.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// Serves a device from now on, until its descriptor is closed.
  void serve(const TunDevice& device);

 private:
  void run_first();
  void run_second();
  std::size_t carry(std::span<const PollSet::Ready> ready, Load& load);
  /// Gives the inbound lane to the second thread, or back to the first.
  void set_split(bool split);
  void watch_outer(PollSet& set);

  Tables& tables_;
  OuterSockets& sockets_;
  OutLane& out_;
  InLane& in_;
  ErrorLane& errors_;
  Fd wake_;
  PollSet first_set_, second_set_;
  const bool may_split_;
  std::atomic<bool> stop_ = false;
  std::mutex split_mutex_;  ///< for changes of split_, a few a second at most
  std::atomic<bool> split_ = false;
  std::thread first_, second_;
};

}  // namespace dormouse::dataplane
