// What routers say of our outer packets: "too big" lowers the path MTU of the tunnel they belong to, also of one
// asleep.
#pragma once
#include "adapters/dataplane_tun/tables.h"
#include "esp/too_big.h"

namespace dormouse::dataplane {

class ErrorLane {
 public:
  ErrorLane(Tables& tables, OuterSockets& sockets) : tables_(tables), sockets_(sockets) {}
  /// What waits, up to a bound. Inside a Batch of the out gate.
  void receive(Family family);

 private:
  void believe(const esp::TooBigReport& report, Instant now);
  Tables& tables_;
  OuterSockets& sockets_;
};

}  // namespace dormouse::dataplane
