// MOBIKE (RFC 4555): the same IKE SA and Child SAs under other addresses.
//
//   initiator, at its new address                       responder
//   HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT) x2, N(COOKIE2)}  -->      its IKE SA moves
//                                              <--  HDR, SK {N(NAT) x2, N(COOKIE2)}
//   the initiator is done                      <--  HDR, SK {N(COOKIE2)}
//   HDR, SK {N(COOKIE2)}                       -->                    its Child SAs move
//
// Who began the first IKE SA of a line of rekeys decides; the other end moves nothing on its own. Where NAT traversal
// is off, NO_NATS_ALLOWED takes the place of the NAT detection.
#include "ike/mobike.h"

#include <algorithm>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

using wire::NotifyPayload;
using wire::NotifyType;

constexpr std::size_t kCookie2Size = 16;

Bytes addresses_of(const Endpoint& source, const Endpoint& destination) {
  Bytes out;
  Writer w(out);
  w.bytes(source.address.bytes());
  w.bytes(destination.address.bytes());
  w.u16(source.port);
  w.u16(destination.port);
  return out;
}

/// A link that has just come up loses the first packets: repeat soon, then as always.
std::vector<Duration> eager(const std::vector<Duration>& schedule) {
  std::vector<Duration> out{300ms, 700ms};
  out.insert(out.end(), schedule.begin(), schedule.end());
  return out;
}

bool names_a_host(const IpAddress& a) {
  const auto first = a.bytes()[0];
  const bool multicast = a.is_v4() ? first >= 224 : first == 0xff;
  return !a.is_unspecified() && !multicast;
}

const NotifyPayload* cookie2_in(const std::vector<wire::Payload>& p) {
  const auto* n = wire::find_notify(p, NotifyType::cookie2);
  return n && n->data.size() >= limits::kMinCookie2 && n->data.size() <= limits::kMaxCookie2 ? n : nullptr;
}

}  // namespace

NotifyPayload no_nats_notify(const Path& path) {
  return {.type = NotifyType::no_nats_allowed, .data = addresses_of(path.local, path.remote)};
}

bool unexpected_nat(const std::vector<wire::Payload>& payloads, const Path& path) {
  const auto* n = wire::find_notify(payloads, NotifyType::no_nats_allowed);
  return n && n->data != addresses_of(path.remote, path.local);
}

NotifyPayload additional_notify(const IpAddress& address) {
  return {.type = address.is_v4() ? NotifyType::additional_ip4_address : NotifyType::additional_ip6_address,
          .data = to_bytes(address.bytes())};
}

bool lists_addresses(const std::vector<wire::Payload>& payloads) {
  return wire::find_notify(payloads, NotifyType::additional_ip4_address) ||
         wire::find_notify(payloads, NotifyType::additional_ip6_address) ||
         wire::find_notify(payloads, NotifyType::no_additional_addresses);
}

std::vector<IpAddress> additional_addresses(const std::vector<wire::Payload>& payloads) {
  std::vector<IpAddress> out;
  for (const auto& p : payloads) {
    const auto* n = std::get_if<NotifyPayload>(&p);
    if (!n || out.size() == limits::kMaxAdditionalAddresses) continue;
    const bool v4 = n->type == NotifyType::additional_ip4_address && n->data.size() == 4;
    const bool v6 = n->type == NotifyType::additional_ip6_address && n->data.size() == 16;
    if (!v4 && !v6) continue;
    const auto address = v4 ? IpAddress::v4(ByteView(n->data)) : IpAddress::v6(n->data);
    if (names_a_host(address) && std::ranges::find(out, address) == out.end()) out.push_back(address);
  }
  return out;
}

// --- agreed in IKE_AUTH (3.2)

/// A client lists no addresses: a gateway needs them only when its own change, and they say where else we are (5.5).
void SaImpl::offer_mobike(Payloads& p) {
  mobike_.proven = path_;  // where the peer will think that we are
  if (!policy_.mobike) return;
  p.push_back(NotifyPayload{.type = NotifyType::mobike_supported});
  if (!mobike_.nat_t) p.push_back(no_nats_notify(path_));
}

void SaImpl::agree_mobike(const Payloads& p, const Path& path, Outbox& out) {
  mobike_.on = policy_.mobike && wire::find_notify(p, NotifyType::mobike_supported);
  // We moved after our IKE_AUTH request, whose address it is that counts (3.3).
  if (mobike_.leads && path != mobike_.proven) tasks_.push_front(mobike_.on ? Task(UpdateTask{}) : Task(ProbeTask{}));
  if (!mobike_.on) return;
  mobike_.peer_addresses = additional_addresses(p);
  mobike_.proven = path;
  out.log(LogId::mobike_on, scope());
}

