// Names that exist at the moment, for completion.
#pragma once
#include <string>
#include <vector>

#include "programs/dormouse/daemon.h"

namespace dormouse::shell {

/// What the place `place` of a command may hold: TUNNEL (tunnels and phase 1), PHASE1, PHASE2. Nothing if the daemon
/// cannot say.
[[nodiscard]] std::vector<std::string> names_of(Daemon& daemon, const std::string& place);

}  // namespace dormouse::shell
