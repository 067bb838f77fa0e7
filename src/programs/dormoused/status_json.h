// The status values as JSON for the control socket: field by field the structs of tunnel/status.h, ike/sa.h and
// esp/data_plane.h. Instants and durations are nanoseconds, SPIs hex strings, optionals null.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "adapters/store/store.h"
#include "tunnel/status.h"

namespace dormouse::daemon {

[[nodiscard]] nlohmann::json to_json(const tunnel::Status& status);
[[nodiscard]] nlohmann::json to_json(const store::StoreStatus& status);

}  // namespace dormouse::daemon
