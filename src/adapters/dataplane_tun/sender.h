// Sends sealed runs: with UDP_SEGMENT in one go, or one sendmmsg for plain ESP, for kernels without it, and for packets
// that the path cannot carry whole.
#pragma once
#include "adapters/dataplane_tun/cutter.h"
#include "adapters/dataplane_tun/tables.h"
#include "esp/seal_run.h"

namespace dormouse::dataplane {

class Sender {
 public:
  explicit Sender(OuterSockets& sockets) : sockets_(sockets), cutter_(sockets) {}
  enum class Result : std::uint8_t {
    sent,
    sent_in_pieces,  ///< the path is narrower than was believed
    lost,            ///< the kernel refused, as any wire may
  };
  [[nodiscard]] Result send(Tunnel& tunnel, esp::SealRun& run);

 private:
  /// errno, or 0.
  [[nodiscard]] int send_segmented(Tunnel& tunnel, esp::SealRun& run, int fd);
  /// From packet `*sent` on, which it moves.
  [[nodiscard]] int send_singly(Tunnel& tunnel, esp::SealRun& run, int fd, std::size_t* sent);
  [[nodiscard]] Result in_pieces(Tunnel& tunnel, esp::SealRun& run, std::size_t sent);
  OuterSockets& sockets_;
  Cutter cutter_;
  bool segment_offload_ = true;
};

}  // namespace dormouse::dataplane
