// Transport mode (RFC 4301 4.1, RFC 4303 3.1.1): ESP protects what is behind a packet's own IP header, and that header
// is the outer one. Between TUN, where packets have a header, and ESP, where they have none.
#pragma once
#include <cstdint>
#include <cstring>

#include "esp/inner_packet.h"
#include "esp/packet_format.h"
#include "esp/segmenter.h"

namespace dormouse::esp {

/// The two hosts of a Child SA in transport mode, of one family: the addresses of all its packets.
struct TransportHosts {
  IpAddress local, remote;
};

/// Octets of the IP header that comes off.
[[nodiscard]] constexpr std::uint32_t ip_header(bool v6) { return v6 ? 40 : 20; }

/// Whether a packet, parsed as `p`, can travel in transport mode: whole (RFC 4303 3.3.4), with a plain IP header, and
/// with something behind it. `packet` ends where it says that it ends.
[[nodiscard]] bool fits_transport(ByteView packet, const InnerPacket& p);

/// What a Segmenter cuts, without IP headers. Used as a Segmenter is, by SealRun.
class Headerless {
 public:
  /// `first` is what `packets` cuts, and fits_transport().
  Headerless(Segmenter& packets, ByteView first)
      : packets_(packets), header_(ip_header(first[0] >> 4 == 6)), next_(first[0] >> 4 == 6 ? first[6] : first[9]) {}
  [[nodiscard]] std::size_t next_size() const {
    const auto size = packets_.next_size();
    return size == 0 ? 0 : size - header_;
  }
  /// Needs room for the header too, while it works.
  void write(std::uint8_t* out) {
    const auto size = packets_.next_size();
    packets_.write(out);
    std::memmove(out, out + header_, size - header_);
  }
  [[nodiscard]] std::uint8_t next_header() const { return next_; }

 private:
  Segmenter& packets_;
  std::size_t header_;
  std::uint8_t next_;
};

/// ESP's next header for the packets of a run.
template <class Packets>
[[nodiscard]] constexpr std::uint8_t next_header_of(const Packets& /*packets*/, bool v6) {
  return v6 ? kNextIpv6 : kNextIpv4;
}
[[nodiscard]] inline std::uint8_t next_header_of(const Headerless& packets, bool /*v6*/) {
  return packets.next_header();
}

/// Octets that write_whole() may take.
inline constexpr std::size_t kLargestWhole = 40 + 65535;

/// Writes the packet that `payload`, which came with ESP's next header `next`, is of: an IP header from the peer to us,
/// with the traffic class that the outer one had, and the payload. Its octets; 0 if there is no such packet.
[[nodiscard]] std::size_t write_whole(std::uint8_t* out, const TransportHosts& hosts, std::uint8_t next,
                                      std::uint8_t traffic_class, ByteView payload);

}  // namespace dormouse::esp
