// One TUN interface of ours: not persistent, so it is gone with the process, also after kill -9.
#pragma once
#include <string>

#include "adapters/dataplane_tun/fd.h"
#include "base/result.h"
#include "esp/data_plane.h"

namespace dormouse::dataplane {

struct TunDevice {
  DeviceId id;
  std::string name;
  Fd fd;
  int ifindex = 0;
  bool joins_tcp = false;  ///< takes TCP super-packets
  bool joins_udp = false;  ///< takes UDP super-packets (Linux 6.2)
};

/// Creates the interface with IFF_VNET_HDR and every segment offload the kernel grants, sets its MTU and brings it up.
[[nodiscard]] Outcome<TunDevice> open_tun(const esp::DeviceSpec& spec);
/// What the kernel refuses stays as it was.
void set_tun_mtu(const TunDevice& device, unsigned mtu);

}  // namespace dormouse::dataplane
