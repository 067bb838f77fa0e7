#include "ike/fragmentation.h"

#include "base/limits.h"

namespace dormouse::ike {

std::size_t room_in_packet(std::size_t mtu, bool v6, std::uint16_t port) {
  constexpr std::size_t kUdp = 8, kMarker = 4;
  const std::size_t taken = (v6 ? 40 : 20) + kUdp + (port == 4500 ? kMarker : 0);
  return mtu > taken ? mtu - taken : 0;
}

std::optional<Reassembled> Reassembler::add(Fragment f) {
  if (f.number == 0 || f.number > f.total || f.total > limits::kMaxFragments) return std::nullopt;
  if (total_ == 0 || f.id != id_ || f.total > total_) {
    clear();
    id_ = f.id;
    total_ = f.total;
  }
  if (f.total < total_ || parts_.contains(f.number)) return std::nullopt;
  octets_ += f.content.size();
  if (octets_ > limits::kMaxReassembled) {
    clear();
    return std::nullopt;
  }
  if (f.number == 1) {
    first_ = f.first;
    first_datagram_ = to_bytes(f.datagram);
  }
  parts_.emplace(f.number, std::move(f.content));
  if (parts_.size() < total_) return std::nullopt;
  Reassembled whole{.first = first_, .content = {}, .first_datagram = std::move(first_datagram_)};
  whole.content.reserve(octets_);
  for (const auto& [number, part] : parts_) whole.content.insert(whole.content.end(), part.begin(), part.end());
  clear();
  return whole;
}

}  // namespace dormouse::ike
