#include "programs/dormoused/choose_data_plane.h"

#include <unistd.h>

#include "adapters/dataplane_tun/tun_data_plane.h"
#include "adapters/dataplane_xfrm/probe.h"
#include "adapters/dataplane_xfrm/xfrm_data_plane.h"
#include "crypto/engine/engine.h"

namespace dormouse::daemon {
namespace {

constexpr const char* kTun = "/dev/net/tun";

bool has_tun() { return access(kTun, R_OK | W_OK) == 0; }

/// `chosen` is what the attribute says, and `but` why it came to this.
Outcome<std::unique_ptr<esp::DataPlane>> kernel(const std::string& chosen, const std::string& but) {
  auto plane = xfrm::make_xfrm_data_plane(crypto::make_esp_provider());
  if (!plane) return failure("system settings: ipsec-data-plane " + chosen + ": " + but + plane.error().text);
  return plane;
}

Outcome<std::unique_ptr<esp::DataPlane>> userspace() {
  xfrm::clear_leftovers();  // a killed daemon may have had the other
  return dataplane::make_tun_data_plane(crypto::make_esp_provider());
}

}  // namespace

Outcome<std::unique_ptr<esp::DataPlane>> make_data_plane(config::DataPlaneChoice choice) {
  if (choice == config::DataPlaneChoice::kernel) return kernel("kernel", "");
  if (choice == config::DataPlaneChoice::userspace || has_tun()) return userspace();
  return kernel("auto", std::string(kTun) + " is not there, and ");
}

}  // namespace dormouse::daemon
