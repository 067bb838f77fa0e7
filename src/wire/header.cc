// RFC 7296 3.1:
//
//   | initiator's SPI (8 octets)                    |
//   | responder's SPI (8 octets), 0 in the first    |
//   | next      | version   | exchange  | flags     |   version: major << 4 | minor; flags: --RVI---
//   | message id                                    |
//   | length of the whole message, this included    |
#include "wire/header.h"

namespace dormouse::wire {
namespace {

constexpr std::uint8_t kMajorVersion = 2, kVersionOctet = kMajorVersion << 4;
constexpr std::uint8_t kFlagInitiator = 0x08, kFlagResponse = 0x20;

}  // namespace

Result<Header> parse_header(ByteView datagram) {
  if (datagram.size() > limits::kMaxIkeMessage) return fail(ErrorCode::too_large, "datagram");
  Reader r(datagram);
  Header h;
  TRY_ASSIGN(const std::uint64_t spi_i, r.u64("initiator SPI"));
  TRY_ASSIGN(const std::uint64_t spi_r, r.u64("responder SPI"));
  TRY_ASSIGN(const std::uint8_t next, r.u8("next payload"));
  const auto version_at = r.offset();
  TRY_ASSIGN(const std::uint8_t version, r.u8("version"));
  TRY_ASSIGN(const std::uint8_t exchange, r.u8("exchange type"));
  TRY_ASSIGN(const std::uint8_t flags, r.u8("flags"));
  TRY_ASSIGN(const std::uint32_t message_id, r.u32("message id"));
  const auto length_at = r.offset();
  TRY_ASSIGN(h.length, r.u32("length"));
  // The minor version is ignored (RFC 7296 2.5).
  if (version >> 4 != kMajorVersion) return fail(ErrorCode::unsupported_version, "version", version_at, version);
  if (h.length != datagram.size()) return fail(ErrorCode::malformed, "length", length_at, h.length);
  if (spi_i == 0) return fail(ErrorCode::malformed, "initiator SPI");
  h.spi_i = IkeSpi(spi_i);
  h.spi_r = IkeSpi(spi_r);
  h.next_payload = static_cast<PayloadType>(next);
  h.exchange = static_cast<ExchangeType>(exchange);
  h.initiator = (flags & kFlagInitiator) != 0;
  h.response = (flags & kFlagResponse) != 0;
  h.message_id = MessageId(message_id);
  return h;
}

void write_header(const Header& header, PayloadType next, Writer& out) {
  const unsigned flags = (header.initiator ? kFlagInitiator : 0u) | (header.response ? kFlagResponse : 0u);
  out.u64(header.spi_i.value());
  out.u64(header.spi_r.value());
  out.u8(static_cast<std::uint8_t>(next));
  out.u8(kVersionOctet);
  out.u8(static_cast<std::uint8_t>(header.exchange));
  out.u8(static_cast<std::uint8_t>(flags));
  out.u32(header.message_id.value());
  out.u32(0);
}

}  // namespace dormouse::wire
