// Dispatch, tasks, timers and commands of one IKE SA.
#include <algorithm>

#include "base/limits.h"
#include "ike/sa_impl.h"

namespace dormouse::ike {
namespace {

constexpr Duration kCloseWait = 3s;  // for the answer to our Delete
const std::vector<Duration> kCloseSchedule{1s, 2s};

std::string hex(std::uint64_t v, int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kDigits[v >> shift & 15];
  return out;
}

}  // namespace

std::unique_ptr<IkeSa> IkeSa::make_initiator(Owner& owner, InitiatorSetup setup, Instant now) {
  auto sa = std::make_unique<SaImpl>(owner, owner.next_ike_id(), true, setup.path, std::move(setup.policy), now);
  sa->gateway_ = std::move(setup.gateway);
  sa->local_ = std::move(setup.local);
  sa->expected_peer_ = std::move(setup.expected_peer);
  sa->psk_ = std::move(setup.psk);
  sa->children_policy_ = std::move(setup.children);
  sa->initial_contact_ = setup.initial_contact;
  sa->ask_inside_ = setup.ask_inside;
  sa->redirected_from_ = setup.redirected_from;
  sa->credentials_ = std::move(setup.credentials);
  sa->peer_signs_ = setup.peer_signs;
  sa->wants_tickets_ = sa->policy_.session_resume;
  sa->mobike_.leads = true;
  sa->spi_i_ = owner.allocate_ike_spi();
  if (setup.resume) {
    sa->suite_ = setup.resume->suite;
    sa->resume_ = std::move(setup.resume);
    sa->resumed_ = true;
    sa->initial_contact_ = false;  // it would take the peer's other tunnels of this identity down
  }
  return sa;
}

std::unique_ptr<IkeSa> IkeSa::make_responder(Owner& owner, const Path& path, IkePolicy policy, IkeSpi peer_spi,
                                             Instant now) {
  auto sa = std::make_unique<SaImpl>(owner, owner.next_ike_id(), false, path, std::move(policy), now);
  sa->spi_i_ = peer_spi;
  sa->spi_r_ = owner.allocate_ike_spi();
  return sa;
}

SaImpl::SaImpl(Owner& owner, IkeSaId id, bool initiator, Path path, IkePolicy policy, Instant now)
    : owner_(owner), id_(id), initiator_(initiator), path_(path), policy_(std::move(policy)), created_(now) {
  negotiate_until_ = now + policy_.negotiate_timeout;
}

// --- sending

LogScope SaImpl::scope() const { return {.gateway = gateway_, .ike = id_, .spi_i = spi_i_, .spi_r = spi_r_}; }
LogScope SaImpl::scope(const ChildSa& c) const {
  return {.gateway = gateway_, .ike = id_, .phase2 = c.phase2, .child = c.id};
}
std::string SaImpl::spis() const { return hex(spi_i_.value(), 16) + "/" + hex(spi_r_.value(), 16); }

wire::Header SaImpl::header(wire::ExchangeType e, bool response, MessageId id) const {
  wire::Header h;
  h.spi_i = spi_i_;
  h.spi_r = spi_r_;
  h.exchange = e;
  h.initiator = initiator_;
  h.response = response;
  h.message_id = id;
  return h;
}

void SaImpl::transmit(const Bytes& message, const wire::Header& h, bool repeated, const Path& path, Outbox& out) {
  if (out.debug()) {
    out.log(LogId::packet_out, scope(), {HexDump{message}});
    const bool init =
        h.exchange == wire::ExchangeType::ike_sa_init || h.exchange == wire::ExchangeType::ike_session_resume;
    out.log(LogId::sent_ike_msg, scope(),
            {(repeated ? "RETRANSMIT_" : "") + wire::exchange_name(h.exchange, h.response), path.local.text(),
             path.remote.text(), message.size(), spis() + (init ? "" : ":" + hex(h.message_id.value(), 8)),
             static_cast<std::uint64_t>(path.ifindex)});
  }
  out.add(Transmit{path, message});
}

void SaImpl::transmit(const Datagrams& message, const wire::Header& h, bool repeated, const Path& path, Outbox& out) {
  for (const auto& datagram : message) transmit(datagram, h, repeated, path, out);
}

/// The request under way once more, over the path of now.
void SaImpl::repeat_request(Outbox& out) {
  if (const auto h = wire::parse_header(window_.request().front())) transmit(window_.request(), *h, true, path_, out);
}

void SaImpl::request(wire::ExchangeType e, Payloads payloads, Instant now, Outbox& out) {
  const auto h = header(e, false, window_.next_out());
  auto message = protection_->seal_within(h, payloads, room(path_), owner_.rng());
  if (!message) return fail_with(CloseReason::malformed, out);
  transmit(*message, h, false, path_, out);
  window_.sent(std::move(*message), wire::exchange_name(e, false),
               state_ == SaState::closing ? kCloseSchedule : policy_.retransmit_schedule, now);
}

void SaImpl::reply(const wire::Message& to, ByteView datagram, const Payloads& payloads, const Path& path,
                   Outbox& out) {
  const auto h = header(to.header.exchange, true, to.header.message_id);
  auto message = protection_->seal_within(h, payloads, room(path), owner_.rng());
  if (!message) return fail_with(CloseReason::malformed, out);
  transmit(*message, h, false, path, out);
  window_.replied(to_bytes(datagram), std::move(*message));
}

void SaImpl::reply_notify(const wire::Message& to, ByteView datagram, wire::NotifyType type, Bytes data,
                          const Path& path, Outbox& out) {
  reply(to, datagram, {wire::NotifyPayload{.type = type, .data = std::move(data)}}, path, out);
}

// --- receiving

void SaImpl::on_message(ByteView datagram, const Path& path, Instant now, Outbox& out) {
  const auto drop = [&](const Error& e) { log_dropped(e, out); };
  if (state_ == SaState::closed) return;
  const auto message = wire::parse_message(datagram);
  if (!message) {
    drop(message.error());
    if (message.error().code == ErrorCode::unsupported_critical && state_ == SaState::half_open && !protection_) {
      wire::Message to;
      if (const auto h = wire::parse_header(datagram)) to.header = *h;
      refuse_init(to, wire::NotifyType::unsupported_critical_payload,
                  {static_cast<std::uint8_t>(message.error().detail)}, CloseReason::malformed, path, out);
    }
    return;
  }
  const auto& h = message->header;
  if (h.initiator == initiator_ || h.spi_i != spi_i_) return drop({ErrorCode::unexpected, "SPI"});
  if (h.exchange == wire::ExchangeType::ike_sa_init) {
    if (h.message_id.value() != 0) return drop({ErrorCode::unexpected, "message ID"});  // RFC 7296 2.2
    if (h.response) return on_init_response(*message, datagram, path, now, out);
    return on_init_request(*message, datagram, path, now, out);
  }
  if (h.exchange == wire::ExchangeType::ike_session_resume) {
    if (h.message_id.value() != 0) return drop({ErrorCode::unexpected, "message ID"});
    if (h.response) return on_resume_response(*message, datagram, path, now, out);
    return on_resume_request(*message, datagram, path, now, out);
  }
  if (h.response && !message->encrypted && protection_ && h.spi_r == spi_r_) return on_unprotected(*message, out);
  if (!protection_ || h.spi_r != spi_r_ || !message->encrypted || !message->payloads.empty())
    return drop({ErrorCode::unexpected, "exchange"});
  if (message->encrypted->fragments != 0) return on_fragment(*message, datagram, path, now, out);
  if (h.response)
    on_response(*message, datagram, path, now, out);
  else
    on_request(*message, datagram, path, now, out);
}

void SaImpl::log_dropped(const Error& e, Outbox& out) const {
  out.log(LogId::message_dropped, scope(),
          {std::string(dormouse::name_of(e.code)), std::string(e.field), std::uint64_t{e.offset}});
}

void SaImpl::on_request(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (silent_) return;  // an answer would say that we are awake
  switch (window_.classify(m.header.message_id, datagram)) {
    case MessageWindow::Incoming::stale: return;
    case MessageWindow::Incoming::repeated:
      return transmit(window_.reply(), header(m.header.exchange, true, m.header.message_id), true, path, out);
    case MessageWindow::Incoming::fresh: break;
  }
  take_request(m, datagram, open(m, datagram), path, now, out);
}

/// A fresh request, opened: in one piece, or whole again.
void SaImpl::take_request(const wire::Message& m, ByteView datagram, const Result<Payloads>& payloads, const Path& path,
                          Instant now, Outbox& out) {
  if (!payloads) {
    const auto& e = payloads.error();
    log_dropped(e, out);
    if (e.code == ErrorCode::auth_failed || e.code == ErrorCode::crypto) return;
    out.add(PeerAlive{id_, path});
    const bool critical = e.code == ErrorCode::unsupported_critical;
    reply_notify(m, datagram,
                 critical ? wire::NotifyType::unsupported_critical_payload : wire::NotifyType::invalid_syntax,
                 critical ? Bytes{static_cast<std::uint8_t>(e.detail)} : Bytes{}, path, out);
    if (!critical) fail_with(CloseReason::malformed, out);
    return;
  }
  request_pieces_.clear();
  out.log(LogId::responder_received, scope(), {wire::exchange_name(m.header.exchange, false)});
  using wire::ExchangeType;
  if (state_ == SaState::auth_sent) return;  // not before its own AUTH has verified
  const bool auth = m.header.exchange == ExchangeType::ike_auth;
  const bool login = auth || m.header.exchange == ExchangeType::ike_intermediate;
  if (login != (state_ == SaState::half_open)) {  // AUTH comes first and once
    if (login) return;
    return reply_notify(m, datagram, wire::NotifyType::invalid_syntax, {}, path, out);
  }
  if (m.header.exchange == ExchangeType::informational) take_addresses(*payloads, path, now, out);
  if (!login && !is_announcement(m, *payloads)) out.add(PeerAlive{id_, path});
  if (login && (!auth || owes_intermediate()))
    on_intermediate_request(m, datagram, *payloads, path, out);
  else if (auth)
    on_auth_request(m, datagram, *payloads, path, now, out);
  else if (m.header.exchange == ExchangeType::create_child_sa)
    on_create_child_request(m, datagram, *payloads, path, now, out);
  else if (m.header.exchange == ExchangeType::ike_followup_ke)
    on_followup_request(m, datagram, *payloads, path, now, out);
  else if (m.header.exchange == ExchangeType::informational)
    on_informational_request(m, datagram, *payloads, path, now, out);
  else
    reply_notify(m, datagram, wire::NotifyType::invalid_syntax, {}, path, out);
  next_task(now, out);
}

void SaImpl::on_response(const wire::Message& m, ByteView datagram, const Path& path, Instant now, Outbox& out) {
  if (!window_.awaits(m.header.message_id)) return;
  take_response(m, open(m, datagram), path, now, out);
}

void SaImpl::take_response(const wire::Message& m, const Result<Payloads>& payloads, const Path& path, Instant now,
                           Outbox& out) {
  if (!payloads && (payloads.error().code == ErrorCode::auth_failed || payloads.error().code == ErrorCode::crypto))
    return;
  out.log(LogId::initiator_received, scope(), {wire::exchange_name(m.header.exchange, false)});
  window_.answered();
  answer_pieces_.clear();
  instead_of_sleep_.clear();
  if (state_ != SaState::auth_sent) out.add(PeerAlive{id_, path, true});
  if (!payloads) return fail_with(CloseReason::malformed, out);
  if (state_ == SaState::auth_sent && owes_intermediate()) {
    on_intermediate_response(m, *payloads, now, out);
  } else if (state_ == SaState::auth_sent) {
    on_auth_response(*payloads, now, out);
  } else if (exchange_) {
    Exchange x = std::move(*exchange_);
    exchange_.reset();
    if (followup_)
      on_followup_response(std::move(x), *payloads, now, out);
    else if (std::holds_alternative<CreateChildTask>(x.task))
      on_create_child_response(std::move(x), *payloads, now, out);
    else if (std::holds_alternative<RekeyIkeTask>(x.task))
      on_rekey_ike_response(std::move(x), *payloads, now, out);
    else if (is_mobike(x.task))
      on_mobike_response(std::move(x), *payloads, path, now, out);
    else
      on_informational_response(std::move(x), *payloads, now, out);
  }
  next_task(now, out);
}

void SaImpl::fail_with(CloseReason reason, Outbox& out) {
  if (state_ == SaState::closed) return;
  while (!children_.empty()) remove_child(children_.back().id, reason, out);
  state_ = SaState::closed;
  window_.cancel();
  out.add(Closed{id_, reason});
}

// --- tasks

void SaImpl::push(Task task, Instant now, Outbox& out) {
  if (!established() || tasks_.size() >= limits::kMaxQueuedTasks) return;
  tasks_.push_back(std::move(task));
  next_task(now, out);
}

void SaImpl::next_task(Instant now, Outbox& out) {
  if (!mobike_.on && established() && !asleep_) drop_moved_transport(now, out);  // with MOBIKE: when the path has moved
  while (established() && !window_.busy() && !tasks_.empty() && !asleep_) {
    if (awaits_new_ike_sa() && is_about_children(tasks_.front())) return;  // it would not survive
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    start_task(std::move(task), now, out);
  }
}

void SaImpl::start_task(Task task, Instant now, Outbox& out) {
  if (auto* t = std::get_if<CreateChildTask>(&task)) return send_create_child(std::move(*t), now, out);
  if (auto* t = std::get_if<RekeyIkeTask>(&task)) return send_rekey_ike(*t, now, out);
  if (auto* t = std::get_if<DeleteChildTask>(&task)) return send_delete_child(t->child, now, out);
  if (std::holds_alternative<CloseTask>(task)) return close(now, out);
  if (std::holds_alternative<TokenTask>(task)) return send_token(now, out);
  if (std::holds_alternative<TicketTask>(task)) return send_ticket_request(now, out);
  if (auto* t = std::get_if<RedirectTask>(&task)) return send_redirect(std::move(*t), now, out);
  if (auto* t = std::get_if<SleepTask>(&task)) return send_sleep(std::move(*t), now, out);
  if (is_mobike(task)) return send_mobike(std::move(task), now, out);
  exchange_.emplace().task = ProbeTask{};
  Payloads p;
  if (mobility() == Mobility::leads && nat_.local)
    add_nat_payloads(p, path_);  // RFC 4555 3.8: is the mapping the same?
  request(wire::ExchangeType::informational, std::move(p), now, out);
}

void SaImpl::retry_later(Task task, Instant now) {
  // RFC 7296 2.25: TEMPORARY_FAILURE means later; the spread keeps both ends from meeting again. A peer that goes on
  // saying so is asked ever more rarely: from one second to one minute, and up to twice that on top.
  retry_.push_back(std::move(task));
  const auto pause = Duration(1s) * (std::int64_t{1} << std::min(put_off_++, 6U));
  retry_at_ = now + pause +
              Duration(static_cast<std::int64_t>(owner_.rng().below(2 * static_cast<std::uint64_t>(pause.count()))));
}

// --- timers

void SaImpl::set_lifetimes(Instant now) {
  established_at_ = now;
  const auto life = policy_.lifetime;
  const auto spread = life / 1000 * policy_.lifetime_jitter_permille;
  const auto jitter =
      spread.count() > 0
          ? Duration(static_cast<std::int64_t>(owner_.rng().below(static_cast<std::uint64_t>(spread.count()))))
          : Duration{};
  soft_ = now + life - life / 10 - jitter -
          (initiator_ ? life / 50 : Duration{});  // the initiator goes first: fewer collisions
  hard_ = now + life;
}

void SaImpl::schedule_rekeys(Instant now, Outbox& out) {
  if (!established() || asleep_) return;
  if (policy_.rekey && now >= soft_) {
    soft_ = hard_;
    push(RekeyIkeTask{}, now, out);
  }
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (now < children_[i].soft) continue;
    children_[i].soft = children_[i].hard;
    const auto* policy = policy_named(children_[i].phase2);
    if (policy && policy->rekey && !children_[i].deleting && !children_[i].replaced_by)
      rekey_child(children_[i].id, now, out);
  }
}

