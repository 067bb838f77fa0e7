// The shell for a person at a terminal.
#pragma once
#include <string>

#include "programs/dormouse/reply.h"

namespace dormouse::shell {

/// Reads and runs lines until `exit` or the end of input. The debug trail, when enabled, is printed above the line
/// being typed. `socket` is the daemon's; lists are JSON with `json`.
[[nodiscard]] Ending run_interactive(const std::string& socket, bool json);

}  // namespace dormouse::shell
