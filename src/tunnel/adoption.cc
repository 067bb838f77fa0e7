#include "tunnel/adoption.h"

#include <algorithm>

namespace dormouse::tunnel {
namespace {

bool is_asleep(const AdoptionCandidate& c) { return c.state == State::asleep; }

}  // namespace

std::optional<TunnelId> choose_tunnel(std::span<const AdoptionCandidate> same_identity, const LoginEvidence& login) {
  const auto asleep = std::ranges::count_if(same_identity, is_asleep);
  const auto live = static_cast<std::ptrdiff_t>(same_identity.size()) - asleep;

  // A restarted client: it says it knows of no SAs and sits at the very endpoint of a tunnel that seems alive.
  if (login.initial_contact)
    for (const auto& c : same_identity)
      if (!is_asleep(c) && c.remote == login.remote) return c.id;

  if (asleep != 1) return std::nullopt;
  const auto& sleeper = *std::ranges::find_if(same_identity, is_asleep);
  const bool old_address = sleeper.remote.address == login.remote.address;
  if (live == 0) return old_address || login.initial_contact ? std::optional(sleeper.id) : std::nullopt;
  const bool live_there = std::ranges::any_of(
      same_identity, [&](const auto& c) { return !is_asleep(c) && c.remote.address == login.remote.address; });
  return old_address && !live_there ? std::optional(sleeper.id) : std::nullopt;
}

}  // namespace dormouse::tunnel
