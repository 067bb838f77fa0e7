#include "tunnel/sleep.h"

#include <algorithm>

namespace dormouse::tunnel {

Silence on_silence(const config::Phase1& phase1) {
  if (phase1.type == config::Phase1Type::static_peer) return Silence::reconnect;
  return phase1.client_resume ? Silence::sleep : Silence::flush;
}

Instant sleep_end(const config::Phase1& phase1, Instant now, std::optional<Instant> reauth_deadline) {
  const auto end = now + phase1.client_resume_interval;
  return reauth_deadline ? std::min(end, *reauth_deadline) : end;
}

Duration unpark_after(Duration setup) { return std::clamp<Duration>(setup * 3 / 2, 20ms, 1s); }

Instant sleep_end_after_change(const config::Phase1& phase1, Instant began, Instant planned, Instant now) {
  if (!phase1.client_resume) return now;
  return std::min(planned, began + phase1.client_resume_interval);
}

}  // namespace dormouse::tunnel
