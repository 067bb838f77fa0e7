// "| grep" behind a command.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "programs/dormouse/reply.h"

namespace dormouse::shell {

/// The command and what stands behind the first '|' that is not in quotes; the second part is empty without one.
[[nodiscard]] std::pair<std::string, std::string> split_pipe(const std::string& line);

/// The lines of `text` that the filter keeps: "grep [-i] [-n] [-v] [-c] PATTERN", the options also together, PATTERN a
/// regular expression. A mistake in the filter is the reply instead.
[[nodiscard]] Reply filter(const std::string& text, const std::vector<std::string>& words);

}  // namespace dormouse::shell
