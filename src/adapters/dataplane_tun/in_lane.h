// From the outer network to TUN: receive, sort, open, check, join, write. One batch from end to end by the thread that
// calls.
#pragma once
#include <array>
#include <vector>

#include "adapters/dataplane_tun/tables.h"
#include "esp/coalescer.h"
#include "esp/open_batch.h"

namespace dormouse::dataplane {

class InLane {
 public:
  InLane(Tables& tables, OuterSockets& sockets, std::uint16_t udp_port);
  /// What waits at the socket, up to a bound. Returns the number of packets. Inside a Batch of the in gate.
  std::size_t receive(Outer which);

 private:
  // With UDP_GRO a datagram is up to 64 KiB of packets; an ESP socket gives packets one by one.
  static constexpr std::size_t kMessages = 32, kBuffer = 512 * 1024;
  static constexpr std::size_t kUdpDatagram = 64 * 1024, kEspDatagram = kBuffer / kMessages;

  void udp_datagram(MutableBytes data, const Arrival& from);
  void raw_datagram(MutableBytes data, Arrival from);
  void esp_packet(MutableBytes packet, const Arrival& from, esp::Encap encap);
  void open();
  void note_origin(Child& c, const esp::Opened& packet);
  void deliver(Child& c, MutableBytes inner);
  void take_headerless(Child& c, std::span<const esp::Opened> opened);
  void deliver_headerless(Child& c, const esp::Opened& packet);
  void write_joined();
  void tell_unknown(EspSpi spi, const Endpoint& remote);

  Tables& tables_;
  OuterSockets& sockets_;
  std::uint16_t port_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> whole_;  ///< a packet that came without its IP header, behind an empty offload header
  std::array<mmsghdr, kMessages> messages_{};
  std::array<iovec, kMessages> io_{};
  std::array<sockaddr_storage, kMessages> names_{};
  struct alignas(cmsghdr) Control {
    std::array<char, 160> octets;
  };
  std::array<Control, kMessages> controls_{};
  // What is gathered: packets of one Child SA that came the same way, then super-packets for one device.
  esp::OpenBatch batch_;
  Child* child_ = nullptr;
  Arrival from_;
  esp::Encap encap_ = esp::Encap::udp;
  esp::Coalescer joined_;
  Device* device_ = nullptr;
  std::size_t handled_ = 0;
  Instant now_, unknown_told_;
};

}  // namespace dormouse::dataplane
