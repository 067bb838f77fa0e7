#include "ike/cookie.h"

#include "wire/message.h"

namespace dormouse::ike {
namespace {

constexpr Duration kRotateAfter = 60s;

}  // namespace

void CookieJar::rotate(Instant now) {
  if (!current_.empty() && now - rotated_ < kRotateAfter) return;
  previous_ = std::move(current_);
  current_ = SecretBytes(32);
  rng_.fill(current_.reveal_mutable());
  rotated_ = now;
  ++version_;
}

Bytes CookieJar::compute(const SecretBytes& secret, std::uint8_t version, ByteView nonce, const Endpoint& remote,
                         IkeSpi spi_i) {
  Bytes who;
  Writer w(who);
  w.u64(spi_i.value());
  w.u16(remote.port);
  w.bytes(remote.address.bytes());
  const std::array<ByteView, 2> parts{nonce, who};
  const auto mac = crypto_.prf(PrfId::hmac_sha2_256, secret.reveal(), parts);
  Bytes out{version};
  if (mac) out.insert(out.end(), mac->reveal().begin(), mac->reveal().end());
  return out;
}

Bytes CookieJar::make(ByteView nonce, const Endpoint& remote, IkeSpi spi_i, Instant now) {
  rotate(now);
  return compute(current_, version_, nonce, remote, spi_i);
}

bool CookieJar::verify(ByteView cookie, ByteView nonce, const Endpoint& remote, IkeSpi spi_i, Instant now) {
  rotate(now);
  if (cookie.size() != 33) return false;
  const bool is_previous = cookie[0] == static_cast<std::uint8_t>(version_ - 1) && !previous_.empty();
  if (cookie[0] != version_ && !is_previous) return false;
  return constant_time_equal(cookie, compute(is_previous ? previous_ : current_, cookie[0], nonce, remote, spi_i));
}

Bytes CookieJar::response(const wire::Header& request, ByteView cookie) {
  wire::Header h;
  h.spi_i = request.spi_i;
  h.exchange = request.exchange;
  h.response = true;
  return wire::serialize_clear(h, {wire::NotifyPayload{.type = wire::NotifyType::cookie, .data = to_bytes(cookie)}});
}

}  // namespace dormouse::ike
