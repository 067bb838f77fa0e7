// Addresses inside the tunnel that a dialup client was given: at most one of each family.
#pragma once
#include <optional>

#include "base/ip.h"

namespace dormouse {

struct InsideAddresses {
  std::optional<IpAddress> v4{}, v6{};
  [[nodiscard]] bool empty() const { return !v4 && !v6; }
  [[nodiscard]] const std::optional<IpAddress>& of(Family f) const { return f == Family::v4 ? v4 : v6; }
  [[nodiscard]] std::optional<IpAddress>& of(Family f) { return f == Family::v4 ? v4 : v6; }
  friend bool operator==(const InsideAddresses&, const InsideAddresses&) = default;
};

}  // namespace dormouse
