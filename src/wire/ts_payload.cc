// RFC 7296 3.13:
//
//   payload   | count     |             reserved              |
//             | selectors                                     |
//
//   selector  | type      | protocol  |        length         |
//             |      first port       |       last port       |
//             | first address, last address                   |
//
// Types: 7 is an IPv4 range, 8 an IPv6 range. For ICMP a port holds type and code.
#include "wire/ts_payload.h"

namespace dormouse::wire {

namespace {

constexpr std::uint8_t kIpv4Range = 7, kIpv6Range = 8;
constexpr std::size_t kSelectorHeader = 8;

constexpr std::size_t address_size(std::uint8_t type) { return type == kIpv4Range ? 4 : 16; }

IpAddress address_of(ByteView octets) { return octets.size() == 4 ? IpAddress::v4(octets) : IpAddress::v6(octets); }

/// What follows type and protocol and length, for the two types known.
Result<void> read_range(Reader r, std::uint8_t type, TrafficSelector& ts) {
  const auto at = r.offset();
  const auto size = address_size(type);
  TRY_ASSIGN(ts.first_port, r.u16("first port"));
  TRY_ASSIGN(ts.last_port, r.u16("last port"));
  TRY_ASSIGN(const ByteView first, r.take(size, "first address"));
  TRY_ASSIGN(const ByteView last, r.take(size, "last address"));
  TRY(r.finish("selector length"));
  ts.range = {address_of(first), address_of(last)};
  const bool opaque = ts.first_port == 65535 && ts.last_port == 0;  // RFC 7296 3.13.1: ports hidden, not a range
  if (ts.first_port > ts.last_port && !opaque) return fail(ErrorCode::malformed, "port range", at);
  if (ts.range.last < ts.range.first) return fail(ErrorCode::malformed, "address range", at + 4);
  return {};
}

/// One selector; false if it is of a type this program does not know and was skipped.
Result<bool> read_selector(Reader& list, TrafficSelector& ts) {
  const auto at = list.offset();
  TRY_ASSIGN(const std::uint8_t type, list.u8("selector type"));
  TRY_ASSIGN(ts.protocol, list.u8("selector protocol"));
  TRY_ASSIGN(const std::uint16_t length, list.u16("selector length"));
  if (length < 4) return fail(ErrorCode::malformed, "selector length", at + 2, length);
  TRY_ASSIGN(const Reader body, list.sub(length - 4u, "selector"));
  if (type != kIpv4Range && type != kIpv6Range) return false;
  TRY(read_range(body, type, ts));
  return true;
}

void write_selector(const TrafficSelector& ts, Writer& w) {
  const auto type = ts.range.first.is_v4() ? kIpv4Range : kIpv6Range;
  w.u8(type);
  w.u8(ts.protocol);
  w.u16(static_cast<std::uint16_t>(kSelectorHeader + 2 * address_size(type)));
  w.u16(ts.first_port);
  w.u16(ts.last_port);
  w.bytes(ts.range.first.bytes());
  w.bytes(ts.range.last.bytes());
}

}  // namespace

Result<TsPayload> parse_ts(Reader body, bool responder) {
  TsPayload p;
  p.responder = responder;
  const auto at = body.offset();
  TRY_ASSIGN(const std::uint8_t count, body.u8("selector count"));
  if (count > limits::kMaxTrafficSelectors) return fail(ErrorCode::too_large, "selector count", at, count);
  TRY(body.take(3, "reserved"));
  for (unsigned i = 0; i < count; ++i) {
    TrafficSelector ts;
    TRY_ASSIGN(const bool known, read_selector(body, ts));
    if (known) p.selectors.push_back(ts);
  }
  TRY(body.finish("selectors"));
  return p;
}

void write_body(const TsPayload& payload, Writer& out) {
  out.u8(static_cast<std::uint8_t>(payload.selectors.size()));
  out.zeros(3);
  for (const auto& ts : payload.selectors) write_selector(ts, out);
}

}  // namespace dormouse::wire
