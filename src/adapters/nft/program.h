// Running a program to its end with a bound on time and output.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace dormouse::nft {

/// Runs argv[0] (a path) with `input` as its standard input. Success: it ended with exit code 0. Failure: it could not
/// be started, ran longer than `wait` and was killed, or ended otherwise; the text then is what it wrote, at most 4
/// KiB.
[[nodiscard]] Outcome<void> run_program(const std::vector<std::string>& argv, std::string_view input, Duration wait);

}  // namespace dormouse::nft
