#include "ike/going_to_sleep.h"

#include <algorithm>
#include <string_view>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr std::string_view kVendorId = "Dormouse sleep 1";
constexpr std::size_t kEntry = 12;

// The machine has a second or two, and the layer above ends the asking before that.
const std::vector<Duration> kAnnounceSchedule{200ms, 300ms, 400ms, 2s};

bool is_sleep_task(const Task& t) { return std::holds_alternative<SleepTask>(t); }

}  // namespace

wire::VendorIdPayload own_vendor_id() { return {to_bytes(as_bytes(kVendorId))}; }

bool has_own_vendor_id(const std::vector<wire::Payload>& payloads) {
  return std::ranges::any_of(payloads, [](const auto& p) {
    const auto* v = std::get_if<wire::VendorIdPayload>(&p);
    return v && equal(v->data, as_bytes(kVendorId));
  });
}

wire::NotifyPayload sleep_notify(std::span<const LastSent> sent) {
  wire::NotifyPayload n{.type = wire::NotifyType::client_goes_to_sleep};
  Writer w(n.data);
  for (const auto& s : sent.first(std::min(sent.size(), limits::kMaxChildrenPerIke))) {
    w.u32(s.spi.value());
    w.u64(s.seq);
  }
  return n;
}

std::optional<std::vector<LastSent>> announced_sleep(const std::vector<wire::Payload>& payloads) {
  const auto* n = wire::find_notify(payloads, wire::NotifyType::client_goes_to_sleep);
  if (!n || n->data.size() % kEntry != 0 || n->data.size() > kEntry * limits::kMaxChildrenPerIke) return std::nullopt;
  std::vector<LastSent> out;
  for (std::size_t at = 0; at < n->data.size(); at += kEntry)
    out.push_back({EspSpi(load32(&n->data[at])), load64(&n->data[at + 4])});
  return out;
}

// --- the client's end

void SaImpl::announce_sleep(std::vector<LastSent> sent, Instant now, Outbox& out) {
  if (!understands_sleep() || asleep_ || std::ranges::any_of(tasks_, is_sleep_task)) return;
  tasks_.emplace_front(SleepTask{std::move(sent)});
  next_task(now, out);
}

void SaImpl::send_sleep(SleepTask task, Instant now, Outbox& out) {
  const auto h = header(wire::ExchangeType::informational, false, window_.next_out());
  auto message = protection_->seal(h, {sleep_notify(task.sent)}, owner_.rng());
  if (!message) return fail_with(CloseReason::malformed, out);
  asleep_ = silent_ = true;
  exchange_.emplace().task = std::move(task);
  transmit(*message, h, false, path_, out);
  window_.sent(std::move(*message), wire::exchange_name(h.exchange, false), kAnnounceSchedule, now);
}

/// Awake again, and nobody knows whether the gateway has the announcement: to repeat it would put the tunnel to sleep,
/// and no other request may go before its number was used. So an empty request goes under that number and another under
/// the next: a gateway that has the announcement drops the first as stale, one that has not answers both.
void SaImpl::take_back_sleep(Outbox& out) {
  std::erase_if(tasks_, is_sleep_task);
  if (exchange_ && is_sleep_task(exchange_->task) && window_.busy()) {
    const auto h = header(wire::ExchangeType::informational, false, window_.next_out());
    auto message = protection_->seal(h, {}, owner_.rng());
    if (!message) return fail_with(CloseReason::malformed, out);
    instead_of_sleep_ = std::move(*message);
    window_.answered();
    exchange_.reset();
  }
  if (instead_of_sleep_.empty()) return;
  if (const auto h = wire::parse_header(instead_of_sleep_)) transmit(instead_of_sleep_, *h, false, path_, out);
}

// --- the gateway's end

bool SaImpl::is_announcement(const wire::Message& m, const Payloads& p) const {
  return peer_is_ours_ && m.header.exchange == wire::ExchangeType::informational && announced_sleep(p);
}

void SaImpl::take_announcement(const Payloads& p, const Path& path, Outbox& out) {
  const auto sent = announced_sleep(p);
  if (!sent) return;
  PeerGoesToSleep gone{.sa = id_, .path = path, .sent = {}};
  for (const auto& s : *sent) {
    const auto c = std::ranges::find(children_, s.spi, &ChildSa::in);
    if (c != children_.end()) gone.sent.emplace_back(c->id, s.seq);
  }
  out.add(std::move(gone));
}

}  // namespace dormouse::ike
