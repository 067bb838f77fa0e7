// Carries out what the IKE engine asks, one action at a time, in its order.
#include <algorithm>

#include "tunnel/manager.h"
#include "tunnel/sleep.h"

namespace dormouse::tunnel {
void Manager::with_sa(IkeSaId id, Instant now, const std::function<void(ike::IkeSa&, ike::Outbox&)>& use) {
  ike::IkeSa* sa = sas_.find(id);
  if (!sa) return;
  ike::Outbox box(debug_);
  use(*sa, box);
  sas_.refresh(id);
  drain(box, now);
}

void Manager::drain(ike::Outbox& box, Instant now) {
  for (auto& action : box.take()) std::visit([&](auto& a) { carry_out(a, now); }, action);
}

void Manager::carry_out(ike::Transmit& a, Instant) {
  if (a.path.local.port == 4500)
    data_.send_ike(outer_of(a.path, true), a.message);
  else
    out_.push_back(std::move(a));
}

void Manager::carry_out(ike::Log& a, Instant) { out_.push_back(std::move(a)); }

void Manager::carry_out(ike::NatState& a, Instant) {
  nat_[a.sa] = a;
  if (Tunnel* t = tunnel_of_sa(a.sa)) ++t->ike_created;
}

void Manager::carry_out(ike::Established& a, Instant now) {
  sas_.settle(a.sa);
  const auto login = pending_.extract(a.sa);
  Tunnel* t = nullptr;
  if (login.empty())
    t = tunnel_of_sa(a.sa);
  else if (login.mapped().adopt)
    t = find(*login.mapped().adopt);
  else
    t = make_instance(login.mapped(), now);
  if (!t && !login.empty() && !login.mapped().adopt) end_lease(login.mapped().phase1->name, login.mapped().index);
  if (!t) {  // the tunnel went while AUTH was under way, or its interface could not be made
    with_sa(a.sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.close(now, box); });
    return;
  }
  sas_.set_tunnel(a.sa, t->id);
  opened_.erase(a.sa);
  login_succeeded(*t, a.sa, login.empty() ? nullptr : &login.mapped(), now);
}

void Manager::carry_out(ike::ChildUp& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  auto& c = a.child;
  if (!t) {
    spis_.erase(c.spi_in);
    return;
  }
  TunnelChild child{.id = c.id,
                    .sa = a.sa,
                    .phase2 = c.phase2,
                    .spi_in = c.spi_in,
                    .spi_out = c.spi_out,
                    .remote_ts = c.remote_ts,
                    .suite = c.suite,
                    .transport = c.transport};
  const config::Phase2* p2 = nullptr;
  for (const auto* p : model_->phase2_of(t->phase1->name))
    if (p->name == c.phase2) p2 = p;
  esp::ChildSpec spec{
      .id = c.id, .tunnel = t->id, .device = t->device, .suite = c.suite, .spi_in = c.spi_in, .spi_out = c.spi_out};
  spec.encr_in = std::move(c.encr_in);
  spec.integ_in = std::move(c.integ_in);
  spec.encr_out = std::move(c.encr_out);
  spec.integ_out = std::move(c.integ_out);
  spec.local_ts = std::move(c.local_ts);
  spec.remote_ts = std::move(c.remote_ts);
  spec.replay_window = p2 && !p2->replay ? 0 : 2048;
  spec.transport = c.transport;
  spec.outbound_ready = c.outbound_ready;
  if (p2 && p2->keylife_bytes != 0) {
    spec.hard_bytes = p2->keylife_bytes;
    spec.soft_bytes = p2->keylife_bytes / 10 * 9;
  }
  spec.headers = headers_of(*t, c.phase2);
  ++t->child_created;
  if (const auto added = data_.add_child(std::move(spec)); !added) {
    log(LogId::system_failure, scope_of(*t), {added.error().text});
    spis_.erase(child.spi_in);
    return with_sa(a.sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.delete_child(child.id, now, box); });
  }
  ++t->child_established;
  child_tunnel_[child.id] = t->id;
  t->children.insert(t->children.begin(), child);
  fit_device(*t);
  sync_routes(*t);
  report_up(*t, t->children.front());
  if (t->resumed_child_pending) {
    t->resumed_child_pending = false;
    // Our answer is on its way and the peer has no keys before it: what is sent now would overtake it and be lost.
    // After a wake by address the time of its login says nothing: it may be anywhere now.
    const auto setup = t->last_wake == WakeWay::address ? Duration(1s) : t->ike_setup_time;
    t->timers.set(Timer::unpark, now + unpark_after(setup));
    refresh(*t);
  }
  drop_replaced(*t, now);
}

void Manager::carry_out(ike::ChildOutboundReady& a, Instant) { data_.activate_outbound(a.child); }

void Manager::carry_out(ike::ChildDown& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t) {
    if (const auto at = child_tunnel_.find(a.child); at != child_tunnel_.end()) t = find(at->second);
  }
  if (!t || !t->find_child(a.child)) return;
  const std::string phase2 = t->find_child(a.child)->phase2;
  remove_child(*t, a.child, now);
  if (t->state == State::asleep) return;  // what passes in sleep ends the SA, not the tunnel
  sync_routes(*t);
  const bool another = std::ranges::any_of(t->children, [&](const auto& c) { return c.phase2 == phase2; });
  if (!another && a.reason != ike::CloseReason::rekeyed) report_down(*t, phase2);
}

