// REDIRECT (RFC 5685), both roles. A client that was asked to follow does so from three places: the answer to
// IKE_SA_INIT (or IKE_SESSION_RESUME), in clear and recognised by its nonce; the answer to IKE_AUTH, once the gateway
// has proved itself; and an INFORMATIONAL of the gateway while the SA stands. A gateway of ours redirects in the last
// two alone, where both ends know each other.
#include "ike/redirect.h"

#include <algorithm>

#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

enum class NameType : std::uint8_t { v4 = 1, v6 = 2, fqdn = 3 };
constexpr std::size_t kLongestName = 253;  // of the domain name system
constexpr Duration kWaitForDelete = 10s;   // of a client that was sent elsewhere

bool is_domain_name(std::string_view s) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const bool letter = std::ranges::any_of(s, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  return s.size() <= kLongestName && letter && std::ranges::all_of(s, allowed) && s.front() != '.' && s.front() != '-';
}

std::optional<OtherGateway> read_name(std::uint8_t type, ByteView data) {
  if (type == static_cast<std::uint8_t>(NameType::v4) && data.size() == 4)
    return OtherGateway{IpAddress::v4(load32(data.data())), {}};
  if (type == static_cast<std::uint8_t>(NameType::v6) && data.size() == 16) {
    std::array<std::uint8_t, 16> octets{};
    std::ranges::copy(data, octets.begin());
    return OtherGateway{IpAddress::v6(octets), {}};
  }
  std::string name(data.begin(), data.end());
  if (type != static_cast<std::uint8_t>(NameType::fqdn) || !is_domain_name(name)) return std::nullopt;
  return OtherGateway{std::nullopt, std::move(name)};
}

void write_name(const OtherGateway& gateway, Bytes& out) {
  const auto& a = gateway.address;
  const Bytes value = a ? to_bytes(a->bytes()) : to_bytes(as_bytes(gateway.name));
  Writer w(out);
  w.u8(static_cast<std::uint8_t>(!a ? NameType::fqdn : a->is_v4() ? NameType::v4 : NameType::v6));
  w.u8(static_cast<std::uint8_t>(value.size()));
  w.bytes(value);
}

}  // namespace

std::optional<OtherGateway> parse_gateway(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return OtherGateway{*address, {}};
  if (text.empty() || !is_domain_name(text)) return std::nullopt;
  return OtherGateway{std::nullopt, std::string(text)};
}

wire::NotifyPayload redirect_notify(const OtherGateway& to, ByteView nonce) {
  wire::NotifyPayload n{.type = wire::NotifyType::redirect};
  write_name(to, n.data);
  n.data.insert(n.data.end(), nonce.begin(), nonce.end());
  return n;
}

std::optional<OtherGateway> read_redirect(const wire::NotifyPayload& notify, ByteView nonce) {
  const ByteView data(notify.data);
  if (data.size() < 2 || data.size() < 2U + data[1] || data[1] == 0) return std::nullopt;
  if (!equal(data.subspan(2U + data[1]), nonce)) return std::nullopt;
  return read_name(data[0], data.subspan(2, data[1]));
}

wire::NotifyPayload redirected_from_notify(const IpAddress& gateway) {
  wire::NotifyPayload n{.type = wire::NotifyType::redirected_from};
  write_name({gateway, {}}, n.data);
  return n;
}

// --- client

/// Of the first message of a login, and of one by ticket, where it is signalled anew (RFC 5723 5).
void SaImpl::offer_redirect(Payloads& p) const {
  if (!policy_.redirect) return;
  if (redirected_from_) return p.push_back(redirected_from_notify(*redirected_from_));
  p.push_back(wire::NotifyPayload{.type = wire::NotifyType::redirect_supported});
}

/// In clear. Whoever knows our nonce stands on the path, and could stop us anyway; where he sends us has to prove
/// itself as the gateway would. True: this was the end of the attempt.
bool SaImpl::redirected_in_clear(const Payloads& p, Outbox& out) {
  const auto* n = wire::find_notify(p, wire::NotifyType::redirect);
  const auto to = n && policy_.redirect ? read_redirect(*n, ni_) : std::nullopt;
  if (!to) return false;
  out.log(LogId::processing_notify, scope(), {wire::notify_name(n->type)});
  out.add(Redirected{id_, *to, false});
  fail_with(CloseReason::redirected, out);
  return true;
}

/// In the answer to IKE_AUTH, which has verified. True: the IKE SA was deleted.
bool SaImpl::redirected_at_login(const Payloads& p, Instant now, Outbox& out) {
  const auto* n = wire::find_notify(p, wire::NotifyType::redirect);
  const auto to = n && policy_.redirect ? read_redirect(*n) : std::nullopt;
  if (!to) return false;
  out.log(LogId::processing_notify, scope(), {wire::notify_name(n->type)});
  request(wire::ExchangeType::informational, {wire::DeletePayload{}}, now, out);
  out.add(Redirected{id_, *to, true});
  fail_with(CloseReason::redirected, out);
  return true;
}

/// In an INFORMATIONAL of the gateway we logged in to (5). It has its answer; the SA goes when we have another.
void SaImpl::take_redirect(const Payloads& p, Outbox& out) {
  const auto* n = wire::find_notify(p, wire::NotifyType::redirect);
  const auto to = n && policy_.redirect && mobike_.leads && established() ? read_redirect(*n) : std::nullopt;
  if (to) out.add(Redirected{id_, *to, true});
}

// --- gateway

void SaImpl::learn_redirect(const Payloads& p) {
  peer_follows_ = wire::find_notify(p, wire::NotifyType::redirect_supported) != nullptr ||
                  wire::find_notify(p, wire::NotifyType::redirected_from) != nullptr;
}

/// The client is who it says and was told where to go; it deletes the IKE SA (6).
void SaImpl::let_go(Instant now) {
  state_ = SaState::closing;
  negotiate_until_.reset();
  closing_until_ = now + kWaitForDelete;
  psk_ = {};
  forget_credentials();
  resume_.reset();
}

bool SaImpl::redirect(const OtherGateway& to, Instant now, Outbox& out) {
  if (!peer_follows_ || mobike_.leads || !established()) return false;
  push(RedirectTask{to}, now, out);
  return true;
}

void SaImpl::send_redirect(RedirectTask task, Instant now, Outbox& out) {
  Payloads p{redirect_notify(task.to)};
  exchange_.emplace().task = std::move(task);
  request(wire::ExchangeType::informational, std::move(p), now, out);
}

}  // namespace dormouse::ike
