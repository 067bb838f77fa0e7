// The requests to the kernel's IPsec: one call is one request and its answer. Failures name the object.
#pragma once
#include <vector>

#include "adapters/dataplane_xfrm/messages.h"
#include "adapters/netlink/channel.h"

namespace dormouse::xfrm {

class Kernel {
 public:
  /// Failure: the kernel has no XFRM.
  [[nodiscard]] static Outcome<Kernel> open();

  // --- SAs
  [[nodiscard]] Outcome<void> add_sa(const SaSpec& sa);
  /// Nothing if there is none.
  [[nodiscard]] std::optional<SaStatus> read_sa(const SaId& id);
  void delete_sa(const SaId& id);
  /// Deletes it and returns what it was in the very end: no packet took a number after that. Nothing if it was not
  /// there.
  [[nodiscard]] std::optional<SaStatus> take_sa(const SaId& id);
  /// Whether it announces that packets were received.
  void tell_packets(const SaId& id, bool tell);

  // --- policies
  /// Takes the place of the one with the same key.
  [[nodiscard]] Outcome<void> put_policy(const PolicySpec& policy);
  void delete_policy(const PolicyKey& key, std::uint32_t if_id);

  /// Removes every SA and policy whose if_id is `first` to `last`.
  void clear(std::uint32_t first, std::uint32_t last);

 private:
  explicit Kernel(netlink::Channel channel) : channel_(std::move(channel)) {}
  netlink::Channel channel_;
};

}  // namespace dormouse::xfrm
