// Userspace ESP over TUN: esp::DataPlane by two packet threads (out and in) and the control thread that changes their
// tables.
#pragma once
#include <memory>

#include "crypto/esp_suite.h"
#include "esp/data_plane.h"

namespace dormouse::dataplane {

struct TunDataPlaneOptions {
  std::uint16_t udp_port = 4500;
};
/// Opens the outer sockets and starts the threads. Failure: a socket cannot be opened (the text says which).
[[nodiscard]] Outcome<std::unique_ptr<esp::DataPlane>> make_tun_data_plane(std::unique_ptr<crypto::EspProvider> engine,
                                                                           TunDataPlaneOptions options = {});

}  // namespace dormouse::dataplane
