// SNMP v2c traps of tunnels in the form managers of FortiGate units know: fgTrapVpnTunUp and fgTrapVpnTunDown.
#pragma once
#include <span>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "config/model/model.h"

namespace dormouse::snmp {

struct TunnelTrap {
  bool up = true;
  IpAddress local, remote;  ///< outer gateways. The MIB has room for IPv4 alone: IPv6 ones are sent as 0.0.0.0.
  std::string tunnel;       ///< fgVpnTrapPhase1Name
};

class TrapSender {
 public:
  /// `serial` is the value of fnSysSerial, `started` the moment sysUpTime counts from.
  TrapSender(std::string serial, Instant started);
  /// Sends to every host of every community that wants this kind of trap; fire and forget, never blocks.
  /// `system_name` is the value of sysName. Failure names the first host that could not be sent to; the others were.
  [[nodiscard]] Outcome<void> send(const TunnelTrap& trap, std::span<const config::SnmpCommunity> communities,
                                   const std::string& system_name, Instant now) const;

 private:
  std::string serial_;
  Instant started_;
};

}  // namespace dormouse::snmp
