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
  /// Readable when a packet came.
  [[nodiscard]] int fd() const { return socket_.get(); }

  /// Digs one for an interface that has none; returns what leads its last policies there.
  [[nodiscard]] Outcome<Template> dig(Kernel& kernel, DeviceId device, std::uint32_t if_id);
  void fill(Kernel& kernel, DeviceId device);
  /// What came through, up to a bound; the octets are valid in the call.
  void drain(const std::function<void(DeviceId, MutableBytes packet)>& each);

 private:
  struct Hole {
    DeviceId device{};
    SaId id{};
    std::unique_ptr<esp::InboundSa> sa{};
  };
  explicit Holes(crypto::EspProvider& engine) : engine_(&engine), buffer_(66 * 1024) {}
  crypto::EspProvider* engine_;
  dataplane::Fd socket_;
  std::uint16_t port_ = 0;
  std::unordered_map<std::uint32_t, Hole> holes_;  ///< by SPI
  Bytes buffer_;
};

}  // namespace dormouse::xfrm
