// Where a sleeping tunnel is decided: when the peer falls silent, how long the tunnel is kept, and what ends the wait.
// Pure values; tunnel_life.cc carries the decisions out.
#pragma once
#include <optional>

#include "base/time.h"
#include "config/model/model.h"

namespace dormouse::tunnel {

enum class Silence : std::uint8_t {
  sleep,      ///< keep the tunnel for the window
  flush,      ///< tear it down at once (client-resume disable)
  reconnect,  ///< we are the client: keep the SAs and try to come back
};

/// What a silent peer means for a tunnel of this phase 1.
[[nodiscard]] Silence on_silence(const config::Phase1& phase1);

/// The end of a sleep that begins at `now`: the interval, or the re-authentication deadline if that is earlier.
[[nodiscard]] Instant sleep_end(const config::Phase1& phase1, Instant now, std::optional<Instant> reauth_deadline);

/// After a wake by login: how long parked packets wait for the peer to have its new Child SA, if it does not show that
/// by using it. `setup` is what the login took, a round trip and some computing.
[[nodiscard]] Duration unpark_after(Duration setup);

/// The end of a running sleep after the configuration changed: only ever earlier, and `now` if client-resume was
/// switched off.
[[nodiscard]] Instant sleep_end_after_change(const config::Phase1& phase1, Instant began, Instant planned, Instant now);

}  // namespace dormouse::tunnel
