// Rulesets as nft's JSON, each text one transaction: all of it comes into force, or nothing.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "adapters/nft/ruleset.h"

namespace dormouse::nft {

/// Replaces table `inet dormouse` by one made from `rules`. Conntrack is not touched.
[[nodiscard]] std::string replace_table(const Ruleset& rules);
/// Adds and deletes interfaces of the named sets. An element to delete must be there, one to add may be.
[[nodiscard]] std::string change_members(std::span<const MemberChange> changes);
/// Removes the table, whether it is there or not.
[[nodiscard]] std::string remove_table();

/// Name of the set of a phase 1's interfaces: its letters and digits kept, every other octet as "_" and two hex digits.
[[nodiscard]] std::string set_name(std::string_view phase1);

}  // namespace dormouse::nft
