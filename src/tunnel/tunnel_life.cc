// The life of a tunnel: made by a login, put to sleep when its peer falls silent, woken by address or by login, ended
// when its window is over. What to do is decided in sleep.cc, dpd.cc and adoption.cc; here it is carried out.
#include <algorithm>

#include "base/limits.h"
#include "tunnel/dpd.h"
#include "tunnel/manager.h"
#include "tunnel/sleep.h"

namespace dormouse::tunnel {

void Manager::enter(Tunnel& t, Event event) {
  if (const auto* row = find_transition(t.state, event)) {
    if (row->to == State::gone) gone_.push_back(t.id);
    t.state = row->to;
  }
  note_changed(t);
}

// --- made

bool Manager::make_device(Tunnel& t) {
  const auto& p = *t.phase1;
  t.mtu = device_mtu(p);
  if (t.dynamic && !p.net_device) {
    const auto shared = shared_devices_.find(p.name);
    if (shared == shared_devices_.end()) return false;
    t.device = shared->second.id;
    t.device_name = shared->second.name;
    t.device_ifindex = shared->second.ifindex;
    return true;
  }
  const DeviceId id(++last_device_id_);
  const auto ifindex = data_.add_device({id, t.name, t.mtu});
  if (!ifindex) {
    log(LogId::system_failure, scope_of(t), {ifindex.error().text});
    return false;
  }
  t.device = id;
  t.device_name = t.name;
  t.device_ifindex = *ifindex;
  t.own_device = true;
  out_.push_back(AddMember{p.name, t.device_name});
  return true;
}

Tunnel* Manager::make_instance(const PendingLogin& login, Instant now) {
  auto made = std::make_unique<Tunnel>();
  Tunnel& t = *made;
  t.id = TunnelId(++last_tunnel_id_);
  t.phase1 = login.phase1;
  t.name = login.phase1->name + "_" + std::to_string(login.index);
  t.dynamic = true;
  t.index = login.index;
  t.created = now;
  if (!make_device(t)) return nullptr;
  index_.update(t);
  return tunnels_.emplace(t.id, std::move(made)).first->second.get();
}

void Manager::login_succeeded(Tunnel& t, IkeSaId sa, const PendingLogin* login, Instant now) {
  const auto status = sas_.find(sa)->status();
  const bool was_asleep = t.state == State::asleep;
  const bool was_connecting = t.state == State::connecting;
  const bool was_coming_back = was_connecting && !t.dynamic && t.ladder_since != Instant{};
  // What the login replaces: for a dialup peer everything it had; for a static one what it says it forgot, but not an
  // SA that we ourselves began a moment ago (both ends may dial at once).
  for (const auto old : t.sas) {
    const auto* s = sas_.find(old);
    const bool ours_and_fresh = s && !t.dynamic && s->initiator() && now - s->status().established < 10s;
    const bool replace = t.dynamic || t.attempt == sa || t.resume.sa == sa || was_connecting ||
                         (login && login->initial_contact && !ours_and_fresh);
    if (replace && std::ranges::find(t.replaced, old) == t.replaced.end()) t.replaced.push_back(old);
  }
  if (login) {
    ++t.ike_created;
    t.reported_up.clear();
  }
  if (login && login->initial_contact) {
    const LogScope scope{.gateway = t.name, .ike = sa};
    log(LogId::initial_contact, scope);
    log(LogId::initial_contact_done, scope);
  }
  t.sas.insert(t.sas.begin(), sa);
  t.current = sa;
  const bool by_ticket = t.resume.sa == sa || (login && login->by_ticket);
  // Shown it is spent, and one of an older login is revoked (RFC 5723 4.3.1, 6.2); what comes with this answer follows.
  if (by_ticket || t.attempt == sa) t.ticket.reset();
  if (t.attempt == sa) {
    t.attempt.reset();
    arrived(t);
    t.reauth_due = false;
    t.timers.stop(Timer::reauth);  // of the login before
  }
  if (t.resume.sa == sa) t.resume = {};
  t.attempts = 0;
  drop_other_attempts(t, now);
  if (login) adopt_tickets(t, *login, now);
  t.peer_id = status.peer;
  t.local_id = status.local;
  note_proof(t, status, login, by_ticket);
  take_inside(t, status.inside);
  t.last_ike_in = now;
  if (!by_ticket) t.logged_in = now;
  t.ike_setup_time = now - status.created;
  ++t.ike_established;
  if (!by_ticket) ++phase1_counters_[t.phase1->name].logins;
  if (const auto nat = nat_.find(sa); nat != nat_.end()) {
    t.local_behind_nat = nat->second.local_behind_nat;
    t.remote_behind_nat = nat->second.remote_behind_nat;
  }
  set_path(t, status.path, status.udp_encap);
  if (!t.in_data_plane) {
    data_.add_tunnel(t.id, t.device, t.outer);
    t.in_data_plane = true;
  }
  with_sa(sa, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_gateway_name(t.name); });
  if (was_asleep) {
    t.resumed_child_pending = true;  // parked packets wait for the new Child SA
    finish_wake(t, by_ticket ? WakeWay::ticket : WakeWay::login, now - status.created, now);
    // As FortiOS does, the old IKE SA is asked once more before it goes; but not after a ticket (RFC 5723 4.3.4).
    for (const auto old : by_ticket ? std::vector<IkeSaId>{} : t.replaced)
      with_sa(old, now, [&](ike::IkeSa& o, ike::Outbox& box) {
        o.set_asleep(false, now);
        o.resend_pending(now, box);
      });
  }
  enter(t, Event::login);
  if (by_ticket && !was_asleep) resumed_awake(t, sa, now);
  if (!by_ticket && was_coming_back) note_resumed(t, WakeWay::login, now - t.asleep_since, now - t.ladder_since, now);
  if (!was_asleep && (!by_ticket || t.up_since == Instant{})) {
    t.up_since = now;
    log(LogId::set_oper_up, scope_of(t));
    log(LogId::event_up, {},
        {t.name, t.path.remote.text(), t.peer_id ? t.peer_id->text() : "", token_of(status.suite, Protocol::ike)});
  }
  t.ladder_since = {};
  keep_spis(t);
  if (!t.replaced.empty()) t.timers.set(Timer::replaced_over, now + t.phase1->negotiate_timeout);
  start_liveness(t, now);
  enforce_sa_limit(t, now);
  if (!t.dynamic) follow_links(t, links_, now);  // our address may have changed meanwhile
}

