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
  bool offload = false;      ///< super-packets of TCP both ways
  bool udp_offload = false;  ///< and of UDP (Linux 6.2 and newer)
};

/// Creates the interface with IFF_VNET_HDR and every segment offload the kernel grants, sets its MTU and brings it up.
[[nodiscard]] Outcome<TunDevice> open_tun(const esp::DeviceSpec& spec);

}  // namespace dormouse::dataplane
