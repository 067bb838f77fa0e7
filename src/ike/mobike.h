// Pieces of MOBIKE (RFC 4555): its notifies, and what an IKE SA remembers for it. The exchanges are in mobike.cc.
#pragma once
#include <vector>

#include "ike/actions.h"
#include "wire/message.h"

namespace dormouse::ike {

/// Work for the window: the initiator tells its path; the responder asks whether the peer receives there; either one
/// lists its addresses.
struct UpdateTask {};
struct RoutabilityTask {};
struct AddressesTask {};

/// What an IKE SA hands to its successor in a rekey.
struct Mobike {
  bool on = false;     ///< both ends said MOBIKE_SUPPORTED
  bool leads = false;  ///< we began the first of this line of IKE SAs: we decide on the path
  bool nat_t = false;  ///< both ends do NAT traversal; else NATs are forbidden (3.9)
  std::vector<IpAddress> peer_addresses{};
  Bytes seen_as{};        ///< what the peer's last answer said of how it sees us: another, and a NAT's mapping changed
  unsigned refusals = 0;  ///< UNEXPECTED_NAT_DETECTED in a row
  Path proven{};          ///< responder: where the peer was shown to receive; its Child SAs are there
};

/// NO_NATS_ALLOWED for a message that travels `path` (4.2.6).
[[nodiscard]] wire::NotifyPayload no_nats_notify(const Path& path);
/// The message forbids NATs, and its addresses are not those that it came with over `path` (3.9).
[[nodiscard]] bool unexpected_nat(const std::vector<wire::Payload>& payloads, const Path& path);
/// One ADDITIONAL_*_ADDRESS.
[[nodiscard]] wire::NotifyPayload additional_notify(const IpAddress& address);
/// Whether the message replaces the list of its sender's addresses (3.6).
[[nodiscard]] bool lists_addresses(const std::vector<wire::Payload>& payloads);
/// The list: the first few that are well formed and can be an address of a host.
[[nodiscard]] std::vector<IpAddress> additional_addresses(const std::vector<wire::Payload>& payloads);

}  // namespace dormouse::ike
