// The second rung of a static tunnel's wake ladder: back by ticket (RFC 5723), between asking on the old SAs and a
// login. Only one of the two may show its identity at a time, so that the gateway never has both.
#include <algorithm>
#include <utility>

#include "tunnel/manager.h"
#include "tunnel/mode_cfg.h"

namespace dormouse::tunnel {
namespace {

constexpr Duration kTicketPatience = 8s;
constexpr Duration kLoginFresh = 500ms;                          // its question may still be on its way
const std::vector<Duration> kTicketSchedule{500ms, 1s, 2s, 4s};  // many peers drop exchange 38: not the whole schedule

}  // namespace

void Manager::carry_out(ike::TicketReceived& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || t->dynamic) return;
  // A round trip may have passed since the gateway set the time.
  t->ticket = Tunnel::Ticket{.sa = a.sa,
                             .state = {.ticket = std::move(a.ticket), .sk_d = std::move(a.sk_d), .suite = a.suite},
                             .expires = now + a.lifetime - std::min<Duration>(a.lifetime / 10, 5s)};
}

/// The gateway is there and wants a login: one that waits to repeat a question that nobody heard begins anew.
void Manager::login_now(Tunnel& t, Instant now) {
  if (const auto* s = t.attempt ? sas_.find(*t.attempt) : nullptr) {
    if (s->state() != ike::SaState::init_sent || now - s->status().created < kLoginFresh) return;
    const auto unheard = *std::exchange(t.attempt, std::nullopt);
    with_sa(unheard, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
  }
  connect(t, now);
}

/// In clear: the login starts now instead of later, and the ticket keeps its chance.
void Manager::carry_out(ike::TicketRefused& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || t->resume.sa != a.sa || t->state != State::connecting) return;
  if (!std::exchange(t->resume.refused, true)) login_now(*t, now);
}

bool Manager::has_ticket(const Tunnel& t, Instant now) const {
  if (t.redirect.to) return false;  // where we are sent it is worth nothing
  return model_->session_resume && t.ticket && now < t.ticket->expires;
}

void Manager::resume_by_ticket(Tunnel& t, Instant now) {
  t.timers.stop(Timer::resume);
  const auto& p = *t.phase1;
  if (t.dynamic || t.dead() || t.resume.sa || t.state != State::connecting || !has_ticket(t, now)) return;
  const auto* login = t.attempt ? sas_.find(*t.attempt) : nullptr;
  if (login && login->state() == ike::SaState::auth_sent) return;
  const auto children = child_policies(p);
  const auto local = local_address(p, gateway_of(t).family());
  const auto* l = link(p.interface);
  if (!local || !l || !p.has_policy || children.empty()) return;
  // Where the tunnel was encapsulated the NAT's mapping for 4500 may live on: begin there (RFC 5723 4.3.2 allows it).
  const std::uint16_t port = t.udp_encap ? 4500 : 500;
  ike::InitiatorSetup setup{
      .path = {{*local, port}, {gateway_of(t), port}, l->ifindex}, .policy = ike_policy(p), .gateway = t.name};
  if (!t.local_id || !t.peer_id) return;
  setup.local = *t.local_id;  // octet by octet what the ticket says
  setup.expected_peer = t.peer_id;
  setup.children = children;
  if (p.mode_cfg.enabled) setup.ask_inside = inside_request(children, t.inside.addresses);
  setup.policy.retransmit_schedule = kTicketSchedule;
  setup.policy.negotiate_timeout = std::min<Duration>(p.negotiate_timeout, kTicketPatience);
  const auto& kept = t.ticket->state;
  setup.resume = ike::ResumeState{kept.ticket, kept.sk_d.clone(), kept.suite};
  auto made = ike::IkeSa::make_initiator(*this, std::move(setup), now);
  const auto id = made->id();
  sas_.add(std::move(made), t.id);
  t.resume = {.sa = id, .of = t.ticket->sa};
  t.timers.stop(Timer::held_resume);
  log(LogId::resuming_by_ticket, {.gateway = t.name, .ike = id});
  with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.start(now, box); });
}

/// The gateway answers a login: it is there. A ticket shown a while ago may have been shown to nobody, so it is now;
/// who is back first shall not depend on the moment at which the network returned. The same message again as long as it
/// has time, since the answer to the first may be on its way already; not if it is younger than `fresh`. True if an
/// answer to the ticket may come.
bool Manager::show_ticket_again(Tunnel& t, Duration fresh, Instant now) {
  if (!has_ticket(t, now) || t.resume.refused) return false;
  if (const auto* s = t.resume.sa ? sas_.find(*t.resume.sa) : nullptr) {
    const bool heard = s->state() != ike::SaState::init_sent || t.resume.held;
    const auto age = now - s->status().created;
    if (heard || s->status().cookie_wanted || age < fresh) return true;
    if (age < kTicketPatience / 2) {
      with_sa(*t.resume.sa, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.resend_first(now, box); });
      return true;
    }
    const auto unheard = *std::exchange(t.resume, {}).sa;
    with_sa(unheard, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
  }
  resume_by_ticket(t, now);
  return t.resume.sa.has_value();
}

/// The SA of a ticket attempt ended without a tunnel.
void Manager::resume_failed(Tunnel& t, ike::CloseReason reason, Instant now) {
  const auto of = std::exchange(t.resume, {}).of;
  t.timers.stop(Timer::held_resume);
  if (reason == ike::CloseReason::redirected && t.redirect.to) return follow_redirect(t, now);
  if (reason == ike::CloseReason::deleted) return;  // ours: another way was first
  // The gateway said no under the ticket's own keys. A rekey may have brought another meanwhile.
  if (reason == ike::CloseReason::auth_failed && t.ticket && t.ticket->sa == of) t.ticket.reset();
  if (t.state != State::connecting) return;
  if (t.held_answer) return give_held_answer(t, now);
  if (reason == ike::CloseReason::auth_failed) login_now(t, now);
  if (!t.attempt && !t.timers.running(Timer::connect)) connect(t, now);
  if (has_ticket(t, now) && reason == ike::CloseReason::no_answer) t.timers.set(Timer::resume, now + 1s);
  refresh(t);
}

void Manager::give_held_resume(Tunnel& t, Instant now) {
  const auto held = std::exchange(t.resume.held, std::nullopt);
  if (!held || !t.resume.sa) return;
  with_sa(*t.resume.sa, now,
          [&](ike::IkeSa& s, ike::Outbox& box) { s.on_message(held->datagram, held->path, now, box); });
}

/// Something was authenticated: attempts that have not shown their identity are dropped silently. One that has must
/// end by itself, as the gateway may have moved the tunnel to it already.
void Manager::drop_other_attempts(Tunnel& t, Instant now) {
  for (const auto id : {t.attempt, t.resume.sa}) {
    const auto* s = id ? sas_.find(*id) : nullptr;
    if (s && s->state() == ike::SaState::init_sent)
      with_sa(*id, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
  }
  t.held_answer.reset();
  for (const auto timer : {Timer::connect, Timer::resume, Timer::wake_probe, Timer::held_answer, Timer::held_resume})
    t.timers.stop(timer);
}

}  // namespace dormouse::tunnel