/// How its peer proved itself. A ticket stands for the login that it came from.
void Manager::note_proof(Tunnel& t, const ike::SaStatus& status, const PendingLogin* login, bool by_ticket) {
  auto believed = believed_.extract(status.id);
  if (by_ticket && !login) return;
  t.auth_method = login ? login->auth_method : static_cast<std::uint8_t>(status.peer_method);
  if (by_ticket && t.certificate) return;  // it knows more than the ticket
  t.certificate = login ? login->certificate : believed.empty() ? nullptr : std::move(believed.mapped());
}

void Manager::enforce_sa_limit(Tunnel& t, Instant now) {
  while (t.sas.size() - std::min(t.sas.size(), t.replaced.size()) > limits::kIkeSasPerTunnel) {
    const auto oldest = t.sas.back();
    log(LogId::ike_limit, {.gateway = t.name, .ike = oldest},
        {std::uint64_t{limits::kIkeSasPerTunnel}, std::string("oldest")});
    std::erase(t.sas, oldest);
    with_sa(oldest, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.close(now, box); });
  }
}

void Manager::drop_replaced(Tunnel& t, Instant now) {
  t.timers.stop(Timer::replaced_over);
  for (const auto id : std::exchange(t.replaced, {})) {
    std::erase(t.sas, id);
    // RFC 5685 5: the gateway that we left for another is told.
    const auto* old = sas_.find(id);
    const bool left = !t.dynamic && old && old->status().path.remote.address != t.path.remote.address;
    if (left) sas_.set_tunnel(id, TunnelId{});
    with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox& box) {
      if (left)
        s.close(now, box);
      else
        s.abandon(now, box);
    });
  }
}

// --- sleep and wake

void Manager::peer_silent(Tunnel& t, IkeSaId sa, Instant now) {
  switch (on_silence(*t.phase1)) {
    case Silence::sleep: return fall_asleep(t, now);
    case Silence::reconnect: return begin_wake_ladder(t, now);
    case Silence::flush: break;
  }
  if (const auto* s = sas_.find(sa)) {
    const auto status = s->status();
    log(LogId::expiring_ike_sa, {.gateway = t.name, .ike = sa}, {spi_pair(status.spi_i, status.spi_r)});
  }
  teardown(t, "dead peer detected", false, now, true);
}

