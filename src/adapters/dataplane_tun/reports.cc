#include "adapters/dataplane_tun/reports.h"

namespace dormouse::dataplane {
namespace {

constexpr std::size_t kMost = 64;   // of one call
constexpr std::size_t kSize = 256;  // of the message, what quotes our headers

}  // namespace

void receive_reports(const OuterSockets& sockets, Family family,
                     const std::function<void(const esp::TooBigReport&)>& each) {
  std::array<std::uint8_t, kSize> buffer;
  for (std::size_t i = 0; i < kMost; ++i) {
    const auto n = recv(sockets.errors(family), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n <= 0) return;
    ByteView message = ByteView(buffer).first(static_cast<std::size_t>(n));
    const bool v6 = family == Family::v6;
    if (!v6) {  // a raw IPv4 socket hands over the IP header too
      const std::size_t header = (message[0] & 15U) * 4U;
      if (header < 20 || message.size() < header) continue;
      message = message.subspan(header);
    }
    if (const auto report = esp::read_too_big(message, v6)) each(*report);
  }
}

}  // namespace dormouse::dataplane
