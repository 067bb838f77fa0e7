// Decisions of mode configuration (RFC 7296 2.19), apart from the manager that carries them out. Pure.
#pragma once
#include <vector>

#include "base/inside.h"
#include "config/model/model.h"
#include "ike/owner.h"
#include "tunnel/leases.h"
#include "wire/inside_config.h"

namespace dormouse::tunnel {

/// What one phase 1 gives.
struct LeasePools {
  LeasePool v4, v6;
};

/// As FortiOS has it: with an assigned address the remote selector is that address; protocol and ports stay.
[[nodiscard]] std::vector<ike::ChildPolicy> narrowed(std::vector<ike::ChildPolicy> children,
                                                     const InsideAddresses& lease);
/// What a client asks for: addresses of the families its selectors are of, `had` again if it may be.
[[nodiscard]] wire::InsideRequest inside_request(const std::vector<ike::ChildPolicy>& children,
                                                 const InsideAddresses& had);
/// The answer of a gateway: the lease, and of the rest what was asked for.
[[nodiscard]] wire::InsideConfig inside_config(const config::ModeCfg& mode, const wire::InsideRequest& asked,
                                               const InsideAddresses& lease);
/// What a client routes into its tunnel: the networks it was told, or everything, as far as the Child SA carries it and
/// it has an address of that family.
[[nodiscard]] std::vector<Prefix> client_routes(const wire::InsideConfig& inside, const TrafficSelectors& remote);

}  // namespace dormouse::tunnel