void Manager::fall_asleep(Tunnel& t, Instant now) {
  t.asleep_since = now;
  enter(t, Event::peer_silent);
  t.sleep_announced = false;
  drop_replaced(t, now);
  t.asleep_until = sleep_end(*t.phase1, now, t.reauth_deadline);
  ++t.sleeps;
  ++phase1_counters_[t.phase1->name].sleeps;
  t.timers.stop_all();  // no probes and no keepalives towards a sleeper
  t.timers.set(Timer::sleep_over, t.asleep_until);
  for (const auto id : t.sas) with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_asleep(true, now); });
  data_.set_asleep(t.id, true);
  const auto count = index_.asleep(t.phase1->name);
  const auto seconds = static_cast<std::uint64_t>(seconds_of(t.asleep_until - now));
  log(LogId::resume_sleep_start, scope_of(t), {seconds, count});
  log(LogId::event_asleep, {}, {t.name, seconds, count});
  refresh(t);
}

void Manager::wake_by_address(Tunnel& t, IkeSaId sa, Instant now) {
  const bool was_asleep = t.state == State::asleep;
  if (was_asleep) {
    finish_wake(t, WakeWay::address, Duration{}, now);  // its first packet is all it takes
    enter(t, Event::peer_alive);
    for (const auto id : t.sas) with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_asleep(false, now); });
    // What is parked needs a Child SA; if the sleep outlived it, the client makes a new one.
    if (t.children.empty())
      t.resumed_child_pending = true;
    else
      data_.set_asleep(t.id, false);
    // One round trip confirms the path; it is the probe that the sleep interrupted.
    with_sa(sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.resend_pending(now, box); });
    for (const auto& child : t.children) report_up(t, child);
    redirect_awake(t, now);
  } else {
    enter(t, Event::peer_alive);
    // The old SAs answered first. A login that has not shown its identity yet is dropped; one that has must be let
    // finish, as the gateway may already have moved the tunnel to it.
    drop_other_attempts(t, now);
    note_resumed(t, WakeWay::address, now - t.asleep_since, now - t.ladder_since, now);
    t.ladder_since = {};
    want_children(t, now, true);  // those that ended meanwhile: who is behind the gateway may speak first
    // Not before the gateway knows where it is now: from another address the login would get another tunnel.
    if (t.reauth_due && !t.attempt) t.timers.set(Timer::reauth, now + kReauthAgain);
  }
  start_liveness(t, now);
}

void Manager::finish_wake(Tunnel& t, WakeWay way, Duration took, Instant now) {
  const auto count = index_.asleep(t.phase1->name);
  t.timers.stop(Timer::sleep_over);
  t.reported_up.clear();  // managers hear of the return: the UP trap is sent again
  auto& counters = phase1_counters_[t.phase1->name];
  ++(way == WakeWay::address ? counters.by_address : way == WakeWay::ticket ? counters.by_ticket : counters.by_login);
  log(LogId::client_resumed, scope_of(t), {count});
  note_resumed(t, way, now - t.asleep_since, took, now);
}

void Manager::note_resumed(Tunnel& t, WakeWay way, Duration slept, Duration took, Instant now) {
  t.last_wake = way;
  t.last_wake_at = now;
  t.last_sleep = slept;
  t.last_wake_took = took;
  ++(way == WakeWay::address ? t.wakes_by_address : way == WakeWay::ticket ? t.wakes_by_ticket : t.wakes_by_login);
  log(LogId::event_resumed, {},
      {t.name, std::string(name_of(way)), static_cast<std::uint64_t>(seconds_of(slept)), t.path.remote.text(),
       static_cast<std::uint64_t>(took / 1ms)});
}

/// Back by ticket where nothing slept: a client that asked for its gateway, or a gateway that had not noticed yet or
/// was started again.
void Manager::resumed_awake(Tunnel& t, IkeSaId sa, Instant now) {
  if (t.dynamic) {
    ++phase1_counters_[t.phase1->name].by_ticket;
    return note_resumed(t, WakeWay::ticket, {}, now - sas_.find(sa)->status().created, now);
  }
  const auto since = t.asleep_since == Instant{} ? now : t.asleep_since;
  note_resumed(t, WakeWay::ticket, now - since, now - std::max(t.ladder_since, since), now);
  if (t.phase1->ticket_rekey_delay > Duration{}) t.timers.set(Timer::ticket_rekey, now + t.phase1->ticket_rekey_delay);
}

