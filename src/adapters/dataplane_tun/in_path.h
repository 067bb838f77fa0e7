// From the outer network to TUN, on a thread of its own, to completion: receive, sort, open, check, join, write.
#pragma once
#include <array>
#include <atomic>
#include <vector>

#include "adapters/dataplane_tun/outer_sockets.h"
#include "adapters/dataplane_tun/tables.h"
#include "esp/super_packet.h"

namespace dormouse::dataplane {

class InPath {
 public:
  InPath(Tables& tables, OuterSockets& sockets, std::uint16_t udp_port, int wake_fd);
  void run(const std::atomic<bool>& stop);
  /// Control, inside a Change: what the thread remembers from its last batch may be going away.
  void forget_child() { child_ = nullptr; }
  void forget_device() { joined_device_ = nullptr; }

 private:
  static constexpr std::size_t kBurst = 8, kDatagram = 65536, kJobs = 64;
  bool receive(int fd, bool udp);
  void datagram(std::uint8_t* data, std::size_t size, const Arrival& from, bool udp);
  /// A run of ESP packets of one datagram; consecutive ones of one SPI are opened together.
  void esp_packet(std::uint8_t* esp, std::size_t size, const Arrival& from, bool udp);
  void open_batch();
  void deliver(Child& c, const crypto::EspJob& job);
  void note_peer(Child& c, SeqNo seq, bool newest);
  void write_out();
  void tell_unknown(EspSpi spi, const Endpoint& remote);

  Tables& tables_;
  OuterSockets& sockets_;
  std::uint16_t port_;
  int wake_;
  std::vector<std::uint8_t> buffers_;
  std::array<mmsghdr, kBurst> messages_{};
  std::array<iovec, kBurst> io_{};
  std::array<sockaddr_storage, kBurst> names_{};
  std::array<std::array<char, 128>, kBurst> controls_{};
  // the batch being gathered
  Child* child_ = nullptr;
  Arrival from_;
  bool from_udp_ = false;
  std::array<crypto::EspJob, kJobs> jobs_{};
  std::size_t job_count_ = 0;
  // the super-packet being joined
  esp::Coalescer joined_;
  Device* joined_device_ = nullptr;
  std::int64_t now_ = 0, unknown_told_ = 0;
};

}  // namespace dormouse::dataplane
