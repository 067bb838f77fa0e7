// What the tunnel layer asks of the machine around it, in order. The packet path is asked directly (esp::DataPlane);
// the rest is values, so that a simulation can play the kernel.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/event.h"
#include "base/ip.h"
#include "ike/sa.h"  // the engine's actions hold an IkeSa
#include "tunnel/session_store.h"

namespace dormouse::tunnel {

/// A route through a tunnel's interface. `metric` is FortiOS's distance; `priority` is kept for the log.
struct Route {
  Prefix dst;
  DeviceId device;
  std::string device_name;
  unsigned metric = 15;
  unsigned priority = 1;
  std::optional<IpAddress> source{};  ///< what packets from this host have by it; none: as the system chooses
  friend bool operator==(const Route&, const Route&) = default;
};
struct AddRoute {
  Route route;
};
struct DelRoute {
  Route route;
};
/// An inside address of this host, on a tunnel interface.
struct AddAddress {
  std::string device_name;
  IpAddress address;
};
struct DelAddress {
  std::string device_name;
  IpAddress address;
};
/// An interface now follows (or no longer follows) the firewall policies of a phase 1.
struct AddMember {
  std::string phase1, device_name;
};
struct DelMember {
  std::string phase1, device_name;
};
struct Trap {
  bool up;
  IpAddress local, remote;
  std::string name;
};
/// go_to_sleep() is done: every gateway it told has answered, or had the time to.
struct ReadyForSleep {};
/// Something that outlives the daemon changed.
struct Persist {
  StoreChange change;
};
/// An IKE message for UDP 500 (for 4500 it goes through the data plane).
using ike::Log;
using ike::Transmit;

using Action = std::variant<Transmit, AddRoute, DelRoute, AddAddress, DelAddress, AddMember, DelMember, Trap,
                            ReadyForSleep, Persist, Log>;

}  // namespace dormouse::tunnel
