// What waits for a sleeper: the newest few packets, bounded for one and for all.
#pragma once
#include <deque>

#include "base/bytes.h"
#include "base/limits.h"

namespace dormouse::xfrm {

class Parked {
 public:
  /// Takes the packet in and drops the oldest until the bounds hold; `total` is the octets parked for all sleepers.
  /// Returns how many were dropped.
  std::size_t add(ByteView packet, std::size_t& total) {
    packets_.emplace_back(packet.begin(), packet.end());
    octets_ += packet.size();
    total += packet.size();
    std::size_t dropped = 0;
    while (!packets_.empty() && (packets_.size() > limits::kParkedPackets || octets_ > limits::kParkedBytes ||
                                 total > limits::kParkedBytesTotal)) {
      (void)take(total);
      ++dropped;
    }
    return dropped;
  }
  /// The oldest; not to be called when empty().
  [[nodiscard]] Bytes take(std::size_t& total) {
    Bytes packet = std::move(packets_.front());
    packets_.pop_front();
    octets_ -= packet.size();
    total -= packet.size();
    return packet;
  }
  [[nodiscard]] bool empty() const { return packets_.empty(); }
  [[nodiscard]] std::size_t size() const { return packets_.size(); }

 private:
  std::deque<Bytes> packets_;
  std::size_t octets_ = 0;
};

}  // namespace dormouse::xfrm
