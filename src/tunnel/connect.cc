// The static tunnel's way up: logins with growing pauses, and, when a peer fell silent, the wake ladder: ask again on
// the SAs it has (by address), and a little later a login beside it. Whatever is authenticated first wins.
#include <algorithm>

#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

constexpr Duration kLoginAfterTicket = 600ms;  // a ticket costs two
constexpr Duration kStraggler = 2ms;           // two datagrams that left together arrive at most so far apart
constexpr Duration kTicketsTurn = 1s;          // for the answer to a ticket that is shown with a cookie
constexpr Duration kTogether = 400ms;          // an answer within this is to the first question, not to a repeated one
constexpr Duration kProbeEvery = 500ms;    // while the network may be back at any moment: before the login's repeats
constexpr Duration kProbeEveryLater = 5s;  // after two minutes of silence
constexpr Duration kEagerPhase = 120s;
constexpr Duration kLongestPause = 30s;

}  // namespace

void Manager::make_static(std::shared_ptr<const config::Phase1> phase1, Instant now) {
  auto made = std::make_unique<Tunnel>();
  Tunnel& t = *made;
  t.id = TunnelId(++last_tunnel_id_);
  t.phase1 = std::move(phase1);
  t.name = t.phase1->name;
  t.created = now;
  if (!make_device(t)) return;
  index_.update(t);
  Tunnel& kept = *tunnels_.emplace(t.id, std::move(made)).first->second;
  if (kept.phase1->auto_negotiate) connect(kept, now);
  refresh(kept);
}

void Manager::remove_static(Tunnel& t) {
  out_.push_back(DelMember{t.phase1->name, t.device_name});
  data_.remove_device(t.device);
  t.timers.stop_all();
  enter(t, Event::flush);
}

void Manager::connect(Tunnel& t, Instant now) {
  const auto& p = *t.phase1;
  if (t.dynamic || t.attempt || t.dead() || p.passive) return;
  const auto children = child_policies(p);
  const bool needs_psk = p.auth == config::AuthMethod::psk || p.auth_remote == config::AuthMethod::psk;
  const char* why = own_obstacle(p);
  if (!p.has_policy || children.empty() || (needs_psk && !p.psk)) {
    log(LogId::no_policy, scope_of(t));
    return;
  }
  if (why) {
    log(LogId::auth_failed, scope_of(t), {std::string(why)});
    t.timers.set(Timer::connect, now + kLongestPause);
    return refresh(t);
  }
  const auto target = login_target(t);
  const auto local = local_address(p, target.family());
  const auto* l = link(p.interface);
  if (!local || !l) {
    t.timers.set(Timer::connect, now + 5s);
    return refresh(t);
  }
  ike::InitiatorSetup setup{
      .path = {{*local, 500}, {target, 500}, l->ifindex}, .policy = ike_policy(p), .gateway = t.name};
  if (needs_psk) setup.psk = p.psk->clone();
  if (p.auth == config::AuthMethod::signature) setup.credentials = certificates_.credentials_of(p, wall_.at);
  setup.peer_signs = p.auth_remote == config::AuthMethod::signature;
  setup.local = p.localid ? *p.localid : setup.credentials.empty() ? Identity::of(*local) : Identity{};
  setup.children = children;
  if (p.mode_cfg.enabled) setup.ask_inside = inside_request(children, t.inside.addresses);
  if (t.logged_in != Instant{}) {
    // Coming back: the network may return at any moment, so ask often and give up early; the next attempt follows.
    setup.policy.retransmit_schedule = {1s, 2s, 4s, 8s};
    setup.policy.negotiate_timeout = std::min<Duration>(p.negotiate_timeout, 15s);
  }
  // A distinguished name is compared as text once the peer has said its own: text makes no Name again.
  const bool by_subject = setup.peer_signs && p.peerid.find('=') != std::string::npos;
  if (p.peertype == config::PeerType::one && !by_subject) setup.expected_peer = peer_identity(p);
  if (t.redirect.to) setup.redirected_from = t.redirect.from;
  t.redirect.trying = target;
  auto made = ike::IkeSa::make_initiator(*this, std::move(setup), now);
  const auto id = made->id();
  sas_.add(std::move(made), t.id);
  t.attempt = id;
  t.answer_was_held = false;
  t.held_answer.reset();
  t.timers.stop(Timer::held_answer);
  ++t.attempts;
  enter(t, Event::start);
  with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.start(now, box); });
  refresh(t);
}

