// Counts and one-line lists.
#pragma once
#include <string>

#include "programs/status_view/fields.h"

namespace dormouse::status_view {

/// `get vpn ipsec tunnel summary`: a line per tunnel. FortiOS's line stands unchanged; behind it, for a tunnel that is
/// not up, its state: "asleep 12s, 108s left", "connecting", "down".
[[nodiscard]] std::string tunnel_summary(const Json& status);
/// `get vpn ipsec stats tunnel`, with the number asleep.
[[nodiscard]] std::string tunnel_stats(const Json& status);
/// `diagnose vpn ike status`: FortiOS's three lines, then what the responder turned away and a line per phase 1.
[[nodiscard]] std::string ike_status(const Json& status);

}  // namespace dormouse::status_view
