// Going to sleep announced, both ends. A client that hears of it in time stops sending, tells its gateways and is
// silent until its machine wakes; a gateway that keeps sleepers puts the tunnel to sleep at once instead of waiting for
// dead peer detection. What goes over the wire is ike/going_to_sleep.h.
#include <algorithm>

#include "tunnel/manager.h"
#include "tunnel/sleep.h"

namespace dormouse::tunnel {
namespace {

constexpr Duration kForAnswer = 1500ms;  // the machine sleeps in a second or two (logind allows five)
// A machine that has not slept by then will not, or nobody could tell that it was back. The timers count its sleep, so
// this one is due at the wake as well.
constexpr Duration kForSleep = 30s;

}  // namespace

// --- the client

std::size_t Manager::go_to_sleep(const std::string& name, Instant now) {
  std::size_t told = 0;
  for (Tunnel* t : select(name)) {
    if (t->dynamic || t->state != State::up || t->rest != Tunnel::Rest::none || !t->current) continue;
    const auto* sa = sas_.find(*t->current);
    if (!sa || !sa->understands_sleep()) continue;
    ++told;
    rest(*t, now);
  }
  rest_asked_ = true;
  return told;
}

void Manager::rest(Tunnel& t, Instant now) {
  t.rest = Tunnel::Rest::announced;
  t.rest_since = now;
  data_.set_asleep(t.id, true);  // first, so that the numbers told are the last ones
  for (const auto timer : {Timer::dpd, Timer::nat_keepalive, Timer::ticket_rekey, Timer::unpark}) t.timers.stop(timer);
  t.timers.set(Timer::rest, now + kForAnswer);
  std::vector<ike::LastSent> sent;
  for (const auto& c : t.children) sent.push_back({c.spi_out, data_.child_counters(c.id).seq_out});
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.announce_sleep(std::move(sent), now, box); });
  refresh(t);
}

void Manager::carry_out(ike::SleepHeard& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (t && t->rest == Tunnel::Rest::announced) announced(*t, "answered", now);
}

/// Nothing more is tried: the machine may go.
void Manager::announced(Tunnel& t, const char* outcome, Instant now) {
  t.rest = Tunnel::Rest::silent;
  t.timers.set(Timer::rest, t.rest_since + kForSleep);
  for (const auto id : t.sas) with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_asleep(true, now); });
  log(LogId::event_rest, {}, {t.name, t.path.remote.text(), std::string(outcome)});
  refresh(t);
}

void Manager::rest_timer(Tunnel& t, Instant now) {
  if (t.rest == Tunnel::Rest::announced) return announced(t, "did not answer", now);
  if (t.rest == Tunnel::Rest::silent) end_rest(t, now);
}

/// Awake, or never asleep: traffic goes out at once, and the gateway is asked whether it is heard.
void Manager::end_rest(Tunnel& t, Instant now) {
  t.rest = Tunnel::Rest::none;
  t.rest_ended = now;
  t.timers.stop(Timer::rest);
  for (const auto id : t.sas) with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_asleep(false, now); });
  if (t.in_data_plane) data_.set_asleep(t.id, false);
  if (t.state != State::up) return refresh(t);
  begin_wake_ladder(t, now);
  t.asleep_since = t.rest_since;
}

std::size_t Manager::stay_awake(const std::string& name, Instant now) {
  std::size_t woken = 0;
  for (Tunnel* t : select(name)) {
    if (t->rest == Tunnel::Rest::none) continue;
    ++woken;
    end_rest(*t, now);
  }
  return woken;
}

void Manager::report_rest() {
  if (!rest_asked_) return;
  const auto waits = [](const auto& e) { return e.second->rest == Tunnel::Rest::announced; };
  if (std::ranges::any_of(tunnels_, waits)) return;
  rest_asked_ = false;
  out_.push_back(ReadyForSleep{});
}

// --- the gateway

void Manager::carry_out(ike::PeerGoesToSleep& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t) return;
  const bool kept = t->dynamic && t->current == a.sa && on_silence(*t->phase1) == Silence::sleep;
  const bool sleeps = kept && t->state == State::asleep;
  if (!sleeps) {  // a word of a peer that is still there, first of all
    ike::PeerAlive alive{.sa = a.sa, .path = a.path};
    carry_out(alive, now);
  }
  if (!kept || (t->state != State::up && t->state != State::asleep)) return;
  for (const auto& [child, seq] : a.sent) data_.set_wake_mark(child, seq);
  if (sleeps) return;
  log(LogId::sleep_announced, scope_of(*t));
  fall_asleep(*t, now);
  t->sleep_announced = true;
}

}  // namespace dormouse::tunnel
