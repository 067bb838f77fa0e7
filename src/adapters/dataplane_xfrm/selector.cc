#include "adapters/dataplane_xfrm/selector.h"

namespace dormouse::xfrm {
namespace {

bool carries_ports(std::uint8_t protocol) { return protocol != 0; }

void combine(const TrafficSelector& local, const TrafficSelector& remote, std::vector<Selector>& out) {
  if (local.range.first.family() != remote.range.first.family()) return;
  if (local.protocol != 0 && remote.protocol != 0 && local.protocol != remote.protocol) return;
  const std::uint8_t protocol = local.protocol != 0 ? local.protocol : remote.protocol;
  const auto ports = [&](const TrafficSelector& s) {
    return carries_ports(protocol) ? port_masks(s.first_port, s.last_port) : std::vector{PortMask{}};
  };
  const auto from_ports = ports(local), to_ports = ports(remote);
  for (const auto& from : local.range.prefixes())
    for (const auto& to : remote.range.prefixes())
      for (const auto& from_port : from_ports)
        for (const auto& to_port : to_ports) {
          if (out.size() > kMaxSelectors) return;
          out.push_back({from, to, protocol, from_port, to_port});
        }
}

unsigned bits(const PortMask& p) { return static_cast<unsigned>(__builtin_popcount(p.mask)); }

}  // namespace

std::vector<PortMask> port_masks(std::uint16_t first, std::uint16_t last) {
  std::vector<PortMask> out;
  for (std::uint32_t at = first; at <= last;) {
    std::uint32_t size = at == 0 ? 0x10000 : at & -at;  // the largest block that may begin here
    while (at + size - 1 > last) size /= 2;
    out.push_back({static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(0x10000 - size)});
    at += size;
  }
  return out;
}

Outcome<std::vector<Selector>> selectors_of(const TrafficSelectors& local, const TrafficSelectors& remote) {
  std::vector<Selector> out;
  for (const auto& l : local)
    for (const auto& r : remote) combine(l, r, out);
  if (out.empty()) return failure("its traffic selectors fit no packet");
  if (out.size() > kMaxSelectors)
    return failure("its traffic selectors take more than " + std::to_string(kMaxSelectors) + " kernel policies");
  return out;
}

std::uint32_t priority_of(const Selector& s) {
  const unsigned narrow = 8 * (s.source.length + s.destination.length) + (s.protocol != 0 ? 4 : 0) +
                          (bits(s.source_port) + bits(s.destination_port)) / 11;
  return kLastPriority - 1 - narrow;
}

}  // namespace dormouse::xfrm
