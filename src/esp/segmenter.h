// Cuts what TUN hands over as one segment-offload packet into the packets it stands for (TSO and USO in software).
#pragma once
#include <cstdint>

#include "esp/offload_header.h"

namespace dormouse::esp {

/// Usage: while (next_size() != 0) write(...). A packet that is not segmented comes out once, its checksum completed.
class Segmenter {
 public:
  /// `packet` is borrowed, and completed in place where it is not segmented.
  Segmenter(MutableBytes packet, const OffloadHeader& offload);
  /// False if packet and header do not belong together; nothing comes out then.
  [[nodiscard]] bool ok() const { return ok_; }
  /// Octets of the next packet; 0 at the end.
  [[nodiscard]] std::size_t next_size() const;
  /// Whether the packets say so (IPv4) or are of IPv6.
  [[nodiscard]] bool never_fragmented() const { return packet_[0] >> 4 != 4 || (packet_[6] & 0x40) != 0; }
  /// Writes the next packet, next_size() octets with all headers and checksums.
  void write(std::uint8_t* out);

 private:
  [[nodiscard]] bool complete_checksum(const OffloadHeader& offload);
  [[nodiscard]] bool prepare_segments(const OffloadHeader& offload);
  void write_headers(std::uint8_t* out, std::size_t payload, std::uint64_t payload_sum) const;
  MutableBytes packet_;
  bool ok_ = true, segmented_ = false, v6_ = false, udp_ = false;
  std::size_t transport_ = 0;  ///< offset of the transport header
  std::size_t headers_ = 0;    ///< octets of all headers
  std::size_t size_ = 0;       ///< payload octets of a full segment
  std::size_t at_ = 0;         ///< what of packet_ is done
  std::uint16_t index_ = 0;
};

}  // namespace dormouse::esp
