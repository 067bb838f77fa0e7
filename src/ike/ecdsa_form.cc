#include "ike/ecdsa_form.h"

#include <algorithm>

namespace dormouse::ike {
namespace {

constexpr std::uint8_t kSequence = 0x30, kInteger = 0x02;
constexpr std::uint8_t kLongLength = 0x81;  // one octet of length follows: all that P-521 needs
constexpr std::size_t kLongestHalf = 66;    // P-521

/// The length octets of DER, in their only form: short below 128, else 0x81 and one octet.
Result<std::size_t> take_length(Reader& r) {
  TRY_ASSIGN(const auto first, r.u8("length"));
  if (first < 0x80) return std::size_t{first};
  if (first != kLongLength) return fail(ErrorCode::malformed, "length", r.offset());
  TRY_ASSIGN(const auto length, r.u8("length"));
  if (length < 0x80) return fail(ErrorCode::malformed, "length", r.offset());
  return std::size_t{length};
}

/// A positive INTEGER in its shortest form, without the zero that keeps it positive.
Result<ByteView> take_integer(Reader& r) {
  TRY_ASSIGN(const auto tag, r.u8("integer"));
  if (tag != kInteger) return fail(ErrorCode::malformed, "integer", r.offset());
  TRY_ASSIGN(const auto length, take_length(r));
  TRY_ASSIGN(ByteView value, r.take(length, "integer"));
  if (value.empty() || (value[0] & 0x80) != 0) return fail(ErrorCode::malformed, "integer", r.offset());
  if (value[0] != 0) return value;
  if (value.size() > 1 && (value[1] & 0x80) == 0) return fail(ErrorCode::malformed, "integer", r.offset());
  return value.subspan(1);
}

void put_length(Writer& w, std::size_t length) {
  if (length >= 0x80) w.u8(kLongLength);
  w.u8(static_cast<std::uint8_t>(length));
}

void put_integer(Writer& w, ByteView v) {
  while (!v.empty() && v[0] == 0) v = v.subspan(1);
  const bool pad = v.empty() || (v[0] & 0x80) != 0;
  w.u8(kInteger);
  put_length(w, v.size() + (pad ? 1 : 0));
  if (pad) w.u8(0);
  w.bytes(v);
}

}  // namespace

Result<Bytes> raw_of_ecdsa_der(ByteView der, std::size_t half) {
  Reader r(der);
  TRY_ASSIGN(const auto tag, r.u8("signature"));
  if (tag != kSequence) return fail(ErrorCode::malformed, "signature");
  TRY_ASSIGN(const auto length, take_length(r));
  if (length != r.left()) return fail(ErrorCode::malformed, "signature", r.offset());
  Bytes raw(2 * half);
  for (std::size_t i = 0; i < 2; ++i) {
    TRY_ASSIGN(const auto value, take_integer(r));
    if (value.size() > half) return fail(ErrorCode::too_large, "signature", r.offset());
    std::ranges::copy(value, raw.begin() + static_cast<std::ptrdiff_t>((i + 1) * half - value.size()));
  }
  TRY(r.finish("signature"));
  return raw;
}

Result<Bytes> ecdsa_der_of_raw(ByteView raw) {
  if (raw.empty() || raw.size() % 2 != 0 || raw.size() > 2 * kLongestHalf)
    return fail(ErrorCode::malformed, "signature");
  Bytes body;
  Writer w(body);
  put_integer(w, raw.first(raw.size() / 2));
  put_integer(w, raw.subspan(raw.size() / 2));
  Bytes der;
  Writer out(der);
  out.u8(kSequence);
  put_length(out, body.size());
  out.bytes(body);
  return der;
}

}  // namespace dormouse::ike
