// A Child SA as its IKE SA keeps it, and the pure decision of who wins when both ends rekey at once.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "ike/owner.h"

namespace dormouse::ike {

struct ChildSa {
  ChildId id;
  std::string phase2;
  EspSpi in, out;
  Suite suite;
  TrafficSelectors local, remote;
  Instant created, soft, hard;
  bool transport = false;  ///< in transport mode; its selectors are of one host each
  bool outbound_ready = true;
  bool deleting = false;               ///< our Delete is queued or under way
  std::optional<ChildId> replaced_by;  ///< a rekey made its successor
  std::optional<ChildId> replaces;
  /// The peer rekeyed it while our own rekey of it is under way (RFC 7296 2.8.1): the peer's new SA and its lower
  /// nonce.
  struct Rival {
    std::optional<ChildId> child;  ///< none while its key exchanges go on
    Bytes lowest_nonce;
  };
  std::optional<Rival> rival;
};

/// The lower of two nonces, compared octet by octet (RFC 7296 2.8.1).
[[nodiscard]] const Bytes& lower_nonce(const Bytes& a, const Bytes& b);
/// Whether the exchange whose lower nonce is `ours` made the SA that must go: the one with the lowest of all four
/// nonces.
[[nodiscard]] bool loses(const Bytes& ours, const Bytes& theirs);

}  // namespace dormouse::ike
