// Sends sealed runs: with UDP_SEGMENT in one go, or one sendmmsg for plain ESP and for kernels without it.
#pragma once
#include "adapters/dataplane_tun/tables.h"
#include "esp/seal_run.h"

namespace dormouse::dataplane {

class Sender {
 public:
  explicit Sender(OuterSockets& sockets) : sockets_(sockets) {}
  /// False if the kernel refused; the run is lost then, as on any wire.
  [[nodiscard]] bool send(Tunnel& tunnel, esp::SealRun& run);

 private:
  /// errno, or 0.
  [[nodiscard]] int send_segmented(Tunnel& tunnel, esp::SealRun& run);
  [[nodiscard]] bool send_singly(Tunnel& tunnel, esp::SealRun& run);
  OuterSockets& sockets_;
  bool segment_offload_ = true;
};

}  // namespace dormouse::dataplane
