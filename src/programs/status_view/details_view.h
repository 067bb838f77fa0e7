// One tunnel told in words, as `get vpn ipsec tunnel details` does.
#pragma once
#include <string>

#include "programs/status_view/fields.h"

namespace dormouse::status_view {

/// `get vpn ipsec tunnel details` (empty name) and `get vpn ipsec tunnel name X`, without FortiOS's key octets.
[[nodiscard]] std::string tunnel_details(const Json& status, const std::string& name);

}  // namespace dormouse::status_view
