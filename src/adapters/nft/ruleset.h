// What the firewall shall do, as values.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/model/model.h"

namespace dormouse::nft {

/// Interfaces that follow the policies of a phase 1: itself, or its instances toClient_0, toClient_1, ... One interface
/// follows one phase 1, and is called like it or like it with "_" and more behind.
/// Every configured phase 1 has an entry, also an empty one.
using Members = std::map<std::string, std::set<std::string>>;

/// Traffic that enters or leaves by a member of any phase 1 passes only by a policy that accepts it; first match wins.
/// Traffic between two other interfaces does what the first policy that matches it says, and is else none of our
/// business; neither is what the machine itself sends or receives.
struct Ruleset {
  Members members{};
  std::vector<config::Policy> policies{};
};

/// One interface coming to, or leaving, a phase 1.
struct MemberChange {
  std::string phase1{};
  std::string interface{};
  bool add = true;
};

}  // namespace dormouse::nft