void Manager::carry_out(ike::ChildFailed& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t) return;
  log(LogId::exchange_failed, {.gateway = t->name, .ike = a.sa, .phase2 = a.phase2},
      {std::string("child SA"), wire::notify_name(static_cast<wire::NotifyType>(a.notify))});
  drop_replaced(*t, now);
}

void Manager::carry_out(ike::Closed& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (const auto login = pending_.extract(a.sa); !login.empty() && !login.mapped().adopt)
    end_lease(login.mapped().phase1->name, login.mapped().index);
  opened_.erase(a.sa);
  believed_.erase(a.sa);
  nat_.erase(a.sa);
  sas_.remove(a.sa);
  if (!t) return;
  std::erase(t->replaced, a.sa);
  if (t->attempt == a.sa) {
    t->attempt.reset();
    if (a.reason == ike::CloseReason::redirected && t->redirect.to) return connect(*t, now);
    if (a.reason == ike::CloseReason::deleted) {
      t->redirect.to.reset();
    } else {
      log(LogId::event_refused, {}, {t->name, t->redirect.trying.text(), std::string(ike::name_of(a.reason))});
      did_not_arrive(*t);
      attempt_failed(*t, now);
      if (t->reauth_due && t->state == State::up) t->timers.set(Timer::reauth, now + kReauthAgain);
    }
    return;
  }
  if (t->resume.sa == a.sa) return resume_failed(*t, a.reason, now);
  if (std::erase(t->sas, a.sa) == 0) return;
  if (t->current == a.sa) {
    const auto usable = std::ranges::find_if(t->sas, [&](IkeSaId id) { return is_established(id); });
    t->current = usable == t->sas.end() ? std::nullopt : std::optional(*usable);
  }
  if (!t->sas.empty() || a.reason == ike::CloseReason::rekeyed) return;
  if (a.reason == ike::CloseReason::deleted_by_peer && sleeps_on_delete(*t)) return fall_asleep(*t, now);
  if (a.reason == ike::CloseReason::deleted_by_peer) return teardown(*t, "deleted by the peer", false, now);
  if (t->state == State::asleep || t->state == State::connecting) {
    enter(*t, Event::sas_ended);
    return;
  }
  if (t->rest != Tunnel::Rest::none) return;  // what passes in sleep ends the SA, not the tunnel
  if (t->state == State::up) teardown(*t, ike::name_of(a.reason), false, now, true);
}

bool Manager::is_established(IkeSaId id) const {
  const auto* s = sas_.find(id);
  return s && s->state() == ike::SaState::established;
}

/// libreswan's client says Delete before it suspends, and means to come back with its ticket.
bool Manager::sleeps_on_delete(const Tunnel& t) const {
  return t.dynamic && t.state == State::up && t.phase1->libreswan_resume && t.phase1->client_resume &&
         model_->session_resume;
}

void Manager::carry_out(ike::Unreachable& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t) return;
  if (t->current != a.sa) return with_sa(a.sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.abandon(now, box); });
  if (t->state == State::up && t->rest == Tunnel::Rest::none) peer_silent(*t, a.sa, now);
}

void Manager::carry_out(ike::PeerAlive& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  if (!t || std::ranges::find(t->sas, a.sa) == t->sas.end()) return;
  t->last_ike_in = now;
  spend_older_tickets(*t, a.sa, now);
  if (t->current == a.sa && t->last_wake != WakeWay::address) unpark(*t);  // it has our answer, so its Child SA
  if (t->current == a.sa && !(t->path == a.path) && follows_ike(*t, a.sa)) set_path(*t, a.path, t->udp_encap);
  if (t->state == State::asleep && t->sleep_announced && a.answer) return;  // it was on its way when its client slept
  // The last words of an SA that a rekey replaced say nothing about its successor.
  if ((t->state == State::asleep || t->state == State::connecting) && is_established(a.sa)) {
    // Several paths may have been tried: this one works.
    if (t->state == State::connecting && t->current == a.sa && mobility_of(*t) == ike::Mobility::leads)
      with_sa(a.sa, now, [&](ike::IkeSa& s, ike::Outbox& box) {
        if (s.status().path != a.path) s.move(a.path, now, box);
      });
    wake_by_address(*t, a.sa, now);
  }
}

void Manager::carry_out(ike::Rekeyed& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.old_sa);
  if (!t || !a.successor) return;
  const auto id = a.successor->id();
  // RFC 5723, 6: the ticket ends with its IKE SA, and a new one was asked for. libreswan gives none at a rekey, and
  // takes the old one.
  if (t->ticket && t->ticket->sa == a.old_sa && !t->phase1->libreswan_resume) t->ticket.reset();
  sas_.add(std::move(a.successor), t->id);
  t->sas.insert(t->sas.begin(), id);
  t->current = id;
  for (auto& c : t->children)
    if (c.sa == a.old_sa) c.sa = id;
  ++t->ike_established;
  keep_spis(*t);
  with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.set_gateway_name(t->name); });
}

}  // namespace dormouse::tunnel
