// Which data plane carries the packets.
#pragma once
#include <memory>

#include "base/result.h"
#include "config/model/model.h"
#include "esp/data_plane.h"

namespace dormouse::daemon {

/// Makes the one that is configured. automatic: userspace where TUN interfaces can be made, else the kernel's. Failure:
/// what it needs and is not there, by the attribute's name.
[[nodiscard]] Outcome<std::unique_ptr<esp::DataPlane>> make_data_plane(config::DataPlaneChoice choice);

}  // namespace dormouse::daemon
