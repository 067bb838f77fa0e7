// RFC 7296 3.11; the IKE SA is the one that carries the message, so its deletion names no SPI:
//
//   | protocol  | SPI size  |         count         |
//   | SPIs, count times SPI size octets             |
#include "wire/delete_payload.h"

namespace dormouse::wire {

Result<DeletePayload> parse_delete(Reader body) {
  DeletePayload del;
  const auto at = body.offset();
  TRY_ASSIGN(const std::uint8_t protocol, body.u8("protocol"));
  del.protocol = static_cast<Protocol>(protocol);
  const bool ike = del.protocol == Protocol::ike;
  if (!ike && del.protocol != Protocol::esp && del.protocol != Protocol::ah)
    return fail(ErrorCode::malformed, "protocol", at, protocol);
  TRY_ASSIGN(const std::uint8_t spi_size, body.u8("SPI size"));
  if (spi_size != (ike ? 0 : 4)) return fail(ErrorCode::malformed, "SPI size", at + 1, spi_size);
  TRY_ASSIGN(const std::uint16_t count, body.u16("SPI count"));
  if (ike && count != 0) return fail(ErrorCode::malformed, "SPI count", at + 2, count);
  if (count > limits::kMaxDeleteSpis) return fail(ErrorCode::too_large, "SPI count", at + 2, count);
  for (unsigned i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::uint32_t spi, body.u32("SPI"));
    del.spis.emplace_back(spi);
  }
  TRY(body.finish("SPIs"));
  return del;
}

void write_body(const DeletePayload& payload, Writer& out) {
  const bool ike = payload.protocol == Protocol::ike;
  out.u8(static_cast<std::uint8_t>(payload.protocol));
  out.u8(ike ? 0 : 4);
  out.u16(ike ? 0 : static_cast<std::uint16_t>(payload.spis.size()));
  if (ike) return;
  for (const auto spi : payload.spis) out.u32(spi.value());
}

}  // namespace dormouse::wire
