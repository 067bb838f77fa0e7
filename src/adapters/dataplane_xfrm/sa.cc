#include "adapters/dataplane_xfrm/sa.h"

#include <algorithm>

namespace dormouse::xfrm {

ReplayState ReplayState::fresh(std::uint32_t window) {
  window = std::clamp(window, std::uint32_t{1}, kWidest);
  xfrm_replay_state_esn head{};
  head.bmp_len = (window + 31) / 32;
  head.replay_window = window;
  Bytes octets(sizeof head + head.bmp_len * sizeof(std::uint32_t));
  std::memcpy(octets.data(), &head, sizeof head);
  return ReplayState(std::move(octets));
}

xfrm_replay_state_esn ReplayState::head() const {
  xfrm_replay_state_esn head{};
  if (octets_.size() >= sizeof head) std::memcpy(&head, octets_.data(), sizeof head);
  return head;
}

std::uint64_t ReplayState::sent() const {
  const auto h = head();
  return std::uint64_t{h.oseq_hi} << 32 | h.oseq;
}

std::uint64_t ReplayState::received() const {
  const auto h = head();
  return std::uint64_t{h.seq_hi} << 32 | h.seq;
}

// A bit that is always set is not among the kernel's choices: what inside may be cut may be cut outside too. Nor is a
// DSCP of one's own: 0 tells as little of what is inside.
HeaderFlags header_flags(const esp::HeaderRules& rules) {
  return {.copy_df = rules.outer_df != esp::OuterDf::clear,
          .hide_dscp = rules.dscp.has_value(),
          .dscp_in = rules.dscp_inwards};
}

}  // namespace dormouse::xfrm