void SaImpl::enforce_lifetimes(Instant now, Outbox& out) {
  for (std::size_t i = 0; i < children_.size();) {
    if (now < children_[i].hard) {
      ++i;
      continue;
    }
    const auto id = children_[i].id;
    if (!asleep_ && established() && !window_.busy()) {
      Payloads gone{wire::DeletePayload{Protocol::esp, {children_[i].in}}};
      exchange_.emplace().task = ProbeTask{};  // the answer says nothing we need
      request(wire::ExchangeType::informational, std::move(gone), now, out);
    }
    remove_child(id, CloseReason::expired, out);
  }
  if (hard_ != Instant{} && now >= hard_ && state_ != SaState::closed) {
    if (!asleep_ && established()) {
      const auto h = header(wire::ExchangeType::informational, false,
                            MessageId(window_.next_out().value() + (window_.busy() ? 1U : 0U)));
      if (const auto gone = protection_->seal(h, {wire::DeletePayload{}}, owner_.rng()))
        transmit(*gone, h, false, path_, out);
    }
    fail_with(CloseReason::expired, out);
  }
}

void SaImpl::on_timer(Instant now, Outbox& out) {
  if (state_ == SaState::closed) return;
  if (negotiate_until_ && now >= *negotiate_until_) {
    out.log(LogId::negotiation_timeout, scope());
    const bool ours = state_ == SaState::init_sent || state_ == SaState::auth_sent;
    return fail_with(ours ? hint_ : CloseReason::negotiation_timeout, out);
  }
  if (closing_until_ && now >= *closing_until_)
    return fail_with(state_ == SaState::rekeyed ? CloseReason::rekeyed : CloseReason::deleted, out);
  enforce_lifetimes(now, out);
  if (state_ == SaState::closed) return;
  if (retry_at_ && now >= *retry_at_) {
    retry_at_.reset();
    for (auto& task : std::exchange(retry_, {})) push(std::move(task), now, out);
  }
  if (awaited_ && now >= awaited_->until) forget_followup(now);
  schedule_rekeys(now, out);
  if (ticket_at_ && now >= *ticket_at_ && established() && !asleep_) {
    ticket_at_.reset();
    push(TicketTask{}, now, out);
  }
  next_task(now, out);
  switch (window_.take_due(now)) {
    case MessageWindow::Due::nothing: break;
    case MessageWindow::Due::resend: repeat_request(out); break;
    case MessageWindow::Due::gave_up: gave_up(now, out); break;
  }
}

