// The command line.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace dormouse::shell {

struct Options {
  std::string run_dir = "/run/dormouse";
  bool json = false;
  bool help = false;
  std::optional<std::string> command = {};  ///< -c
  std::optional<std::string> file = {};     ///< a script; "-" is standard input
  [[nodiscard]] std::string socket() const { return run_dir + "/control.sock"; }
};

/// Failure: a sentence about the argument at fault.
[[nodiscard]] Outcome<Options> parse_options(std::span<const char* const> arguments);
[[nodiscard]] const char* usage();

}  // namespace dormouse::shell
