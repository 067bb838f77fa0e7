// Dead peer detection as FortiOS words it: when is a peer asked whether it lives. Pure.
#pragma once
#include <optional>

#include "base/time.h"
#include "config/model/model.h"

namespace dormouse::tunnel {

struct Traffic {
  Instant last_in;   ///< last authenticated packet of any kind from the peer
  Instant last_out;  ///< last packet sent to it through the tunnel (0 = never)
};

/// When to look again, and whether a probe is due right now.
struct DpdVerdict {
  bool probe = false;
  std::optional<Instant> look_again;  ///< none: dpd disable
};
/// on-idle: silence of `interval` since the later of `last_in` and the last tick. on-demand: the same, but only if
/// something was sent that nothing answered.
[[nodiscard]] DpdVerdict dpd_check(config::DpdMode mode, Duration interval, const Traffic& traffic, Instant last_tick,
                                   Instant now);

}  // namespace dormouse::tunnel
