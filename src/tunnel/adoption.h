// Which tunnel a login becomes: an asleep one of the same identity, a live one it refreshes, or a new instance. In
// doubt, new: taking another device's tunnel is worse than a second address (design: "who may adopt").
#pragma once
#include <optional>
#include <span>

#include "base/ip.h"
#include "base/transform.h"
#include "tunnel/machine.h"

namespace dormouse::tunnel {

/// A tunnel of the login's phase 1 whose authenticated identity and method are the login's.
struct AdoptionCandidate {
  TunnelId id;
  State state;      ///< up or asleep
  Endpoint remote;  ///< where its peer was last seen
};
struct LoginEvidence {
  Endpoint remote;
  bool initial_contact = false;
};

/// The tunnel to adopt, or none for a new instance.
/// Asleep: exactly one sleeper, and either INITIAL_CONTACT or its old address speaks for it; if the identity is in use
/// by a live tunnel too (so several devices share it), only the old address counts, and only if no live one is at that
/// address. Up: only the same address and port with INITIAL_CONTACT, that is, a restarted client.
[[nodiscard]] std::optional<TunnelId> choose_tunnel(std::span<const AdoptionCandidate> same_identity,
                                                    const LoginEvidence& login);

}  // namespace dormouse::tunnel