void SaImpl::answer_mobike(Payloads& answer, const Path& path) {
  if (!mobike_.on) return;
  answer.push_back(NotifyPayload{.type = NotifyType::mobike_supported});
  for (const auto& address : owner_.other_addresses(id_, path)) answer.push_back(additional_notify(address));
}

// --- both ends

void SaImpl::add_nat_payloads(Payloads& p, const Path& path) {
  if (!mobike_.nat_t) return;
  for (auto& n : nat_notifies(owner_.crypto(), policy_.nat, spi_i_, spi_r_, path)) p.push_back(std::move(n));
}

/// NAT traversal as the new path needs it; as before, if the message does not say.
void SaImpl::settle_moved_nat(const Payloads& p, const Path& path) {
  const auto found = mobike_.nat_t ? find_nat(owner_.crypto(), p, spi_i_, spi_r_, path) : std::nullopt;
  if (!found) return;
  nat_ = *found;
  udp_encap_ = nat_.local || nat_.remote || policy_.nat == NatMode::always;
}

void SaImpl::report_moved(Instant now, Outbox& out) {
  out.add(Moved{id_, path_, nat_.local, nat_.remote, udp_encap_});
  drop_moved_transport(now, out);
}

void SaImpl::resend_on_path(bool other, Instant now, Outbox& out) {
  if (!window_.busy()) return;
  window_.restart(other ? eager(policy_.retransmit_schedule) : policy_.retransmit_schedule, now);
  repeat_request(out);
}

void SaImpl::put_first(Task task) {
  if (std::ranges::none_of(tasks_, [&](const Task& t) { return t.index() == task.index(); }))
    tasks_.push_front(std::move(task));
}

void SaImpl::send_mobike(Task task, Instant now, Outbox& out) {
  if (std::holds_alternative<RoutabilityTask>(task) && path_ == mobike_.proven) return;
  Exchange x;
  Payloads p;
  if (std::holds_alternative<UpdateTask>(task)) {
    out.log(LogId::mobike_update, scope(), {path_.local.text()});
    p.push_back(NotifyPayload{.type = NotifyType::update_sa_addresses});
    add_nat_payloads(p, path_);
  } else if (std::holds_alternative<AddressesTask>(task)) {
    for (const auto& address : owner_.other_addresses(id_, path_)) p.push_back(additional_notify(address));
    if (p.empty()) p.push_back(NotifyPayload{.type = NotifyType::no_additional_addresses});
  }
  if (!mobike_.nat_t && !p.empty()) p.push_back(no_nats_notify(path_));
  x.cookie2 = owner_.rng().bytes(kCookie2Size);
  p.push_back(NotifyPayload{.type = NotifyType::cookie2, .data = x.cookie2});
  x.task = std::move(task);
  x.sent_over = path_;
  exchange_ = std::move(x);
  request(wire::ExchangeType::informational, std::move(p), now, out);
  window_.restart(eager(policy_.retransmit_schedule), now);
}

void SaImpl::on_mobike_response(Exchange x, const Payloads& p, const Path& path, Instant now, Outbox& out) {
  const auto* back = wire::find_notify(p, NotifyType::cookie2);
  if (!back || !constant_time_equal(back->data, x.cookie2)) return end_unproven(out);
  const bool elsewhere = x.sent_over != path_;  // it went to several places: the answer is of one of them (3.7)
  if (std::holds_alternative<RoutabilityTask>(x.task)) {
    if (path_ == mobike_.proven) return;
    if (elsewhere) return put_first(RoutabilityTask{});
    mobike_.proven = path_;
    out.log(LogId::mobike_proven, scope(), {path_.remote.text()});
    return report_moved(now, out);
  }
  if (std::holds_alternative<UpdateTask>(x.task) && !elsewhere) on_update_response(p, path, now, out);
}

void SaImpl::end_unproven(Outbox& out) {
  out.log(LogId::no_cookie2, scope());
  const auto h = header(wire::ExchangeType::informational, false, window_.next_out());
  if (const auto gone = protection_->seal(h, {wire::DeletePayload{}}, owner_.rng()))
    transmit(*gone, h, false, path_, out);
  fail_with(CloseReason::no_cookie2, out);
}

void SaImpl::announce_addresses(Instant now, Outbox& out) {
  if (!mobike_.on || !established()) return;
  put_first(AddressesTask{});
  next_task(now, out);
}

// --- the end that decides