/// What a login or a ticket brings along of tickets.
void Manager::adopt_tickets(Tunnel& t, const PendingLogin& login, Instant now) {
  t.reauth_deadline = login.reauth_deadline;
  if (login.by_ticket) {
    t.logged_in = login.logged_in;
    if (t.up_since == Instant{}) t.up_since = now;
    if (login.shown && std::ranges::find(t.given, login.shown->id, &GivenTicket::id) == t.given.end())
      note_given(t, *login.shown, now);
  } else if (t.session != login.session) {
    revoke_tickets(t, now);  // its owner has shown the credentials anew
  }
  if (login.given) {
    t.session = login.session;
    keep_session(t);
    note_given(t, *login.given, now);
  } else if (login.by_ticket) {
    t.session = login.session;
  }
}

/// After a wake by login: the peer has its new Child SA, or has had the time to.
void Manager::unpark(Tunnel& t) {
  if (!t.timers.running(Timer::unpark)) return;
  t.timers.stop(Timer::unpark);
  data_.set_asleep(t.id, false);
  refresh(t);
}

void Manager::sleep_expired(Tunnel& t, Instant now) {
  log(LogId::resume_sleep_expired, scope_of(t), {index_.asleep(t.phase1->name)});
  ++phase1_counters_[t.phase1->name].expired;
  log(LogId::event_expired, {}, {t.name, static_cast<std::uint64_t>(seconds_of(now - t.asleep_since))});
  teardown(t, "client-resume sleep period expired", false, now, true);
}

// --- ended

void Manager::teardown(Tunnel& t, const char* reason, bool tell_peer, Instant now, bool tickets_stay) {
  const bool sleeping = t.state == State::asleep;
  const bool over = sleeping && now >= t.asleep_until;
  log(LogId::going_to_be_deleted, scope_of(t));
  log(LogId::flushing, scope_of(t));
  t.timers.stop_all();
  t.rest = Tunnel::Rest::none;
  while (!t.children.empty()) remove_child(t, t.children.back().id, now);
  drop_sas(t, tell_peer, now);
  for (const auto& prefix : std::exchange(t.routes, {})) release_route(t, prefix);
  for (const auto& phase2 : std::set(t.reported_up)) report_down(t, phase2);
  if (sleeping) log(LogId::last_dialup_expired, scope_of(t));
  if (t.state != State::connecting || t.up_since != Instant{})
    log(LogId::event_down, {}, {t.name, static_cast<std::uint64_t>(seconds_of(now - t.up_since)), std::string(reason)});
  if (t.in_data_plane) data_.remove_tunnel(t.id);
  t.in_data_plane = false;
  t.resumed_child_pending = false;
  if (t.dynamic && t.own_device) {
    out_.push_back(DelMember{t.phase1->name, t.device_name});
    data_.remove_device(t.device);
  }
  if (t.state != State::down) enter(t, over ? Event::window_over : Event::flush);
  if (t.dynamic) enter(t, Event::flush);
  t.up_since = t.ladder_since = {};
  if (t.dynamic) end_lease(t.phase1->name, t.index);
  t.ticket.reset();
  t.redirect.to.reset();
  t.redirect.at.reset();
  t.certificate.reset();
  forget_spis(t);
  if (t.dynamic || !tickets_stay) {
    if (tickets_stay)
      forget_session(t);
    else
      revoke_tickets(t, now);
  }
  forget(t);
  log(LogId::flushed, scope_of(t));
  if (!t.dynamic && t.phase1->auto_negotiate && !t.held_down) t.timers.set(Timer::connect, now + 1s);
  refresh(t);
}

void Manager::drop_sas(Tunnel& t, bool tell_peer, Instant now) {
  auto sas = std::exchange(t.sas, {});
  if (t.attempt) sas.push_back(*t.attempt);
  if (t.resume.sa) sas.push_back(*t.resume.sa);
  t.attempt.reset();
  t.resume = {};
  t.current.reset();
  t.replaced.clear();
  for (const auto id : sas) {
    sas_.set_tunnel(id, TunnelId{});  // what is left of it is between the engine and the peer
    with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox& box) {
      if (tell_peer)
        s.close(now, box);
      else
        s.abandon(now, box);
    });
  }
}

void Manager::remove_child(Tunnel& t, ChildId id, Instant) {
  const auto it = std::ranges::find(t.children, id, &TunnelChild::id);
  if (it == t.children.end()) return;
  const TunnelChild child = *it;
  log(LogId::deleting_ipsec_sa, scope_of(t), {Hex{child.spi_out.value(), 8}});
  data_.remove_child(id);
  t.children.erase(it);
  child_tunnel_.erase(id);
  spis_.erase(child.spi_in);
  log(LogId::deleted_ipsec_sa, {.gateway = t.name, .phase2 = child.phase2},
      {Hex{child.spi_out.value(), 8}, t.children.size()});
}

