// Super-packets: what TUN hands over as one segment-offload packet is cut into the packets it stands for, and packets
// of one flow that arrive together are joined into one again (TSO/USO and GRO in software, with the kernel's virtio
// header).
#pragma once
#include <array>
#include <cstdint>

#include "esp/inner_packet.h"

namespace dormouse::esp {

/// The fields of struct virtio_net_hdr, in host order.
struct OffloadHeader {
  std::uint8_t flags = 0;     ///< 1 = checksum to be made from csum_start, at csum_offset
  std::uint8_t gso_type = 0;  ///< 0 none, 1 TCPv4, 4 TCPv6, 5 UDP; 0x80 ECN
  std::uint16_t header_length = 0, gso_size = 0, csum_start = 0, csum_offset = 0;
};
inline constexpr std::uint8_t kNeedsChecksum = 1;
inline constexpr std::uint8_t kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoUdp = 5, kGsoEcn = 0x80;
inline constexpr std::size_t kOffloadHeaderSize = 10;

/// Cuts a packet read from TUN. Usage: construct, then next() until it returns 0; each call writes one whole packet.
class Segmenter {
 public:
  /// `packet` must stay valid and is completed in place where it is not segmented. ok() is false if the header makes no
  /// sense.
  Segmenter(MutableBytes packet, const OffloadHeader& offload);
  [[nodiscard]] bool ok() const { return ok_; }
  /// Octets of the next segment, 0 at the end. Call before write().
  [[nodiscard]] std::size_t next_size() const;
  /// Writes the next segment to `out`, which has next_size() octets, headers and checksums complete.
  void write(std::uint8_t* out);

 private:
  void finish_headers(std::uint8_t* out, std::size_t payload, bool last) const;
  MutableBytes packet_;
  bool ok_ = true, segmented_ = false, v6_ = false, udp_ = false, done_ = false;
  std::size_t ip_header_ = 0, headers_ = 0, size_ = 0, at_ = 0;
  std::uint16_t index_ = 0;
};

/// Joins packets. offer() either takes a packet into the one being built or says no; the owner then flushes and starts
/// anew.
class Coalescer {
 public:
  static constexpr std::size_t kCapacity = 65535;
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Takes `packet` (whole, parsed as `p`) if it continues the flow being built or nothing is being built.
  [[nodiscard]] bool offer(ByteView packet, const InnerPacket& p);
  /// The super-packet with its offload header in front, ready to be written to TUN; then it is empty again.
  [[nodiscard]] ByteView take();

 private:
  [[nodiscard]] bool continues(ByteView packet, const InnerPacket& p, std::size_t headers) const;
  void begin(ByteView packet, const InnerPacket& p, std::size_t headers, bool joinable);
  std::array<std::uint8_t, kOffloadHeaderSize + kCapacity> buffer_;
  std::size_t length_ = 0, headers_ = 0, segment_ = 0, count_ = 0, transport_ = 0;
  std::uint8_t protocol_ = 0;
  bool v6_ = false, closed_ = false;
};

}  // namespace dormouse::esp
