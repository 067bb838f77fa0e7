// INFORMATIONAL (RFC 7296 1.4): probes and Deletes; and the tokens of quick crash detection (RFC 6290).
#include <algorithm>

#include "ike/sa_impl.h"

namespace dormouse::ike {

void SaImpl::send_delete_child(ChildId id, Instant now, Outbox& out) {
  const ChildSa* c = child(id);
  if (!c) return;  // the peer was first
  Bytes spi(4);
  store32(spi.data(), c->in.value());
  out.log(LogId::send_ipsec_delete, scope(*c), {Hex{c->in.value(), 8}});
  const auto in = c->in;
  exchange_.emplace().task = DeleteChildTask{id};
  request(wire::ExchangeType::informational, {wire::DeletePayload{Protocol::esp, {in}}}, now, out);
}

// --- quick crash detection

void SaImpl::add_token(Payloads& p, bool initiator, IkeSpi i, IkeSpi r) {
  if (auto token = owner_.qcd_token(initiator, i, r)) p.push_back(qcd_notify(std::move(*token)));
}

void SaImpl::send_token(Instant now, Outbox& out) {
  Payloads p;
  add_token(p, initiator_, spi_i_, spi_r_);
  exchange_.emplace().task = TokenTask{};
  request(wire::ExchangeType::informational, std::move(p), now, out);
}

/// An answer in clear under our SPIs. Whoever sends it proves nothing but by the token; all else is left alone, so that
/// nobody can end an SA from beside the path (RFC 7296 2.21.4).
void SaImpl::on_unprotected(const wire::Message& m, Outbox& out) {
  const bool shown = wire::find_notify(m.payloads, wire::NotifyType::quick_crash_detection) != nullptr;
  const bool on = owner_.qcd_token(initiator_, spi_i_, spi_r_).has_value();
  const bool alive = state_ == SaState::established || state_ == SaState::rekeyed;
  if (!shown || !on || !alive || !peer_tokens_.proven_by(m.payloads))
    return out.log(LogId::unprotected_ignored, scope(), {std::string(shown ? "QCD token" : "message")});
  out.log(LogId::qcd_verified, scope());
  out.add(PeerCrashed{id_});
}

void SaImpl::on_informational_response(Exchange x, const Payloads& p, Instant now, Outbox& out) {
  if (std::holds_alternative<TicketTask>(x.task)) return take_ticket(p, now, out);
  if (std::holds_alternative<SleepTask>(x.task)) out.add(SleepHeard{id_});
  if (std::holds_alternative<ProbeTask>(x.task)) return note_mapping(p, now, out);
  // 1.4.1: the answer carries the other direction's SPIs, or nothing if the peer's own Delete crossed ours. Either way
  // it is gone.
  if (const auto* t = std::get_if<DeleteChildTask>(&x.task)) remove_child(t->child, CloseReason::deleted, out);
  if (std::holds_alternative<CloseTask>(x.task))
    fail_with(state_ == SaState::rekeyed ? CloseReason::rekeyed : CloseReason::deleted, out);
}

void SaImpl::on_informational_request(const wire::Message& m, ByteView datagram, const Payloads& p, const Path& path,
                                      Instant now, Outbox& out) {
  Payloads answer;
  peer_tokens_.learn(p);
  take_auth_lifetime(p, out);
  bool whole_sa = false;
  std::vector<ChildId> gone;
  wire::DeletePayload back{Protocol::esp, {}};
  for (const auto& payload : p) {
    if (const auto* n = std::get_if<wire::NotifyPayload>(&payload)) {
      out.log(LogId::received_notify, scope(), {wire::notify_name(n->type)});
      if (n->type == wire::NotifyType::authentication_failed)
        whole_sa = true;  // 2.21.2: the initiator could not verify us
    }
    const auto* d = std::get_if<wire::DeletePayload>(&payload);
    if (!d) continue;
    if (d->protocol == Protocol::ike) {
      out.log(LogId::recv_ike_delete, scope());
      whole_sa = true;
    } else if (d->protocol == Protocol::esp) {
      out.log(LogId::recv_ipsec_delete, scope(), {d->spis.size()});
      for (const auto spi : d->spis) {
        const ChildSa* c = child_by_out(spi);
        if (!c || std::ranges::find(gone, c->id) != gone.end()) continue;
        // If our own Delete of it is under way, the peer learns of our half from that one (1.4.1).
        const auto* ours = exchange_ ? std::get_if<DeleteChildTask>(&exchange_->task) : nullptr;
        if (!ours || ours->child != c->id) back.spis.push_back(c->in);
        gone.push_back(c->id);
      }
    }
  }
  if (!back.spis.empty()) answer.push_back(std::move(back));
  answer_addresses(p, path, answer);
  if (!whole_sa) answer_ticket_request(p, answer, kTicketRoomLarge, id_, now, out);
  reply(m, datagram, answer, path, out);
  for (const auto id : gone) remove_child(id, CloseReason::deleted_by_peer, out);
  if (!whole_sa && is_announcement(m, p)) take_announcement(p, path, out);
  if (!whole_sa) take_redirect(p, out);
  if (whole_sa) {
    // 2.8.2: the peer never saw our rekey; its own is done, and the old SA goes by its Delete.
    if (rival_) hand_over_to_rival(now, out);
    fail_with(state_ == SaState::rekeyed ? CloseReason::rekeyed : CloseReason::deleted_by_peer, out);
  }
}

}  // namespace dormouse::ike