void Manager::remove_gone() {
  for (const auto id : std::exchange(gone_, {})) {
    if (const auto was = due_.find(id); was != due_.end()) {
      deadlines_.erase({was->second, id});
      due_.erase(was);
    }
    unsaved_.erase(id);
    tunnels_.erase(id);
  }
}

// --- routes, path, traps

void Manager::sync_routes(Tunnel& t) {
  // A static tunnel's routes are the administrator's (config router static), or come with its inside address.
  if (!t.dynamic && t.inside.addresses.empty() && t.routes.empty()) return;
  std::vector<Prefix> wanted;
  for (const auto& child : t.children) {
    const config::Phase2* p2 = nullptr;
    for (const auto* p : model_->phase2_of(t.phase1->name))
      if (p->name == child.phase2) p2 = p;
    if (p2 && !p2->add_route.value_or(t.phase1->add_route)) continue;
    if (!t.dynamic) {
      for (const auto& prefix : client_routes(t.inside, child.remote_ts))
        if (std::ranges::find(wanted, prefix) == wanted.end()) wanted.push_back(prefix);
      continue;
    }
    for (const auto& ts : child.remote_ts)
      for (const auto& prefix : ts.range.prefixes())
        if (std::ranges::find(wanted, prefix) == wanted.end()) wanted.push_back(prefix);
  }
  // A client's routes stay while one of its phase 2 is without a Child SA: the next packet must still find the tunnel,
  // and not another way out.
  const bool whole = t.dynamic || std::ranges::all_of(model_->phase2_of(t.phase1->name), [&](const auto* p) {
                       return std::ranges::any_of(t.children, [&](const auto& c) { return c.phase2 == p->name; });
                     });
  for (const auto& prefix : std::vector(t.routes))
    if (whole && std::ranges::find(wanted, prefix) == wanted.end()) {
      std::erase(t.routes, prefix);
      release_route(t, prefix);
    }
  for (const auto& prefix : wanted) {
    if (std::ranges::find(t.routes, prefix) != t.routes.end()) continue;
    want_route(t, prefix);
  }
  note_changed(t);
}

void Manager::want_route(Tunnel& t, const Prefix& prefix) {
  t.routes.push_back(prefix);
  const auto p2s = model_->phase2_of(t.phase1->name);
  const auto overlap = p2s.empty() ? config::RouteOverlap::use_new : p2s.front()->route_overlap;
  Route route{prefix, t.device, t.device_name, t.phase1->distance, t.phase1->priority};
  // The selectors of transport mode are of the outer addresses: what this host sends must come from its own.
  const bool transport = std::ranges::any_of(t.children, &TunnelChild::transport);
  if (transport && prefix == Prefix::host(t.path.remote.address)) route.source = t.path.local.address;
  log_routes(t, routes_.want(t.id, route, overlap));
}

void Manager::release_route(Tunnel& t, const Prefix& prefix) { log_routes(t, routes_.release(t.id, prefix)); }

void Manager::log_routes(Tunnel& t, std::vector<Action> changes) {
  const ChildId serial = t.children.empty() ? ChildId(last_child_id_) : t.children.front().id;
  for (auto& change : changes) {
    const auto* added = std::get_if<AddRoute>(&change);
    const Route& r = added ? added->route : std::get<DelRoute>(change).route;
    log(added ? LogId::add_route : LogId::del_route, {.gateway = r.device_name, .child = serial},
        {prefix_text(r.dst), t.path.remote.address.text(), r.device_name, static_cast<std::uint64_t>(t.device_ifindex),
         std::uint64_t{r.metric}, std::uint64_t{r.priority}});
    out_.push_back(std::move(change));
  }
}

void Manager::set_path(Tunnel& t, const ike::Path& path, bool udp_encap) {
  const auto outer = outer_of(path, udp_encap);
  if (!(t.path == path)) note_changed(t);
  if (t.in_data_plane && !(t.path.remote == path.remote))
    log(LogId::path_moved, scope_of(t), {t.path.remote.text(), path.remote.text()});
  t.path = path;
  t.udp_encap = udp_encap;
  t.outer = outer;
  for (const auto id : t.sas) {
    const bool left = !t.dynamic && std::ranges::find(t.replaced, id) != t.replaced.end();  // it may be of elsewhere
    if (ike::IkeSa* sa = sas_.find(id); sa && !left) sa->set_path(path);
  }
  if (!t.in_data_plane) return;
  data_.set_path(t.id, outer);
  fit_device(t);
}

