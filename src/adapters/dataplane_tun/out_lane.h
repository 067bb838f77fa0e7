// From TUN to the outer network: read, cut, pick the Child SA, seal, send. One batch from end to end by the thread that
// calls. What is too large for the path leaves the fast way: too_large().
#pragma once
#include <vector>

#include "adapters/dataplane_tun/sender.h"
#include "adapters/dataplane_tun/tables.h"
#include "esp/seal_run.h"
#include "esp/segmenter.h"

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
  /// `first` is the packet that `packets` cuts.
  void forward(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, MutableBytes first);
  /// The same in transport mode.
  void forward_headerless(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, MutableBytes first);
  void too_large(Child& c, esp::Segmenter& packets, const esp::InnerPacket& info, esp::OuterMark mark, ByteView first);
  void answer_too_large(Tunnel& t, ByteView packet, const esp::InnerPacket& info, std::uint32_t mtu);
  /// Whether the sleeper's sender was told at once that its packet will not fit, instead of when the sleeper wakes.
  [[nodiscard]] bool answered_asleep(Tunnel& t, esp::Segmenter& packets, const esp::InnerPacket& info);
  void seal_any(Child& c, esp::Segmenter& packets, bool v6, esp::OuterMark mark, ByteView first);
  template <class Packets>
  void seal(Child& c, Packets& packets, bool v6, esp::OuterMark mark);
  /// Asks the kernel for the size of the path again, now and then.
  void measure(Tunnel& t, std::size_t refused_size);
  void flush();
  void tell_lifetime(Child& c);
  void tell_wanted(Device& d, const esp::InnerPacket& info);
  void park(Tunnel& t, esp::Segmenter& packets);
  void drop_oldest(Tunnel& t);

  Tables& tables_;
  OuterSockets& sockets_;
  Sender sender_;
  esp::SealRun run_;
  Child* run_child_ = nullptr;
  std::vector<std::uint8_t> buffer_, large_;
  std::uint16_t fragment_id_ = 0;
  Instant answers_counted_;  ///< since when
  unsigned answers_ = 0;
  Instant now_;
};

}  // namespace dormouse::dataplane
