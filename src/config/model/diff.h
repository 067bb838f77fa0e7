// What differs between two configurations, object by object: the words for a commit's summary, and what a change will
// cost.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "config/model/model.h"

namespace dormouse::config {

enum class ObjectKind : std::uint8_t { certificate, phase1, phase2, interface, route, policy, snmp, global };
enum class ChangeKind : std::uint8_t {
  added,
  removed,
  in_place,  ///< running tunnels carry on and follow the new values
  restart,   ///< tunnels of it must end and log in anew
};

struct Change {
  ObjectKind object;
  ChangeKind kind;
  std::string name;  ///< "toClient", policy "3", route "1"; empty for global and snmp sysinfo
  friend bool operator==(const Change&, const Change&) = default;
};

/// Every difference, in the order of the objects above, within one kind in the order of the newer configuration and
/// then the removed ones. A phase 1 whose phase 2 entries must restart is not listed itself unless it changed.
[[nodiscard]] std::vector<Change> diff(const Model& from, const Model& to);
/// "phase 1 toClient: changed in place; policy 3: added". "nothing changed" if there is nothing.
[[nodiscard]] std::string summary(const std::vector<Change>& changes);

}  // namespace dormouse::config
