// RFC 7296 3.10:
//
//   | protocol  | SPI size  |         type          |
//   | SPI (0, 4 or 8 octets), data to the end       |
#include "wire/notify_payload.h"

namespace dormouse::wire {

namespace {

/// A Child SA has an SPI of 4 octets or goes unnamed. Elsewhere the SPI says nothing and the RFC has it empty; peers
/// that fill it in with an IKE SPI are understood all the same.
bool spi_size_fits(Protocol protocol, std::size_t size) {
  if (protocol == Protocol::esp || protocol == Protocol::ah) return size == 0 || size == 4;
  return size <= 8;
}

}  // namespace

Result<NotifyPayload> parse_notify(Reader body) {
  NotifyPayload notify;
  TRY_ASSIGN(const std::uint8_t protocol, body.u8("protocol"));
  notify.protocol = static_cast<Protocol>(protocol);
  const auto spi_at = body.offset();
  TRY_ASSIGN(const std::uint8_t spi_size, body.u8("SPI size"));
  if (!spi_size_fits(notify.protocol, spi_size)) return fail(ErrorCode::malformed, "SPI size", spi_at, spi_size);
  TRY_ASSIGN(const std::uint16_t type, body.u16("notify type"));
  notify.type = static_cast<NotifyType>(type);
  TRY_ASSIGN(const ByteView spi, body.take(spi_size, "SPI"));
  notify.spi = to_bytes(spi);
  const auto data_at = body.offset();
  notify.data = to_bytes(body.rest());
  // A cookie is echoed by us, so its size is the one thing here a peer could abuse (RFC 7296 2.6).
  if (notify.type == NotifyType::cookie && (notify.data.empty() || notify.data.size() > limits::kMaxCookie))
    return fail(ErrorCode::malformed, "cookie", data_at, static_cast<std::uint32_t>(notify.data.size()));
  return notify;
}

void write_body(const NotifyPayload& payload, Writer& out) {
  out.u8(static_cast<std::uint8_t>(payload.protocol));
  out.u8(static_cast<std::uint8_t>(payload.spi.size()));
  out.u16(static_cast<std::uint16_t>(payload.type));
  out.bytes(payload.spi);
  out.bytes(payload.data);
}

}  // namespace dormouse::wire
