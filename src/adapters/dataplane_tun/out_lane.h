// From TUN to the outer network: read, cut, pick the Child SA, seal, send. One batch from end to end by the thread that
// calls.
#pragma once
#include <vector>

#include "adapters/dataplane_tun/sender.h"
#include "adapters/dataplane_tun/tables.h"
#include "esp/seal_run.h"

namespace dormouse::dataplane {

class OutLane {
 public:
  OutLane(Tables& tables, OuterSockets& sockets);
  /// What waits at the device, up to a bound. Returns the number of reads. Inside a Batch of the out gate.
  std::size_t drain(DeviceId id);
  /// Sends what is parked for a tunnel that is awake, as far as a Child SA is ready for it. Inside a Change.
  void send_parked(Tunnel& tunnel);
  /// Forgets what is parked. Inside a Change.
  void drop_parked(Tunnel& tunnel);

 private:
  static constexpr std::size_t kReads = 64;  ///< then the other lane has its turn
  struct Choice {
    Child* child = nullptr;
    Tunnel* sleeper = nullptr;
  };
  void packet(Device& d, MutableBytes packet, const esp::OffloadHeader& offload);
  [[nodiscard]] static Choice choose(const Device& d, const esp::InnerPacket& info);
  [[nodiscard]] static Choice choose(Tunnel& t, const esp::InnerPacket& info, bool alone);
  [[nodiscard]] static Child* newest_ready(const Tunnel& t, const esp::InnerPacket& info);
  void seal(Child& c, esp::Segmenter& packets, bool v6, std::uint8_t traffic_class);
  void flush();
  void tell_lifetime(Child& c);
  void tell_wanted(Device& d, const esp::InnerPacket& info);
  void park(Tunnel& t, esp::Segmenter& packets);
  void drop_oldest(Tunnel& t);

  Tables& tables_;
  Sender sender_;
  esp::SealRun run_;
  Child* run_child_ = nullptr;
  std::vector<std::uint8_t> buffer_;
  Instant now_;
};

}  // namespace dormouse::dataplane
