// What several views ask of one tunnel of the status.
#pragma once
#include <string>
#include <vector>

#include "programs/status_view/fields.h"

namespace dormouse::status_view {

/// Whether a list limited to `name` shows the tunnel: it is the tunnel's own name or its phase 1's; empty = all.
[[nodiscard]] bool is_chosen(const Json& tunnel, const std::string& name);
/// The phase 1 of that name, or an empty object.
[[nodiscard]] const Json& phase1_of(const Json& status, const std::string& name);

/// One Child SA with its counters, which the status keeps in a list of their own.
struct Child {
  const Json& sa;
  const Json& counters;
};
/// The Child SAs of all IKE SAs, in the order of the status.
[[nodiscard]] std::vector<Child> children_of(const Json& tunnel);
/// The phase 2 names of a tunnel: those configured, then those of Child SAs whose phase 2 is gone.
[[nodiscard]] std::vector<std::string> phase2_of(const Json& status, const Json& tunnel);
/// How many phase 2 have a Child SA that is in use.
[[nodiscard]] std::size_t selectors_up(const Json& status, const Json& tunnel);
/// Whether ESP is in UDP (RFC 3948).
[[nodiscard]] bool is_encapsulated(const Json& tunnel);
/// "11.101.1.1:0", as FortiOS prints a gateway of ESP: the port is 0 where ESP is not in UDP.
[[nodiscard]] std::string outer_end(const Json& tunnel, const char* side);
[[nodiscard]] bool is_asleep(const Json& tunnel);
/// "asleep 12s, 108s left"; only for a tunnel that is.
[[nodiscard]] std::string sleep_text(const Json& status, const Json& tunnel);

/// A traffic selector as FortiOS prints it: "protocol:first-last:port", port 0 for all of them.
[[nodiscard]] std::string selector_text(const Json& selector);

/// How FortiOS names the parts of an ESP suite. `key` and `auth_key` are octets, salt included.
struct EspNames {
  std::string cipher, auth;
  unsigned key = 0, auth_key = 0;
};
[[nodiscard]] EspNames esp_names(const Json& suite);

}  // namespace dormouse::status_view
