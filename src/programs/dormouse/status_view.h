// The status of the daemon, as JSON from the control socket, in the texts FortiOS prints. Keys are left out: they are
// secrets.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dormouse::shell {

/// `name` limits to one tunnel or phase 1; empty = all.
[[nodiscard]] std::string gateway_list(const nlohmann::json& status,
                                       const std::string& name);  ///< diagnose vpn ike gateway list
[[nodiscard]] std::string tunnel_list(const nlohmann::json& status,
                                      const std::string& name);          ///< diagnose vpn tunnel list
[[nodiscard]] std::string tunnel_summary(const nlohmann::json& status);  ///< get vpn ipsec tunnel summary
[[nodiscard]] std::string ike_status(const nlohmann::json& status);      ///< diagnose vpn ike status
[[nodiscard]] std::string tunnel_stats(const nlohmann::json& status);    ///< get vpn ipsec stats tunnel

}  // namespace dormouse::shell
