// Traffic selectors (RFC 7296 3.13, RFC 4301 4.4.1) made ready for the packet path.
#pragma once
#include <vector>

#include "base/transform.h"
#include "esp/inner_packet.h"

namespace dormouse::esp {

/// The selectors of one Child SA: which packets it carries from here (`source` is our side) and from there.
class SelectorSet {
 public:
  SelectorSet() = default;
  SelectorSet(const TrafficSelectors& local, const TrafficSelectors& remote);
  /// A packet on its way out: its source must fit the local side, its destination the remote one.
  [[nodiscard]] bool fits_outbound(const InnerPacket& p) const {
    return everything(p) ||
           (side_fits(local_, p, p.source, p.source_port) && side_fits(remote_, p, p.destination, p.destination_port));
  }
  /// A packet that came in: the other way round.
  [[nodiscard]] bool fits_inbound(const InnerPacket& p) const {
    return everything(p) ||
           (side_fits(remote_, p, p.source, p.source_port) && side_fits(local_, p, p.destination, p.destination_port));
  }
  /// The prefixes that make up the addresses of the other side: Child SAs are found by them.
  [[nodiscard]] std::vector<Prefix> remote_prefixes() const;

 private:
  struct Entry {
    bool v6 = false;
    bool any_port = true;
    std::uint8_t protocol = 0;  ///< 0 = any
    std::uint16_t first_port = 0, last_port = 65535;
    AddressBits first, last;
  };
  using Side = std::vector<Entry>;
  [[nodiscard]] static Side compile(const TrafficSelectors& selectors);
  [[nodiscard]] static bool side_fits(const Side& side, const InnerPacket& p, const AddressBits& address,
                                      std::uint16_t port);
  [[nodiscard]] bool everything(const InnerPacket& p) const { return p.v6 ? everything6_ : everything4_; }
  Side local_, remote_;
  bool everything4_ = false, everything6_ = false;
};

}  // namespace dormouse::esp