void Manager::report_up(Tunnel& t, const TunnelChild& child) {
  if (!t.reported_up.insert(child.phase2).second) return;
  note_changed(t);
  log(LogId::trap_up, {.gateway = t.name, .ike = child.sa, .phase2 = child.phase2, .child = child.id});
  out_.push_back(Trap{true, t.path.local.address, t.path.remote.address, t.name});
  log(LogId::tunnel_up_event, scope_of(t));
}

void Manager::report_down(Tunnel& t, const std::string& phase2) {
  if (t.reported_up.erase(phase2) == 0) return;
  note_changed(t);
  log(LogId::trap_down, scope_of(t), {phase2});
  out_.push_back(Trap{false, t.path.local.address, t.path.remote.address, t.name});
}

// --- liveness

void Manager::start_liveness(Tunnel& t, Instant now) {
  if (t.rest != Tunnel::Rest::none) return;  // at the wake
  t.last_dpd_tick = now;
  if (t.phase1->dpd != config::DpdMode::disable)
    t.timers.set(Timer::dpd, now + t.phase1->dpd_retryinterval);
  else
    t.timers.stop(Timer::dpd);
  if (t.dynamic && t.reauth_deadline)
    t.timers.set(Timer::reauth_over, *t.reauth_deadline);
  else
    t.timers.stop(Timer::reauth_over);
  keep_nat_mapping(t, now);
  refresh(t);
}

void Manager::check_dpd(Tunnel& t, Instant now) {
  if (!t.current) return;
  const auto counters = data_.counters(t.id);
  const auto verdict = dpd_check(t.phase1->dpd, t.phase1->dpd_retryinterval,
                                 {std::max(t.last_ike_in, counters.last_in), counters.last_out}, t.last_dpd_tick, now);
  if (verdict.look_again) t.timers.set(Timer::dpd, *verdict.look_again);
  if (!verdict.probe) return;
  t.last_dpd_tick = now;
  ++t.dpd_seqno;
  const auto* l = link(t.phase1->interface);
  log(LogId::link_is_idle, scope_of(t),
      {static_cast<std::uint64_t>(l ? l->ifindex : 0), t.path.local.address.text(),
       t.path.remote.address.text() + ":" + (t.udp_encap ? std::to_string(t.path.remote.port) : "0"), t.dpd_seqno});
  log(LogId::dpd_probe, {.gateway = t.name, .ike = *t.current}, {t.dpd_seqno});
  ++t.dpd_sent;
  with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.probe(now, box); });
}

void Manager::on_tunnel_timer(Tunnel& t, Timer timer, Instant now) {
  switch (timer) {
    case Timer::sleep_over:
      if (t.state == State::asleep) sleep_expired(t, now);
      break;
    case Timer::dpd:
      if (t.state == State::up) check_dpd(t, now);
      break;
    case Timer::nat_keepalive:
      data_.send_keepalive(t.outer);
      t.timers.set(Timer::nat_keepalive, now + t.phase1->keepalive);
      break;
    case Timer::connect: connect(t, now); break;
    case Timer::wake_probe: wake_probe(t, now); break;
    case Timer::held_answer: give_held_answer(t, now); break;
    case Timer::reauth: reauthenticate(t, now); break;
    case Timer::reauth_over:
      if (t.state == State::up) teardown(t, "not re-authenticated in time", true, now);
      break;
    case Timer::tell_restart: tell_restart(t, now); break;
    case Timer::resume: resume_by_ticket(t, now); break;
    case Timer::held_resume: give_held_resume(t, now); break;
    case Timer::ticket_rekey:
      if (t.current) with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.rekey(now, box); });
      break;
    case Timer::rest: rest_timer(t, now); break;
    case Timer::unannounced:
      if (t.state == State::up && t.current)
        with_sa(*t.current, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.probe(now, box); });
      break;
    case Timer::redirect: tell_redirect(t, now); break;
    case Timer::replaced_over: drop_replaced(t, now); break;
    case Timer::unpark: data_.set_asleep(t.id, false); break;  // nobody used the new SAs in time
    case Timer::count_: break;
  }
}

}  // namespace dormouse::tunnel