void SaImpl::gave_up(Instant, Outbox& out) {
  out.log(LogId::retransmission_timeout, scope(), {spis()});
  if (state_ == SaState::init_sent || state_ == SaState::auth_sent) return fail_with(hint_, out);
  if (state_ == SaState::closing) return fail_with(CloseReason::deleted, out);
  if (state_ == SaState::rekeyed) return fail_with(CloseReason::rekeyed, out);
  out.add(Unreachable{id_});
}

std::optional<Deadline> SaImpl::next_deadline() const {
  std::optional<Deadline> best;
  const auto consider = [&](std::optional<Instant> at, const char* reason) {
    if (at && (!best || *at < best->at)) best = Deadline{*at, reason};
  };
  if (state_ == SaState::closed) return std::nullopt;
  consider(negotiate_until_, "negotiate-timeout");
  consider(closing_until_, "wait for the answer to a Delete");
  consider(window_.deadline(), "retransmission");
  if (hard_ != Instant{}) consider(hard_, "IKE SA lifetime");
  const bool rekeys = established() && !asleep_;
  if (rekeys) consider(ticket_at_, "a new session ticket");
  if (rekeys) consider(retry_at_, "retry after TEMPORARY_FAILURE");
  if (awaited_) consider(awaited_->until, "wait for IKE_FOLLOWUP_KE");
  if (rekeys && !tasks_.empty() && !window_.busy() && !awaits_new_ike_sa())
    consider(established_at_, "work from before the rekey");
  if (rekeys && policy_.rekey && soft_ < hard_) consider(soft_, "IKE SA rekey");
  for (const auto& c : children_) {
    consider(c.hard, "Child SA lifetime");
    if (rekeys && c.soft < c.hard) consider(c.soft, "Child SA rekey");
  }
  return best;
}

