// XFRM netlink messages: the only place that knows how they lie in memory.
#pragma once
#include <optional>

#include "adapters/dataplane_xfrm/policy.h"
#include "adapters/netlink/message.h"

namespace dormouse::xfrm {

using netlink::Request;

// --- requests: each fills a Request of the type named
void put_new_sa(Request& r, const SaSpec& sa);                              ///< XFRM_MSG_NEWSA
void put_sa_id(Request& r, const SaId& id);                                 ///< XFRM_MSG_GETSA, XFRM_MSG_DELSA
void put_tell_packets(Request& r, const SaId& id, bool tell);               ///< XFRM_MSG_NEWAE
void put_policy(Request& r, const PolicySpec& policy);                      ///< XFRM_MSG_NEWPOLICY, XFRM_MSG_UPDPOLICY
void put_policy_id(Request& r, const PolicyKey& key, std::uint32_t if_id);  ///< XFRM_MSG_DELPOLICY

// --- what the kernel says; nothing for what is none of ours or too short
/// An SA: the answer to XFRM_MSG_GETSA.
struct SaMessage {
  SaId id;
  SaStatus status;
};
[[nodiscard]] std::optional<SaMessage> parse_sa(const nlmsghdr* m);
/// XFRM_MSG_DELSA as announced: what the SA was at its end.
[[nodiscard]] std::optional<SaMessage> parse_deleted_sa(const nlmsghdr* m);
struct PolicyMessage {
  PolicyKey key;
  std::uint32_t if_id = 0;
};
/// The answer to XFRM_MSG_GETPOLICY.
[[nodiscard]] std::optional<PolicyMessage> parse_policy(const nlmsghdr* m);

// --- what comes unasked
struct Expired {
  SaId id;
  bool hard = false;
  SaStatus status;
};
/// Packets were received since this was last said.
struct Received {
  SaId id;
  std::uint64_t highest = 0;
};
/// A verified packet in UDP came from another address or port than its SA says.
struct Mapped {
  SaId id;
  Endpoint remote;
};
[[nodiscard]] std::optional<Expired> parse_expired(const nlmsghdr* m);    ///< XFRM_MSG_EXPIRE
[[nodiscard]] std::optional<Received> parse_received(const nlmsghdr* m);  ///< XFRM_MSG_NEWAE
[[nodiscard]] std::optional<Mapped> parse_mapped(const nlmsghdr* m);      ///< XFRM_MSG_MAPPING

}  // namespace dormouse::xfrm