/// Some time before the gateway's deadline, so that a login or two may fail; spread, as many may have come at once.
void Manager::carry_out(ike::ReauthWanted& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || t->dynamic || t->current != a.sa) return;
  const auto early = std::min<Duration>(a.within / 10, 300s);
  const auto spread =
      Duration(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(early.count() / 4 + 1))));
  t->timers.set(Timer::reauth, now + a.within - early - spread);
  if (!t->attempt) t->reauth_due = false;  // a ticket brought it back, with what is left of the login's time
  refresh(*t);
}

/// A login beside the SAs that carry the traffic meanwhile: the new ones take over once they stand.
void Manager::reauthenticate(Tunnel& t, Instant now) {
  t.timers.stop(Timer::reauth);
  t.reauth_due = true;
  if (t.state != State::up)
    return;  // on its way back; if the old SAs bring it there, wake_by_address() begins this anew
  log(LogId::reauthenticating, scope_of(t));
  connect(t, now);
  if (!t.attempt) t.timers.set(Timer::reauth, now + kReauthAgain);
  refresh(t);
}

void Manager::attempt_failed(Tunnel& t, Instant now) {
  if (t.held_down || t.state == State::up) return;
  if (t.sas.empty() && !t.phase1->auto_negotiate) {
    enter(t, Event::flush);
    return refresh(t);
  }
  // 1, 2, 4, ... 30 s, spread by a fifth so that a thousand clients of one gateway do not knock together.
  const auto pause =
      std::min<Duration>(kLongestPause, Duration(1s) * (std::uint64_t{1} << std::min(t.attempts, 6U)) / 2);
  const auto spread =
      Duration(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(pause.count() / 5 + 1))));
  t.timers.set(Timer::connect, now + pause + spread);
  refresh(t);
}

void Manager::begin_wake_ladder(Tunnel& t, Instant now, Duration ticket_after) {
  enter(t, Event::peer_lost);
  t.timers.stop(Timer::dpd);
  t.asleep_since = t.ladder_since = now;
  t.attempts = t.asked = 0;
  climb(t, now, ticket_after);
}

/// The ladder's rungs, a little apart: the first that is authenticated wins.
void Manager::climb(Tunnel& t, Instant now, Duration ticket_after) {
  t.timers.set(Timer::wake_probe, now);
  const bool ticket = has_ticket(t, now);
  if (ticket) t.timers.set(Timer::resume, now + ticket_after);
  if (!t.attempt) t.timers.set(Timer::connect, now + (ticket ? kLoginAfterTicket : kTicketAfterProbe));
  refresh(t);
}