// --- commands

void SaImpl::start(Instant now, Outbox& out) {
  state_ = SaState::init_sent;
  if (resume_) return send_resume(now, out);
  send_init(now, out);
}

void SaImpl::probe(Instant now, Outbox& out) {
  if (established() && !window_.busy() && tasks_.empty()) push(ProbeTask{}, now, out);
}

void SaImpl::resend_first(Instant now, Outbox& out) {
  if (state_ != SaState::init_sent || !window_.busy()) return;
  window_.restart(now);
  repeat_request(out);
}

void SaImpl::resend_pending(Instant now, Outbox& out) {
  if (!established()) return;
  take_back_sleep(out);
  if (!window_.busy()) return tasks_.empty() ? probe(now, out) : next_task(now, out);
  window_.restart(now);
  repeat_request(out);
}

void SaImpl::create_child(const ChildPolicy& policy, Instant now, Outbox& out) {
  const auto wanted = [&](const Task& t) {
    const auto* c = std::get_if<CreateChildTask>(&t);
    return c && !c->rekeys && c->policy.name == policy.name;
  };
  if ((exchange_ && wanted(exchange_->task)) || std::ranges::any_of(tasks_, wanted)) return;
  push(CreateChildTask{policy, std::nullopt}, now, out);
}

void SaImpl::rekey_child(ChildId id, Instant now, Outbox& out) {
  const ChildSa* c = child(id);
  const ChildPolicy* policy = c ? policy_named(c->phase2) : nullptr;
  if (!policy || c->deleting || c->replaced_by) return;
  ChildPolicy same = *policy;
  same.local = c->local;  // RFC 7296 2.9.2: a rekey does not narrow
  same.remote = c->remote;
  push(CreateChildTask{.policy = std::move(same), .rekeys = id, .transport = c->transport}, now, out);
}

