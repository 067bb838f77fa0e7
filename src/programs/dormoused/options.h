// The daemon's command line.
#pragma once
#include <string>

#include "base/result.h"

namespace dormouse::daemon {

struct Options {
  std::string config;
  std::string state_dir = "/var/lib/dormouse";
  std::string run_dir = "/run/dormouse";
  std::string key_log{};  ///< folder for the keys of all SAs; empty: they stay secret
  bool check = false;     ///< validate the configuration and exit
  bool help = false;
  bool version = false;
  bool debug = false;   ///< the IKE trail on standard error from the start
  bool sandbox = true;  ///< give up what a gateway has no use for
};

/// Failure text says what is wrong and names --help.
[[nodiscard]] Outcome<Options> parse_options(int argc, char** argv);
[[nodiscard]] const char* usage();

}  // namespace dormouse::daemon
