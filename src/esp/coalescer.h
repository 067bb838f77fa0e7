// Joins packets of one flow that arrive together into one super-packet for TUN (GRO in software).
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "esp/inner_packet.h"
#include "esp/offload_header.h"

namespace dormouse::esp {

/// Packets are borrowed, not copied: they must stay where they are until flush(). Within a flow their order is kept.
class Coalescer {
 public:
  /// Octet strings flush() hands over at once, at most.
  static constexpr std::size_t kParts = 65;
  /// What the device takes: TCP super-packets, UDP ones (Linux 6.2).
  void join(bool tcp, bool udp) {
    join_tcp_ = tcp;
    join_udp_ = udp;
  }
  /// Takes a whole packet of `p.length` octets, parsed as `p`. False: full, flush() first.
  [[nodiscard]] bool add(ByteView packet, const InnerPacket& p);
  [[nodiscard]] bool empty() const { return used_ == 0; }
  /// Calls `write(std::span<const ByteView>)` for each super-packet: the parts, offload header first, in order of
  /// arrival.
  template <class Write>
  void flush(Write&& write) {
    for (std::size_t i = 0; i < used_; ++i) write(groups_[i].finish());
    used_ = 0;
  }

 private:
  static constexpr std::size_t kGroups = 16;            ///< flows at once; a batch rarely holds more
  static constexpr std::size_t kSegments = kParts - 1;  ///< as many as one send takes
  static constexpr std::size_t kOctets = 65000;         ///< an IP packet holds 65535
  static constexpr std::size_t kHeaders = 128;          ///< IPv6 and the longest TCP header
  /// One super-packet being built. Its first packet is referred to whole until a second one joins.
  struct Group {
    InnerPacket flow;
    std::size_t headers = 0, segment = 0, length = 0, count = 0;
    bool open = false;  ///< may still grow
    bool push = false;
    std::array<std::uint8_t, kOffloadHeaderSize + kHeaders> head;
    std::array<ByteView, kParts> parts;

    void begin(ByteView packet, const InnerPacket& p, std::size_t header_octets, bool growing);
    [[nodiscard]] bool same_flow(const InnerPacket& p) const;
    [[nodiscard]] bool continued_by(ByteView packet, const InnerPacket& p, std::size_t header_octets) const;
    [[nodiscard]] bool append(ByteView packet, const InnerPacket& p);
    [[nodiscard]] std::span<const ByteView> finish();
  };
  /// Octets of all headers if the packet may be joined with others, else 0.
  [[nodiscard]] std::size_t joinable(ByteView packet, const InnerPacket& p) const;
  std::array<Group, kGroups> groups_;
  std::size_t used_ = 0;
  bool join_tcp_ = true, join_udp_ = true;
};

}  // namespace dormouse::esp