void SaImpl::delete_child(ChildId id, Instant now, Outbox& out) {
  ChildSa* c = child(id);
  if (!c || c->deleting) return;
  c->deleting = true;
  push(DeleteChildTask{id}, now, out);
}

void SaImpl::child_used(ChildId id, Instant, Outbox& out) {
  ChildSa* c = child(id);
  if (!c || c->outbound_ready) return;
  c->outbound_ready = true;
  out.add(ChildOutboundReady{id_, id});
}

void SaImpl::rekey(Instant now, Outbox& out) { push(RekeyIkeTask{}, now, out); }

void SaImpl::close(Instant now, Outbox& out) {
  if (state_ == SaState::closing || state_ == SaState::closed) return;
  if (!established()) return fail_with(CloseReason::deleted, out);
  while (!children_.empty()) remove_child(children_.back().id, CloseReason::deleted, out);
  // The window may be taken by a request without an answer; a Delete on the next id still tells a peer that got that
  // request.
  if (window_.busy()) window_.answered();
  tasks_.clear();
  followup_.reset();
  exchange_.emplace().task = CloseTask{};
  state_ = SaState::closing;
  asleep_ = false;
  closing_until_ = now + kCloseWait;
  out.log(LogId::send_ike_delete, scope(), {spis()});
  request(wire::ExchangeType::informational, {wire::DeletePayload{}}, now, out);
}

