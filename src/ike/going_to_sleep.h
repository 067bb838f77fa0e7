// Going to sleep announced: what a client and a gateway of ours say to each other about it, as values. No RFC has it,
// so it goes only to a peer whose Vendor ID is ours (RFC 7296 3.12), under a number of private use (3.10.1):
//
//   client                                 gateway
//   HDR, ..., V("Dormouse sleep 1")   <->  HDR, ..., V("Dormouse sleep 1")    in IKE_SA_INIT, IKE_SESSION_RESUME
//   HDR, SK {N(CLIENT_GOES_TO_SLEEP)}  -->
//                                     <--  HDR, SK {}
//
// The Vendor ID is in clear, and AUTH covers it: whoever puts it in or takes it out spoils the login.
//
// The notification's data name, for each Child SA of the client, the SPI it sends with (4 octets) and the number of the
// last packet it sent (8 octets). What arrives later with that number or a lower one was on its way already and is no
// sign of a client that is awake; the first higher one is. So neither end needs a time to tell the two apart.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "ike/actions.h"
#include "wire/message.h"

namespace dormouse::ike {

[[nodiscard]] wire::VendorIdPayload own_vendor_id();
[[nodiscard]] bool has_own_vendor_id(const std::vector<wire::Payload>& payloads);

/// The announcement; of more than limits::kMaxChildrenPerIke Child SAs it names the first.
[[nodiscard]] wire::NotifyPayload sleep_notify(std::span<const LastSent> sent);
/// What an announcement among the payloads says; nothing if there is none, or it is malformed.
[[nodiscard]] std::optional<std::vector<LastSent>> announced_sleep(const std::vector<wire::Payload>& payloads);

}  // namespace dormouse::ike
