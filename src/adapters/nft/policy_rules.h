// One firewall policy as the matches of nft rules.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/nft/ruleset.h"

namespace dormouse::nft {

/// What every rule of a policy has to match, each an array of nft expressions: a packet that fits any of them fits the
/// policy. A list of interfaces, addresses or services that one expression cannot hold gives several. None at all if
/// nothing can fit: a policy that is disabled, or that wants IPv4 here and IPv6 there.
[[nodiscard]] std::vector<nlohmann::ordered_json> matches_of(const config::Policy& policy, const Members& members);

/// {"match": {"op": op, "left": left, "right": right}}
[[nodiscard]] nlohmann::ordered_json match(std::string_view op, nlohmann::ordered_json left,
                                           nlohmann::ordered_json right);
/// {"meta": {"key": key}}
[[nodiscard]] nlohmann::ordered_json meta(std::string_view key);

}  // namespace dormouse::nft
