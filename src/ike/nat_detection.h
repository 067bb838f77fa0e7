// NAT detection (RFC 7296 2.23): hashes of the addresses as each end sees them.
#pragma once
#include <optional>

#include "crypto/suite.h"
#include "ike/owner.h"
#include "ike/sa.h"  // the actions hold an IkeSa
#include "wire/message.h"

namespace dormouse::ike {

/// The two notifies for a message that travels `path`; with NatMode::always the source hash is wrong on purpose, so
/// that both ends encapsulate; with never there are none.
[[nodiscard]] std::vector<wire::Payload> nat_notifies(crypto::Provider& engine, NatMode mode, IkeSpi i, IkeSpi r,
                                                      const Path& path);

struct NatFindings {
  bool local = false, remote = false;  ///< who stands behind a NAT
};
/// None if the peer sent no notifies (it does no NAT traversal).
[[nodiscard]] std::optional<NatFindings> find_nat(crypto::Provider& engine, const std::vector<wire::Payload>& payloads,
                                                  IkeSpi i, IkeSpi r, const Path& path);

}  // namespace dormouse::ike
