// Gathers finished ESP packets of one path into as few sends as the kernel allows: runs of equal size with UDP_SEGMENT,
// or one sendmmsg for plain ESP.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "adapters/dataplane_tun/outer_sockets.h"
#include "adapters/dataplane_tun/tables.h"

namespace dormouse::dataplane {

class Sender {
 public:
  explicit Sender(OuterSockets& sockets) : sockets_(sockets), buffer_(kCapacity + kSlack) {}
  /// Room for a packet of `size` octets to `path`, after what does not fit with it was sent. Fill it, then commit().
  [[nodiscard]] std::uint8_t* room(const esp::OuterPath& path, Tunnel& tunnel, std::size_t size);
  /// Whether room() for this packet would first send what is gathered.
  [[nodiscard]] bool would_flush(const esp::OuterPath& path, const Tunnel& tunnel, std::size_t size) const;
  void commit(std::size_t size);
  /// Sends what is gathered. False if the kernel refused.
  void flush();
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kMaxSegments = 64, kCapacity = 65000, kSlack = 4096;
  bool send_segmented();
  bool send_singly();
  OuterSockets& sockets_;
  std::vector<std::uint8_t> buffer_;
  std::optional<esp::OuterPath> path_;
  Tunnel* tunnel_ = nullptr;
  std::size_t used_ = 0, count_ = 0, segment_ = 0;
  std::array<std::uint32_t, kMaxSegments> sizes_{};
};

}  // namespace dormouse::dataplane
