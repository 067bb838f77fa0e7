// esp::DataPlane by the kernel's own ESP: an xfrm interface for each device, SAs and policies for the tunnels on it.
// Everything here runs on the control thread; packets do not pass through this process, but for those that nobody may
// carry now.
#pragma once
#include <memory>

#include "crypto/esp_suite.h"
#include "esp/data_plane.h"

namespace dormouse::xfrm {

struct XfrmDataPlaneOptions {
  std::uint16_t udp_port = 4500;
};
/// `engine` opens what comes back through the hole (hole.h). Failure: what the kernel lacks, or a socket that cannot be
/// opened. What a killed daemon left in the kernel is cleared first.
[[nodiscard]] Outcome<std::unique_ptr<esp::DataPlane>> make_xfrm_data_plane(std::unique_ptr<crypto::EspProvider> engine,
                                                                            XfrmDataPlaneOptions options = {});

}  // namespace dormouse::xfrm
