// xfrm interfaces: the kernel's devices whose packets are those of the policies with the same if_id.
#pragma once
#include <string>

#include "adapters/netlink/channel.h"
#include "base/result.h"

namespace dormouse::xfrm {

/// if_ids of ours, so that what a killed daemon left is told from everybody else's.
inline constexpr std::uint32_t kFirstIfId = 0x444d0000, kLastIfId = 0x444effff;

class Links {
 public:
  [[nodiscard]] static Outcome<Links> open();
  /// Makes the interface, up, and returns its index.
  [[nodiscard]] Outcome<int> add(const std::string& name, std::uint32_t if_id, unsigned mtu);
  [[nodiscard]] Outcome<void> set_mtu(int ifindex, unsigned mtu);
  void remove(int ifindex);
  /// Removes every xfrm interface whose if_id is `first` to `last`.
  void clear(std::uint32_t first, std::uint32_t last);

 private:
  explicit Links(netlink::Channel channel) : channel_(std::move(channel)) {}
  netlink::Channel channel_;
};

}  // namespace dormouse::xfrm
