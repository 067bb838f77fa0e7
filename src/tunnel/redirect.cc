// Another gateway instead of this one (RFC 5685). A gateway that is drained sends its clients on: at their login, and
// in between by a word of its own. A client whose phase 1 says so goes there, logs in as it would have here, and leaves
// the old gateway once it stands. Where it went is for that tunnel alone: nothing of the configuration changes.
#include <algorithm>

#include "base/limits.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

constexpr Duration kAfterWake = 1s;        // a client that woke by address has its packets first
constexpr Duration kBetweenClients = 5ms;  // ten thousand of them log in elsewhere within a minute, not at once

}  // namespace

// --- the gateway

/// Where this phase 1 sends its clients, or null.
const ike::OtherGateway* Manager::drains_to(const std::string& phase1) const {
  for (const auto& key : {phase1, std::string()})
    if (const auto it = draining_.find(key); it != draining_.end()) return &it->second;
  return nullptr;
}

Outcome<std::size_t> Manager::drain_to(const std::string& gateway, const std::string& name, Instant now) {
  const auto to = ike::parse_gateway(gateway);
  if (!to) return failure("'" + gateway + "' is neither an address nor a domain name");
  if (to->address && !is_host(*to->address)) return failure(gateway + " is not the address of a host");
  const auto ours = [&](const LinkInfo& l) {
    return std::ranges::find(l.addresses, *to->address) != l.addresses.end();
  };
  if (to->address && std::ranges::any_of(links_, ours)) return failure(gateway + " is an address of this host");
  const auto* p = model_->find_phase1(name);
  if (!name.empty() && (!p || p->type != config::Phase1Type::dynamic))
    return failure("no dialup phase 1 named '" + name + "'");
  draining_.insert_or_assign(name, *to);
  log(LogId::drain_began, {}, {name.empty() ? "all" : name, to->text()});
  std::size_t told = 0;
  for (Tunnel* t : select(name)) {
    if (!t->dynamic || t->state != State::up) continue;
    t->timers.set(Timer::redirect, now + kBetweenClients * static_cast<std::int64_t>(told++));
    refresh(*t);
  }
  return told;
}

Outcome<void> Manager::end_drain(const std::string& name) {
  const bool any = name.empty() ? !draining_.empty() : draining_.contains(name);
  if (!any) return failure(name.empty() ? "nothing is drained" : "'" + name + "' is not drained");
  if (name.empty())
    draining_.clear();
  else
    draining_.erase(name);
  log(LogId::drain_ended, {}, {name.empty() ? "all" : name});
  return {};
}

/// A client that woke while its gateway is drained hears of it a little later.
void Manager::redirect_awake(Tunnel& t, Instant now) {
  if (t.dynamic && drains_to(t.phase1->name)) t.timers.set(Timer::redirect, now + kAfterWake);
}

void Manager::tell_redirect(Tunnel& t, Instant now) {
  const auto* to = drains_to(t.phase1->name);
  if (!to || t.state != State::up || !t.current) return;
  bool told = false;
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { told = s.redirect(*to, now, box); });
  if (told) log(LogId::event_sent_on, {}, {t.name, t.peer_id ? t.peer_id->text() : "", to->text()});
}

/// Who has proved its identity is sent on; who does not follow is served here.
bool Manager::sends_on(const config::Phase1& phase1, const Identity& peer, bool follows, ike::AuthGrant& grant,
                       std::vector<LogEvent>& log) {
  const auto* to = follows ? drains_to(phase1.name) : nullptr;
  if (!to) return false;
  grant.gateway = phase1.name;
  grant.redirect_to = *to;
  ++phase1_counters_[phase1.name].redirected;
  log.push_back({LogId::event_sent_on, {}, {phase1.name, peer.text(), to->text()}});
  return true;
}

// --- the client

/// Of the gateway that the tunnel's SAs and its ticket are of.
const IpAddress& Manager::gateway_of(const Tunnel& t) { return t.redirect.at ? *t.redirect.at : t.phase1->remote_gw; }

/// Of the gateway for the next login: where we were sent; else where we were last, in turns with the configured one.
const IpAddress& Manager::login_target(const Tunnel& t) {
  if (t.redirect.to) return *t.redirect.to;
  return t.redirect.home_next ? t.phase1->remote_gw : gateway_of(t);
}

/// RFC 5685 7: so many in so long, and no more.
bool Manager::may_be_redirected(Tunnel& t, Instant now) {
  std::erase_if(t.redirect.times, [&](Instant at) { return now - at >= limits::kRedirectPeriod; });
  if (t.redirect.times.size() >= limits::kMaxRedirects) return false;
  t.redirect.times.push_back(now);
  return true;
}

const char* Manager::redirect_obstacle(Tunnel& t, const ike::OtherGateway& to, const IpAddress& from, Instant now) {
  if (!to.address) return "a domain name, and this client asks no name server";
  if (!is_host(*to.address)) return "not the address of a host";
  if (*to.address == from) return "the gateway itself";
  if (!local_address(*t.phase1, to.address->family())) return "no address of that family here";
  if (!may_be_redirected(t, now)) return "too many in a row";
  return nullptr;
}

void Manager::carry_out(ike::Redirected& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  const auto* sa = sas_.find(a.sa);
  if (!t || !sa || t->dynamic || t->dead()) return;
  const auto from = sa->status().path.remote.address;
  t->redirect.to.reset();
  if (const char* why = redirect_obstacle(*t, a.to, from, now))
    return log(LogId::redirect_refused, {}, {t->name, from.text(), a.to.text(), std::string(why)});
  log(LogId::event_redirected, {},
      {t->name, from.text(), a.to.text(), std::string(a.authenticated ? "by the gateway" : "in clear")});
  t->redirect.to = *a.to.address;
  t->redirect.from = from;
  if (t->resume.sa == a.sa && a.authenticated) t->ticket.reset();  // what it is shown to sends us on
  if (t->attempt == a.sa || t->resume.sa == a.sa) return;          // goes on when that one is closed
  if (t->current == a.sa && t->rest == Tunnel::Rest::none) follow_redirect(*t, now);
}

/// A login elsewhere. One that has shown its identity already goes first; its end decides.
void Manager::follow_redirect(Tunnel& t, Instant now) {
  if (const auto* s = t.attempt ? sas_.find(*t.attempt) : nullptr) {
    if (s->state() != ike::SaState::init_sent) return;
    const auto other = *std::exchange(t.attempt, std::nullopt);
    with_sa(other, now, [&](ike::IkeSa& a, ike::Outbox& box) { a.abandon(now, box); });
  }
  t.timers.stop(Timer::connect);
  connect(t, now);
}

/// The login under way became the tunnel.
void Manager::arrived(Tunnel& t) {
  const auto at = t.redirect.trying;
  t.redirect.at = at == t.phase1->remote_gw ? std::nullopt : std::optional(at);
  t.redirect.to.reset();
  t.redirect.home_next = false;
}

/// The login under way came to nothing: the next one goes elsewhere, where there is an elsewhere.
void Manager::did_not_arrive(Tunnel& t) {
  if (t.redirect.to)
    t.redirect.to.reset();
  else
    t.redirect.home_next = t.redirect.at && !t.redirect.home_next;
}

}  // namespace dormouse::tunnel
