// From TUN to the outer network, on a thread of its own, to completion: read, cut, pick the Child SA, seal, send.
#pragma once
#include <array>
#include <atomic>

#include "adapters/dataplane_tun/sender.h"
#include "adapters/dataplane_tun/tables.h"
#include "esp/super_packet.h"

namespace dormouse::dataplane {

class OutPath {
 public:
  OutPath(Tables& tables, OuterSockets& sockets, int wake_fd);
  /// Until `stop`. A write to wake_fd makes it look at the devices again.
  void run(const std::atomic<bool>& stop);
  /// Sends what is parked for `tunnel`. By the control thread, inside a Change.
  void send_parked(Tunnel& tunnel);

 private:
  static constexpr int kReads = 64;
  void watch_devices(int epoll);
  bool drain(Device& d);
  void packet(Device& d, MutableBytes packet, const esp::OffloadHeader& offload);
  [[nodiscard]] Child* choose(const Device& d, ByteView packet, const esp::InnerPacket& info, Tunnel*& sleeper) const;
  [[nodiscard]] Child* newest_ready(const Tunnel& t, const esp::InnerPacket& info) const;
  void seal(Child& c, esp::Segmenter& segments, bool v6);
  void seal_batch(Child& c, std::array<crypto::EspJob, 64>& jobs, std::size_t n);
  void park(Tunnel& t, esp::Segmenter& segments);
  void tell_wanted(Device& d, const esp::InnerPacket& info);
  void tell_limits(Child& c);
  Tables& tables_;
  Sender sender_;
  int wake_;
  std::vector<std::uint8_t> buffer_;
  std::vector<Device*> watched_;
  std::int64_t now_ = 0;
};

}  // namespace dormouse::dataplane
