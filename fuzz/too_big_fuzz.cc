// ICMP errors from anybody, and inner packets that are too large: what is read lies within the message, what is made is
// a packet of the size it says, and no report moves the path MTU out of its bounds.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "esp/fragmenter.h"
#include "esp/path_mtu.h"
#include "esp/too_big.h"

using namespace dormouse;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void cut(ByteView packet, std::size_t mtu) {
  Bytes out(65536);
  std::size_t payload = 0;
  esp::Fragmenter pieces(packet, mtu, 1);
  for (std::size_t size = pieces.next_size(); size != 0; size = pieces.next_size()) {
    check(size <= mtu);
    pieces.write(out.data());
    payload += size - (packet[0] & 15U) * 4U;
  }
  check(payload == packet.size() - (packet[0] & 15U) * 4U);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(data, std::min<std::size_t>(size, 4096));
  for (const bool v6 : {false, true}) {
    const auto report = esp::read_too_big(in, v6);
    if (!report) continue;
    esp::PathMtu mtu(v6, 1500);
    (void)mtu.believe(report->mtu, report->size, Instant::from_ns(1));
    check(mtu.value() >= esp::smallest_mtu(v6) && mtu.value() <= 1500);
  }
  esp::InnerPacket info;
  if (!esp::parse_inner(in, info)) return 0;
  const auto packet = in.first(info.length);
  if (esp::may_be_answered(packet, info)) {
    std::array<std::uint8_t, esp::kTooBigSize> out;
    const auto made = esp::write_too_big(out.data(), packet, 1400);
    esp::InnerPacket answer;
    check(made <= out.size() && esp::parse_inner(ByteView(out).first(made), answer) && answer.length == made);
    check(answer.destination == info.source && !esp::may_be_answered(ByteView(out).first(made), answer));
  }
  if (!info.v6 && packet.size() > 68) cut(packet, 68 + data[0] % 8U);
  return 0;
}
