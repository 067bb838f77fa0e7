// The ESP side of tunnels, as FortiOS lists them: selectors, Child SAs, counters. Keys are left out, their lengths are
// not.
#pragma once
#include <string>

#include "programs/status_view/fields.h"

namespace dormouse::status_view {

/// `diagnose vpn tunnel list [name X]`: a block per tunnel, the dialup phase 1 after its instances. `name` is a tunnel
/// or a phase 1; empty = all. Beside FortiOS's lines: status=asleep, and what is parked for and was dropped of a
/// sleeper.
[[nodiscard]] std::string tunnel_list(const Json& status, const std::string& name);

}  // namespace dormouse::status_view
