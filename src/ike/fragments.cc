// Messages in pieces (RFC 7383): whether the ends agreed on it, and what comes in so.
#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {

/// Octets that one message may have on this path.
std::size_t SaImpl::room(const Path& path) const {
  if (!fragments_) return limits::kMaxIkeMessage;
  return room_in_packet(policy_.fragmentation_mtu, !path.remote.address.is_v4(), path.local.port);
}

/// In the first exchange, a login's or a ticket's; a responder says it to whoever did (2.3).
void SaImpl::offer_fragmentation(Payloads& p) const {
  if (initiator_ ? policy_.fragmentation : fragments_)
    p.push_back(wire::NotifyPayload{.type = wire::NotifyType::fragmentation_supported});
}

void SaImpl::settle_fragmentation(const Payloads& p) {
  fragments_ = policy_.fragmentation && wire::find_notify(p, wire::NotifyType::fragmentation_supported) != nullptr;
}

void SaImpl::on_fragment(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  const auto& h = m.header;
  if (!fragments_) return log_dropped({ErrorCode::unexpected, "fragment"}, out);
  if (h.response && !window_.awaits(h.message_id)) return;
  const auto incoming = h.response ? MessageWindow::Incoming::fresh : window_.classify(h.message_id, datagram);
  // AUTH comes first and once; a stranger's pieces of anything else are not even kept.
  const bool login = h.exchange == wire::ExchangeType::ike_auth || h.exchange == wire::ExchangeType::ike_intermediate;
  const bool out_of_turn = !h.response && login != (state_ == SaState::half_open);
  if (incoming == MessageWindow::Incoming::fresh && out_of_turn)
    return log_dropped({ErrorCode::unexpected, "fragment"}, out);
  const bool answered = h.message_id.value() + 1 == window_.next_in().value();
  if (incoming == MessageWindow::Incoming::stale && !(answered && m.encrypted->fragment == 1)) return;
  if (incoming != MessageWindow::Incoming::repeated) {
    auto piece = protection_->open_fragment(m, datagram);
    if (!piece && incoming == MessageWindow::Incoming::stale) piece = open_with_previous_keys(m, datagram);
    if (!piece) return log_dropped(piece.error(), out);
    if (incoming == MessageWindow::Incoming::fresh) {
      const auto whole = (h.response ? answer_pieces_ : request_pieces_).add(std::move(*piece));
      if (!whole) return;
      note_intermediate(h, whole->first_datagram, whole->first, whole->content);
      const auto payloads = wire::parse_payloads(whole->first, whole->content);
      return h.response ? take_response(m, payloads, path, now, out)
                        : take_request(m, whole->first_datagram, payloads, path, now, out);
    }
  }
  // Answered before: its sender asks again, maybe in smaller pieces. One answer for the first of them (2.6.1).
  transmit(window_.reply(), header(h.exchange, true, h.message_id), true, path, out);
}

}  // namespace dormouse::ike
