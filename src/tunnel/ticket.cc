#include "tunnel/ticket.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/keymat.h"

namespace dormouse::tunnel {
namespace {

constexpr std::uint8_t kVersion = 2;  // 2: with the inside addresses and what a certificate proved
constexpr std::size_t kHeader = 1 + 4 + 16;
constexpr std::size_t kMaxIdentity = 1024;
// The store turns clocks into one another by the calendar, which may have been set between a ticket and a reboot.
constexpr Duration kClockSlack = std::chrono::hours(1);
constexpr std::int64_t kNever = -(std::int64_t{1} << 39);  // the least that five octets hold

constexpr Duration kKeptFor = TicketKeys::kLongestTicket + TicketKeys::kUseFor + TicketKeys::kAhead;
Instant made(Instant retire) { return retire - kKeptFor; }

const Suite kSealing{.encr = EncrId::aes_gcm_16, .key_bits = 256};

std::int64_t seconds_before(Instant base, Instant t) {
  // Rounded to the earlier second, so that no ticket gains time by being sealed.
  const auto d = base - t;
  const auto s = seconds_of(d);
  return Duration(std::chrono::seconds(s)) < d ? s + 1 : s;
}

/// Five octets, two's complement: seventeen thousand years, and a ticket has room for them.
void put_seconds(Writer& w, std::int64_t s) {
  w.u8(static_cast<std::uint8_t>(static_cast<std::uint64_t>(s) >> 32));
  w.u32(static_cast<std::uint32_t>(s));
}

Result<std::int64_t> take_seconds(Reader& r) {
  TRY_ASSIGN(const auto high, r.u8("time"));
  TRY_ASSIGN(const auto low, r.u32("time"));
  return static_cast<std::int64_t>(static_cast<std::int8_t>(high)) * (std::int64_t{1} << 32) + low;
}

void put(Writer& w, std::string_view text) {
  w.u8(static_cast<std::uint8_t>(text.size()));
  w.bytes(as_bytes(text));
}

void put(Writer& w, const Identity& id) {
  w.u8(static_cast<std::uint8_t>(id.type));
  w.u16(static_cast<std::uint16_t>(id.data.size()));
  w.bytes(id.data);
}

void put(Writer& w, const std::optional<CertificateFacts>& facts) {
  w.u8(facts ? static_cast<std::uint8_t>(facts->steps.size()) : 0);
  if (!facts) return;
  for (const auto& step : facts->steps) {
    w.bytes(step.issuer);
    w.u8(static_cast<std::uint8_t>(step.serial.size()));
    w.bytes(step.serial);
  }
  w.bytes(facts->authority);
  w.u64(static_cast<std::uint64_t>(facts->not_after.seconds));
}

Result<ShortHash> take_hash(Reader& r) {
  ShortHash out{};
  TRY_ASSIGN(const auto octets, r.take(out.size(), "certificate"));
  std::ranges::copy(octets, out.begin());
  return out;
}

/// None: the login was with a shared key.
Result<std::optional<CertificateFacts>> take_certificate(Reader& r) {
  TRY_ASSIGN(const auto steps, r.u8("certificate"));
  if (steps == 0) return std::nullopt;
  if (steps > limits::kCertificateSteps) return fail(ErrorCode::malformed, "certificate");
  CertificateFacts facts;
  for (unsigned i = 0; i < steps; ++i) {
    CertificateFacts::Step step;
    TRY_ASSIGN(step.issuer, take_hash(r));
    TRY_ASSIGN(const auto size, r.u8("certificate"));
    TRY_ASSIGN(const auto serial, r.take(size, "certificate"));
    step.serial = to_bytes(serial);
    facts.steps.push_back(std::move(step));
  }
  TRY_ASSIGN(facts.authority, take_hash(r));
  TRY_ASSIGN(const auto end, r.u64("certificate"));
  facts.not_after = {static_cast<std::int64_t>(end)};
  return facts;
}

Result<Identity> take_identity(Reader& r) {
  TRY_ASSIGN(const auto type, r.u8("identity"));
  TRY_ASSIGN(const auto size, r.u16("identity"));
  if (size > kMaxIdentity) return fail(ErrorCode::malformed, "identity");
  TRY_ASSIGN(const auto data, r.take(size, "identity"));
  return Identity{static_cast<IdType>(type), to_bytes(data)};
}

/// One octet says which follow.
void put(Writer& w, const InsideAddresses& lease) {
  w.u8(static_cast<std::uint8_t>((lease.v4 ? 1 : 0) | (lease.v6 ? 2 : 0)));
  for (const auto& a : {lease.v4, lease.v6})
    if (a) w.bytes(a->bytes());
}

Result<InsideAddresses> take_lease(Reader& r) {
  TRY_ASSIGN(const auto which, r.u8("lease"));
  if (which > 3) return fail(ErrorCode::malformed, "lease");
  InsideAddresses out;
  if ((which & 1) != 0) {
    TRY_ASSIGN(const auto b, r.take(4, "lease"));
    out.v4 = IpAddress::v4(b);
  }
  if ((which & 2) != 0) {
    TRY_ASSIGN(const auto b, r.take(16, "lease"));
    out.v6 = IpAddress::v6(b);
  }
  return out;
}

/// Far-off values would overflow; nothing sensible is a century away.
Result<Instant> take_time(Reader& r, Instant base) {
  TRY_ASSIGN(const auto s, take_seconds(r));
  constexpr std::int64_t kCentury = std::int64_t{100} * 366 * 86400;
  if (s < -kCentury || s > kCentury) return fail(ErrorCode::malformed, "time");
  return base - Duration(std::chrono::seconds(s));
}

}  // namespace

Bytes serialize(const TicketContent& c, Instant base) {
  Bytes out;
  Writer w(out);
  put(w, c.phase1);
  w.u32(c.index);
  w.bytes(c.session);
  w.u8(c.auth_method);
  put(w, c.peer);
  put(w, c.local);
  for (const auto t : {c.logged_in, c.issued, c.expires}) put_seconds(w, seconds_before(base, t));
  put_seconds(w, c.reauth_deadline ? seconds_before(base, *c.reauth_deadline) : kNever);
  put(w, c.lease);
  for (const auto v :
       {static_cast<std::uint16_t>(c.suite.encr), c.suite.key_bits, static_cast<std::uint16_t>(c.suite.prf),
        static_cast<std::uint16_t>(c.suite.integ), static_cast<std::uint16_t>(c.suite.ke)})
    w.u16(v);
  w.u8(static_cast<std::uint8_t>(c.sk_d.size()));
  w.bytes(c.sk_d.reveal());
  put(w, c.certificate);
  w.u64(c.policy);
  return out;
}

Result<TicketContent> parse_ticket_content(ByteView data, Instant base) {
  Reader r(data);
  TicketContent c;
  TRY_ASSIGN(const auto name_size, r.u8("phase 1"));
  TRY_ASSIGN(const auto name, r.take(name_size, "phase 1"));
  c.phase1.assign(name.begin(), name.end());
  TRY_ASSIGN(c.index, r.u32("index"));
  TRY_ASSIGN(const auto session, r.take(c.session.size(), "session"));
  std::ranges::copy(session, c.session.begin());
  TRY_ASSIGN(c.auth_method, r.u8("method"));
  TRY_ASSIGN(c.peer, take_identity(r));
  TRY_ASSIGN(c.local, take_identity(r));
  TRY_ASSIGN(c.logged_in, take_time(r, base));
  TRY_ASSIGN(c.issued, take_time(r, base));
  TRY_ASSIGN(c.expires, take_time(r, base));
  Reader peek = r;
  TRY_ASSIGN(const auto reauth, take_seconds(peek));
  if (reauth == kNever) {
    r = peek;
  } else {
    TRY_ASSIGN(c.reauth_deadline, take_time(r, base));
  }
  TRY_ASSIGN(c.lease, take_lease(r));
  TRY_ASSIGN(const auto encr, r.u16("suite"));
  TRY_ASSIGN(c.suite.key_bits, r.u16("suite"));
  TRY_ASSIGN(const auto prf, r.u16("suite"));
  TRY_ASSIGN(const auto integ, r.u16("suite"));
  TRY_ASSIGN(const auto ke, r.u16("suite"));
  c.suite.encr = static_cast<EncrId>(encr);
  c.suite.prf = static_cast<PrfId>(prf);
  c.suite.integ = static_cast<IntegId>(integ);
  c.suite.ke = static_cast<KeId>(ke);
  TRY_ASSIGN(const auto key_size, r.u8("SK_d"));
  TRY_ASSIGN(const auto key, r.take(key_size, "SK_d"));
  c.sk_d = SecretBytes(key);
  TRY_ASSIGN(c.certificate, take_certificate(r));
  TRY_ASSIGN(c.policy, r.u64("policy"));
  if (r.left() != 0) return fail(ErrorCode::malformed, "ticket");
  return c;
}

bool TicketKeys::rotate(Instant now) {
  const auto before = keys_.size();
  std::erase_if(keys_, [&](const auto& k) { return k.second.retire <= now; });
  const bool fresh = newest_ && keys_.contains(*newest_) && made(keys_.at(*newest_).retire) + kUseFor > now;
  if (fresh) return keys_.size() != before;
  std::uint32_t id = rng_.u32();
  while (keys_.contains(id)) id = rng_.u32();
  SecretBytes key(kKeySize);
  rng_.fill(key.reveal_mutable());
  keys_.emplace(id, Key{std::move(key), now + kKeptFor});
  newest_ = id;
  return true;
}

/// The newest that has had its hour and outlives the ticket; else, at the very start, the newest there is.
std::uint32_t TicketKeys::sealing_key(const TicketContent& c) const {
  std::optional<std::uint32_t> best;
  for (const auto& [id, key] : keys_) {
    const bool fit = made(key.retire) + kAhead <= c.issued && key.retire > c.expires;
    if (fit && (!best || keys_.at(*best).retire < key.retire)) best = id;
  }
  return best.value_or(*newest_);
}

Result<std::unique_ptr<crypto::IkeCipher>> TicketKeys::cipher(const Key& key, ByteView id) {
  const std::array<ByteView, 2> seed{as_bytes("Dormouse ticket"), id};
  const auto size = crypto::encr_key_size(kSealing.encr, kSealing.key_bits);
  TRY_ASSIGN(const SecretBytes own, crypto::prf_plus(crypto_, PrfId::hmac_sha2_256, key.key.reveal(), seed, size));
  return crypto_.ike_cipher(kSealing, own.reveal(), {});
}

Result<TicketKeys::Sealed> TicketKeys::seal(const TicketContent& content) {
  if (!newest_ || content.phase1.size() > 255 || content.sk_d.size() > 255 ||
      std::max(content.peer.data.size(), content.local.data.size()) > kMaxIdentity)
    return fail(ErrorCode::exhausted, "ticket");
  const auto id = sealing_key(content);
  const Key& key = keys_.at(id);
  Sealed out;
  rng_.fill(out.id);
  TRY_ASSIGN(auto aead, cipher(key, out.id));
  Bytes plain = serialize(content, key.retire);
  Writer w(out.ticket);
  w.u8(kVersion);
  w.u32(id);
  w.bytes(out.id);
  w.zeros(aead->iv_size());
  w.bytes(plain);
  w.zeros(aead->icv_size());
  wipe(plain);
  TRY(aead->seal(out.ticket, kHeader, rng_));
  return out;
}

Result<TicketKeys::Opened> TicketKeys::open(ByteView ticket, Instant now) {
  if (ticket.size() <= kHeader || ticket.size() > limits::kMaxTicket) return fail(ErrorCode::malformed, "ticket");
  if (ticket[0] != kVersion) return fail(ErrorCode::malformed, "version");
  const auto key = keys_.find(load32(ticket.data() + 1));
  if (key == keys_.end() || key->second.retire <= now) return fail(ErrorCode::unexpected, "key");
  Opened out;
  std::ranges::copy(ticket.subspan(5, out.id.size()), out.id.begin());
  TRY_ASSIGN(auto aead, cipher(key->second, out.id));
  Bytes copy = to_bytes(ticket);
  const auto plain = aead->open(copy, kHeader);
  if (!plain) return fail(ErrorCode::auth_failed, "ticket");
  auto content = parse_ticket_content(*plain, key->second.retire);
  wipe(copy);
  if (!content) return fail(content.error().code, "content");
  // Bound by the issue too, so that a clock that was set back makes nothing immortal.
  if (content->issued > now + kClockSlack || content->expires - content->issued > kLongestTicket)
    return fail(ErrorCode::unexpected, "time");
  out.content = std::move(*content);
  return out;
}

std::shared_ptr<const SecretBytes> TicketKeys::exported() const {
  SecretBytes all(keys_.size() * (4 + kKeySize));
  auto* at = all.reveal_mutable().data();
  for (const auto& [id, key] : keys_) {
    store32(at, id);
    std::ranges::copy(key.key.reveal(), at + 4);
    at += 4 + kKeySize;
  }
  return std::make_shared<const SecretBytes>(std::move(all));
}

std::map<std::uint32_t, Instant> TicketKeys::kept_until() const {
  std::map<std::uint32_t, Instant> out;
  for (const auto& [id, key] : keys_) out.emplace(id, key.retire);
  return out;
}

void TicketKeys::import(const SecretBytes& keys, const std::map<std::uint32_t, Instant>& kept_until, Instant now) {
  const auto all = keys.reveal();
  for (std::size_t at = 0; at + 4 + kKeySize <= all.size(); at += 4 + kKeySize) {
    const auto id = load32(all.data() + at);
    const auto until = kept_until.find(id);
    if (until == kept_until.end() || until->second <= now) continue;
    keys_.insert_or_assign(id, Key{SecretBytes(all.subspan(at + 4, kKeySize)), until->second});
    if (!newest_ || keys_.at(*newest_).retire < until->second) newest_ = id;
  }
}

}  // namespace dormouse::tunnel