void SaImpl::abandon(Instant, Outbox& out) { fail_with(CloseReason::deleted, out); }

void SaImpl::set_asleep(bool asleep, Instant) {
  asleep_ = asleep;
  if (!asleep) silent_ = false;
  if (asleep) window_.suspend();
}

void SaImpl::hand_over(std::unique_ptr<SaImpl> successor, Outbox& out) {
  out.log(LogId::ike_rekeyed, scope(), {spis(), successor->spis()});
  successor->path_ = path_;
  successor->nat_ = nat_;
  successor->udp_encap_ = udp_encap_;
  successor->mobike_ = mobike_;
  successor->mobike_.seen_as.clear();  // it is made of the SPIs too
  successor->children_ = std::exchange(children_, {});
  successor->tasks_.insert(successor->tasks_.begin(), std::make_move_iterator(tasks_.begin()),
                           std::make_move_iterator(tasks_.end()));
  tasks_.clear();
  for (auto& task : std::exchange(retry_, {})) successor->tasks_.push_back(std::move(task));
  std::erase_if(successor->tasks_, [](const Task& t) { return std::holds_alternative<RekeyIkeTask>(t); });
  awaited_.reset();
  out.add(Rekeyed{id_, std::move(successor)});
}

SaStatus SaImpl::status() const {
  SaStatus s{.id = id_,
             .state = state_,
             .initiator = initiator_,
             .spi_i = spi_i_,
             .spi_r = spi_r_,
             .suite = suite_,
             .path = path_};
  if (!local_.data.empty()) s.local = local_;
  s.peer = peer_;
  s.created = created_;
  s.established = established_at_;
  s.soft = soft_;
  s.hard = hard_;
  s.next_request_out = window_.next_out().value();
  s.next_request_in = window_.next_in().value();
  s.request_pending = window_.busy();
  s.udp_encap = udp_encap_;
  s.mobike = mobike_.on;
  s.cookie_wanted = initiator_ && !cookie_.empty();
  s.inside = inside_;
  s.peer_method = peer_method_;
  for (const auto& c : children_)
    s.children.push_back({c.id, c.phase2, c.in, c.out, c.suite, c.local, c.remote, c.created, c.soft, c.hard,
                          we_rekey(c.id), c.replaced_by.has_value(), c.transport});
  return s;
}

}  // namespace dormouse::ike