/// While coming back: from the first rung again, now. The gateway is most likely in reach, so the ticket is shown
/// together with the question on the old SAs: it costs the gateway little and binds nobody, and saves a round trip and
/// more where the SAs have gone.
void Manager::hurry(Tunnel& t, Instant now) {
  if (!t.hurries.take(now)) return;  // a network that changes all the time; the ladder goes on at its own pace
  t.attempts = 0;
  t.ladder_since = now;
  t.asked = 0;
  // What was asked in vain is repeated ever more rarely; asked anew it is there at once.
  for (const auto id : {t.resume.sa, t.attempt})
    if (const auto* s = id ? sas_.find(*id) : nullptr; s && s->state() == ike::SaState::init_sent)
      with_sa(*id, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
  climb(t, now, Duration{});
}

/// A cookie or another group is wanted: no answer yet, and the sooner the question is put anew the better.
bool Manager::asks_again(ByteView datagram) {
  const auto m = wire::parse_message(datagram);
  return m && (wire::find_notify(m->payloads, wire::NotifyType::cookie) ||
               wire::find_notify(m->payloads, wire::NotifyType::invalid_ke_payload));
}

/// The first answer to a login says that the gateway is there again: the SAs we have are asked once more before the
/// login goes on, and so is the ticket shown. Unauthenticated, so all it does is to ask a little sooner.
bool Manager::holds_answer(const ike::IkeSa& sa, const ike::Path& path, ByteView datagram, Instant now) {
  Tunnel* t = tunnel_of_sa(sa.id());
  if (!t || t->dynamic || sa.state() != ike::SaState::init_sent || t->state != State::connecting) return false;
  if (asks_again(datagram)) {
    // The ticket is a round trip further: what waits for it waits for one more.
    if (t->resume.sa == sa.id() && t->held_answer && !sa.status().cookie_wanted) {
      t->timers.set(Timer::held_answer, now + std::min<Duration>((now - sa.status().created) * 2 + 20ms, kTicketsTurn));
      refresh(*t);
    }
    return false;
  }
  const bool login = t->attempt == sa.id();
  if (!login && t->resume.sa != sa.id()) return false;
  const auto other = login ? t->resume.sa : t->attempt;
  const auto* rival = other ? sas_.find(*other) : nullptr;
  if (rival && rival->state() == ike::SaState::auth_sent) {  // its end decides whether this one goes on
    (login ? t->held_answer : t->resume.held) = Tunnel::Held{path, to_bytes(datagram)};
    return true;
  }
  if (login ? t->held_answer : t->resume.held) return true;  // again what is held already
  bool& was_held = login ? t->answer_was_held : t->resume.was_held;
  if ((!t->current && !(login && has_ticket(*t, now))) || was_held) return false;
  was_held = true;
  (login ? t->held_answer : t->resume.held) = Tunnel::Held{path, to_bytes(datagram)};
  const auto round_trip = now - sa.status().created;
  if (!login && round_trip < kTogether && t->probed == sa.status().created) {
    // Both were asked in one breath, so the answer on the old SAs is here in a moment, or there is none.
    t->timers.set(Timer::held_resume, now + std::min<Duration>(kStraggler, 500us + round_trip / 4));
    refresh(*t);
    return true;
  }
  // Twice what the login's own question took is time enough for the probe; a repeated question tells nothing.
  const auto wait = std::min<Duration>(round_trip * 2 + 20ms, kTicketAfterProbe);
  const auto timer = login ? Timer::held_answer : Timer::held_resume;
  t->timers.set(timer, now + wait);
  wake_probe(*t, now);
  // As much again for the ticket, whose answer has to wait for the probe's too; and a round trip of a long path.
  if (t->state == State::connecting && login && show_ticket_again(*t, {}, now))
    t->timers.set(timer, now + std::max(wait * 2, std::min<Duration>(round_trip + 20ms, kTicketRoundTrip)));
  refresh(*t);
  return true;
}

void Manager::give_held_answer(Tunnel& t, Instant now) {
  const auto* ticket = t.resume.sa ? sas_.find(*t.resume.sa) : nullptr;
  if (ticket && ticket->state() == ike::SaState::auth_sent) return;  // resume_failed() gives it, if need be
  if (t.resume.held) return give_held_resume(t, now);                // both were answered: the ticket first
  const auto held = std::exchange(t.held_answer, std::nullopt);
  if (!held || !t.attempt) return;
  with_sa(*t.attempt, now,
          [&](ike::IkeSa& s, ike::Outbox& box) { s.on_message(held->datagram, held->path, now, box); });
}

void Manager::wake_probe(Tunnel& t, Instant now) {
  if (t.state != State::connecting || !t.current) return;
  const auto sa = *t.current;
  if (data_.counters(t.id).last_in > t.ladder_since) return wake_by_address(t, sa, now);  // ESP came first
  const auto pause = now - t.ladder_since < kEagerPhase ? kProbeEvery : kProbeEveryLater;
  t.timers.set(Timer::wake_probe, now + pause);
  t.probed = now;
  ask_by_address(t, now);
}

void Manager::want_children(Tunnel& t, Instant now, bool all) {
  if (!t.current) return;
  for (const auto& policy : child_policies(t)) {
    const bool have = std::ranges::any_of(t.children, [&](const auto& c) { return c.phase2 == policy.name; });
    if (have) continue;
    with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.create_child(policy, now, box); });
    if (!all) return;
  }
}

}  // namespace dormouse::tunnel
