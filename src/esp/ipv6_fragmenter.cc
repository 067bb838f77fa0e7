#include "esp/ipv6_fragmenter.h"

#include <algorithm>

namespace dormouse::esp {

Ipv6Fragmenter::Ipv6Fragmenter(ByteView payload, std::uint8_t protocol, std::uint32_t mtu, std::uint32_t id)
    : payload_(payload), step_((mtu - 48) / 8 * 8), id_(id), protocol_(protocol) {}

std::optional<Ipv6Fragment> Ipv6Fragmenter::next() {
  if (at_ == payload_.size()) return std::nullopt;
  Ipv6Fragment f{{protocol_}, payload_.subspan(at_, std::min(step_, payload_.size() - at_))};
  const bool more = at_ + f.data.size() < payload_.size();
  store16(f.header.data() + 2, static_cast<std::uint16_t>(at_ | (more ? 1U : 0U)));
  store32(f.header.data() + 4, id_);
  at_ += f.data.size();
  return f;
}

}  // namespace dormouse::esp
