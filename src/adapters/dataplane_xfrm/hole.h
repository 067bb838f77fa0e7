// The hole in the wall: how packets that no Child SA may carry now come back from the kernel. The last policy of each
// xfrm interface sends them through an SA of this process's own, in UDP, to a socket of this very machine; here they
// are opened again. So a sleeper's packets can be parked and a wanted tunnel be noticed, without a second interface and
// without the ICMP errors that a packet with no way out would cause. Nobody else can put a packet in: each hole has a
// key.
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>

#include "adapters/dataplane_tun/fd.h"
#include "adapters/dataplane_xfrm/kernel.h"
#include "crypto/esp_suite.h"
#include "esp/open_batch.h"

namespace dormouse::xfrm {

class Holes {
 public:
  /// `engine` must outlive this.
  [[nodiscard]] static Outcome<Holes> open(crypto::EspProvider& engine);
  /// Readable when a packet came; -1 where the kernel lacks the family.
  [[nodiscard]] int fd(Family f) const { return (f == Family::v4 ? socket4_ : socket6_).get(); }

  struct Dug {
    Template through{};            ///< for the interface's last policies
    std::optional<SaId> before{};  ///< the SA of the hole it had, to be deleted once no policy leads there
  };
  /// Digs one for an interface, to end at `address`, which must be this machine's. It may be there already.
  [[nodiscard]] Outcome<Dug> dig(Kernel& kernel, DeviceId device, std::uint32_t if_id, const IpAddress& address);
  void fill(Kernel& kernel, DeviceId device);
  /// What came through, up to a bound; the octets are valid in the call. False: nothing was there.
  bool drain(const std::function<void(DeviceId, MutableBytes packet)>& each);

 private:
  struct Hole {
    DeviceId device{};
    SaId id{};
    std::unique_ptr<esp::InboundSa> sa{};
  };
  explicit Holes(crypto::EspProvider& engine) : engine_(&engine), buffer_(66 * 1024) {}
  bool drain_one(int fd, const std::function<void(DeviceId, MutableBytes)>& each);
  crypto::EspProvider* engine_;
  dataplane::Fd socket4_, socket6_;
  std::uint16_t port4_ = 0, port6_ = 0;
  std::unordered_map<std::uint32_t, Hole> holes_;  ///< by SPI
  Bytes buffer_;
};

}  // namespace dormouse::xfrm