void SaImpl::move(const Path& path, Instant now, Outbox& out) {
  const bool other = std::exchange(path_, path) != path;
  if (state_ == SaState::auth_sent) return resend_on_path(other, now, out);  // agree_mobike() tells it, if need be
  if (mobility() != Mobility::leads || !established()) return;
  if (asleep_) return;  // silent: the wake begins with an update
  take_back_sleep(out);
  resend_on_path(other, now, out);
  const bool told = window_.busy() && exchange_ && std::holds_alternative<UpdateTask>(exchange_->task) &&
                    exchange_->sent_over == path_;
  if (!told) put_first(UpdateTask{});
  next_task(now, out);
}

void SaImpl::on_update_response(const Payloads& p, const Path& path, Instant now, Outbox& out) {
  const bool nat = wire::find_notify(p, NotifyType::unexpected_nat_detected);
  if (nat || wire::find_notify(p, NotifyType::unacceptable_addresses)) {
    const auto why = nat ? NotifyType::unexpected_nat_detected : NotifyType::unacceptable_addresses;
    out.log(LogId::mobike_refused, scope(), {wire::notify_name(why)});
    // 3.9: whoever spoils one packet should not close a path.
    if (nat && ++mobike_.refusals <= limits::kMaxNatRefusals) return put_first(UpdateTask{});
    mobike_.refusals = 0;
    return out.add(MoveRefused{id_, static_cast<std::uint16_t>(why)});
  }
  mobike_.refusals = 0;
  settle_moved_nat(p, path);
  if (const auto* seen = wire::find_notify(p, NotifyType::nat_detection_destination_ip)) mobike_.seen_as = seen->data;
  report_moved(now, out);
}

/// The answer to a probe from behind a NAT: if the peer sees us elsewhere than before, it is told so (3.8).
void SaImpl::note_mapping(const Payloads& p, Instant now, Outbox& out) {
  const auto* seen = wire::find_notify(p, NotifyType::nat_detection_destination_ip);
  if (!seen || mobility() != Mobility::leads) return;
  const auto before = std::exchange(mobike_.seen_as, seen->data);
  if (!before.empty() && before != seen->data) move(path_, now, out);
}

// --- requests about addresses

/// Before anything else of a request: what it says of addresses. The answer to it is answer_addresses().
void SaImpl::take_addresses(const Payloads& p, const Path& path, Instant now, Outbox& out) {
  if (!mobike_.on || !established()) return;
  const bool update = wire::find_notify(p, NotifyType::update_sa_addresses) && !mobike_.leads;
  const bool list = lists_addresses(p);
  if (!update && !list) return;
  if (unexpected_nat(p, path)) return out.log(LogId::unexpected_nat, scope(), {path.remote.text()});
  if (list) {
    mobike_.peer_addresses = additional_addresses(p);
    out.add(PeerAddresses{id_, path});
  }
  if (!update) return;
  if (!owner_.may_move(id_, path))
    return out.log(LogId::mobike_refused, scope(), {wire::notify_name(NotifyType::unacceptable_addresses)});
  take_update(p, path, now, out);
}

void SaImpl::take_update(const Payloads& p, const Path& path, Instant now, Outbox& out) {
  const bool other = path_ != path;
  path_ = path;
  settle_moved_nat(p, path);
  out.log(LogId::mobike_updated, scope(), {path.remote.text()});
  if (path == mobike_.proven) return report_moved(now, out);
  // What is parked for a sleeper goes at once, and little it is; the check then comes right after.
  if (asleep_)
    report_moved(now, out);
  else if (other)
    resend_on_path(true, now, out);
  put_first(RoutabilityTask{});
}

void SaImpl::answer_addresses(const Payloads& p, const Path& path, Payloads& answer) {
  if (!mobike_.on) return;
  if (const auto* n = cookie2_in(p)) answer.push_back(*n);  // 3.7: as it is
  const bool update = wire::find_notify(p, NotifyType::update_sa_addresses) && !mobike_.leads;
  if ((update || lists_addresses(p)) && unexpected_nat(p, path)) {
    answer.push_back(NotifyPayload{.type = NotifyType::unexpected_nat_detected});
  } else if (update && !owner_.may_move(id_, path)) {
    answer.push_back(NotifyPayload{.type = NotifyType::unacceptable_addresses});
  } else if (wire::find_notify(p, NotifyType::nat_detection_source_ip) ||
             wire::find_notify(p, NotifyType::nat_detection_destination_ip)) {
    add_nat_payloads(answer, path);
  }
}

}  // namespace dormouse::ike
