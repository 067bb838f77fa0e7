// The IKE side of tunnels, as FortiOS lists gateways. The SK_ keys that FortiOS prints are left out: who may see the
// list need not be able to decrypt the traffic.
#pragma once
#include <string>

#include "programs/status_view/fields.h"

namespace dormouse::status_view {

/// `diagnose vpn ike gateway list [name X]`: a block per tunnel with its IKE SAs, newest first. `name` is a tunnel or a
/// phase 1; empty = all. Beside FortiOS's lines: how long a tunnel is asleep and what it has left, how it last woke,
/// what it waits for.
[[nodiscard]] std::string gateway_list(const Json& status, const std::string& name);

/// `get vpn ike gateway [name]`: the shorter form of the same.
[[nodiscard]] std::string gateway_get(const Json& status, const std::string& name);

}  // namespace dormouse::status_view
