// What most commands are made of: one request, and its answer in a text.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "programs/dormouse/commands.h"

namespace dormouse::shell {

/// A text made of the status; `name` limits it to one tunnel or phase 1, empty = all.
using View = std::string (*)(const Json& status, const std::string& name);
/// Asks for the status and shows it. The command's first argument, if any, is the name.
[[nodiscard]] Run show_status(Desk& desk, View view);
/// Sends {"op": op, keys[0]: first argument, ...}, null for what was left out. Says nothing if it is done.
[[nodiscard]] Run send(Desk& desk, std::string op, std::vector<std::string> keys);

}  // namespace dormouse::shell
