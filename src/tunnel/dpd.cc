#include "tunnel/dpd.h"

#include <algorithm>

namespace dormouse::tunnel {

DpdVerdict dpd_check(config::DpdMode mode, Duration interval, const Traffic& traffic, Instant last_tick, Instant now) {
  if (mode == config::DpdMode::disable) return {};
  const Instant due = std::max(traffic.last_in, last_tick) + interval;
  if (now < due) return {.probe = false, .look_again = due};
  const bool wanted = mode == config::DpdMode::on_idle || traffic.last_out > traffic.last_in;
  return {.probe = wanted, .look_again = now + interval};
}

}  // namespace dormouse::tunnel
