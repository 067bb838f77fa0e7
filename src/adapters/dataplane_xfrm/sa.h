// One direction of a Child SA as the kernel holds it (an xfrm state), and what it knows of it.
#pragma once
// clang-format off
#include <netinet/in.h>  // before the kernel's header, which would define the same
#include <linux/xfrm.h>
// clang-format on

#include "adapters/dataplane_xfrm/algorithms.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/ip.h"
#include "esp/header_rules.h"

namespace dormouse::xfrm {

/// What the kernel finds an SA by.
struct SaId {
  IpAddress destination{};
  EspSpi spi{};
  friend bool operator==(const SaId&, const SaId&) = default;
};

/// Counters, as the kernel keeps and takes them.
struct Usage {
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t added = 0, first_used = 0;  ///< seconds since 1970
};

/// The octets of an xfrm_replay_state_esn: sequence numbers and window, in both directions.
class ReplayState {
 public:
  ReplayState() = default;
  /// Nothing sent, nothing received; `window` in packets, at most kWidest.
  [[nodiscard]] static ReplayState fresh(std::uint32_t window);
  [[nodiscard]] static ReplayState of(ByteView octets) { return ReplayState(to_bytes(octets)); }
  [[nodiscard]] bool empty() const { return octets_.empty(); }
  [[nodiscard]] ByteView octets() const { return octets_; }
  [[nodiscard]] std::uint64_t sent() const;      ///< number of the last packet sent
  [[nodiscard]] std::uint64_t received() const;  ///< highest number received
  static constexpr std::uint32_t kWidest = 4096;

 private:
  explicit ReplayState(Bytes octets) : octets_(std::move(octets)) {}
  [[nodiscard]] xfrm_replay_state_esn head() const;
  Bytes octets_;
};

/// What the kernel can do with the headers around and inside an SA's packets, of all that esp::HeaderRules may ask.
struct HeaderFlags {
  bool copy_df = false;    ///< outwards over IPv4: don't-fragment as the packet inside has it, else never
  bool hide_dscp = false;  ///< outwards: DSCP 0, else that of the packet inside
  bool dscp_in = false;    ///< inwards: the packet gets the DSCP its outer packet came with
  friend bool operator==(const HeaderFlags&, const HeaderFlags&) = default;
};
[[nodiscard]] HeaderFlags header_flags(const esp::HeaderRules& rules);

struct SaSpec {
  IpAddress source{};
  SaId id{};
  bool udp = false;  ///< in UDP, from and to the ports below
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t reqid = 0, if_id = 0;
  Algorithms algorithms{};
  ByteView encr{}, integ{};  ///< keys; read in the call alone
  bool esn = false;
  ReplayState replay{};
  Usage usage{};  ///< to go on from; all zero for a new one
  std::uint64_t soft_bytes = 0, hard_bytes = 0, soft_packets = 0, hard_packets = 0;  ///< 0 = no limit
  HeaderFlags headers{};
  std::uint32_t mark = 0;     ///< of its outer packets, for rules of routing; 0 = none
  bool tell_packets = false;  ///< announce that packets were received
};

/// What the kernel knows of an SA.
struct SaStatus {
  Usage usage{};
  std::uint64_t last_used = 0;  ///< seconds since 1970, 0 = never
  std::uint32_t replayed = 0, auth_failed = 0;
  std::uint32_t if_id = 0;
  ReplayState replay{};
};

}  // namespace dormouse::xfrm
