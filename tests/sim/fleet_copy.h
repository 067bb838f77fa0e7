// A laptop's memory in other hands: the same machine, made by giving a second one all that the first was given.
#pragma once
#include "sim/fleet.h"

namespace dormouse::sim {

struct Fleet::Copy {
  unsigned n = 0;
  Instant clock{};
  bool live = false;  ///< before, it only remembers, and what it says then is not heard
  Link link{};
  std::unique_ptr<Machine> machine{};
};

}  // namespace dormouse::sim
