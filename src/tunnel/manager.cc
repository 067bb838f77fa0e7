// Routes what comes in: datagrams to SAs, packet-path events to tunnels, timers to whoever is due; and takes
// configurations.
#include "tunnel/manager.h"

#include <algorithm>

#include "base/limits.h"
#include "tunnel/sleep.h"

namespace dormouse::tunnel {
namespace {

// FortiOS leaves the message id out for SA_INIT.
std::string label_of(const wire::Header& h) {
  std::string out = spi_pair(h.spi_i, h.spi_r);
  if (h.exchange == wire::ExchangeType::ike_sa_init || h.exchange == wire::ExchangeType::ike_session_resume) return out;
  static constexpr char kDigits[] = "0123456789abcdef";
  out += ':';
  for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[h.message_id.value() >> shift & 15];
  return out;
}

}  // namespace

Manager::Manager(crypto::Provider& crypto, Rng& rng, esp::DataPlane& data, crypto::CertificateEngine* certificates)
    : crypto_(crypto),
      rng_(rng),
      data_(data),
      model_(std::make_shared<config::Model>()),
      cookies_(crypto, rng),
      crash_(crypto, rng),
      tickets_(crypto, rng),
      certificates_(crypto, certificates) {}
Manager::~Manager() = default;

// --- datagrams

void Manager::on_datagram(const ike::Path& path, ByteView datagram, Instant now) {
  const auto header = wire::parse_header(datagram);
  if (!header) {
    ++counters_.dropped_malformed;
    if (header.error().code == ErrorCode::unsupported_version) answer_newer_version(path, datagram, now);
    return;
  }
  if (debug_) {
    log(LogId::packet_comes, {},
        {path.remote.text(), path.local.text(), static_cast<std::uint64_t>(path.ifindex), datagram.size()});
    log(LogId::exchange_header, {},
        {wire::exchange_name(header->exchange, header->response), label_of(*header), datagram.size()});
    log(LogId::packet_in, {}, {HexDump{to_bytes(datagram)}});
  }
  incoming_ = path;
  incoming_at_ = now;
  const IkeSpi ours = header->initiator ? header->spi_r : header->spi_i;
  ike::IkeSa* sa = nullptr;
  if (ours.value() != 0) {
    sa = sas_.find_local(ours);
  } else if (header->initiator && !header->response &&
             (header->exchange == wire::ExchangeType::ike_sa_init ||
              header->exchange == wire::ExchangeType::ike_session_resume)) {
    sa = sas_.find_initiator(header->spi_i, path.remote);
    if (!sa) return begin_responder(path, *header, datagram, now);
  }
  if (!sa) {
    ++counters_.dropped_unknown;
    return answer_unknown(path, *header, datagram, now);
  }
  if (holds_answer(*sa, path, datagram, now)) return;
  with_sa(sa->id(), now, [&](ike::IkeSa& s, ike::Outbox& box) { s.on_message(datagram, path, now, box); });
  remove_gone();
}

// --- the packet path

void Manager::on_path_event(const esp::PathEvent& event, Instant now) {
  if (const auto* e = std::get_if<esp::IkeDatagram>(&event)) {
    on_datagram({e->local, e->remote, e->ifindex}, e->data, now);
  } else if (const auto* moved = std::get_if<esp::AuthenticatedFrom>(&event)) {
    // RFC 7296 2.23: follow the newest authenticated packet. Only dialup peers move; a client's gateway is configured.
    if (Tunnel* t = find(moved->tunnel); t && t->current && t->dynamic && !follows_esp(*t)) {
      unannounced(*t, moved->remote, now);
    } else if (t && t->current && t->dynamic) {
      ike::Path to = t->path;
      to.local.address = moved->local.address;
      to.remote.address = moved->remote.address;
      if (moved->encap == esp::Encap::udp) to.remote.port = moved->remote.port;
      set_path(*t, to, t->udp_encap);
      // After an announcement only what was sent since then wakes it; TrafficWhileAsleep tells.
      if (t->state == State::asleep && !t->sleep_announced) wake_by_address(*t, *t->current, now);
    }
  } else if (const auto* traffic = std::get_if<esp::TrafficWhileAsleep>(&event)) {
    if (Tunnel* t = find(traffic->tunnel); t && t->state == State::asleep && t->current)
      wake_by_address(*t, *t->current, now);
  } else if (const auto* wanted = std::get_if<esp::OutboundWanted>(&event)) {
    for (auto& [id, t] : tunnels_) {
      if (t->device != wanted->device || t->dynamic) continue;
      if (t->state == State::down && !t->attempt) connect(*t, now);
      if (t->state == State::up) want_children(*t, now, true);
    }
  } else if (const auto* used = std::get_if<esp::UsedChild>(&event)) {
    const auto at = child_tunnel_.find(used->child);
    Tunnel* t = at == child_tunnel_.end() ? nullptr : find(at->second);
    if (t) unpark(*t);
    if (const TunnelChild* child = t ? t->find_child(used->child) : nullptr) spend_older_tickets(*t, child->sa, now);
    if (TunnelChild* child = t ? t->find_child(used->child) : nullptr)
      with_sa(child->sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.child_used(used->child, now, box); });
  } else if (const auto* life = std::get_if<esp::LifetimeReached>(&event)) {
    const auto at = child_tunnel_.find(life->child);
    Tunnel* t = at == child_tunnel_.end() ? nullptr : find(at->second);
    if (TunnelChild* child = t ? t->find_child(life->child) : nullptr)
      with_sa(child->sa, now, [&](ike::IkeSa& s, ike::Outbox& box) {
        if (life->hard)
          s.delete_child(life->child, now, box);
        else
          s.rekey_child(life->child, now, box);
      });
  }
  if (const auto* size = std::get_if<esp::PathMtuChanged>(&event))
    if (const Tunnel* t = find(size->tunnel)) log(LogId::path_mtu, scope_of(*t), {std::to_string(size->mtu)});
  remove_gone();
}

// --- timers

void Manager::on_timer(Instant now) {
  while (ike::IkeSa* sa = sas_.take_due(now))
    with_sa(sa->id(), now, [&](ike::IkeSa& s, ike::Outbox& box) { s.on_timer(now, box); });
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Tunnel* t = find(deadlines_.begin()->second);
    if (const auto due = t ? t->timers.take_due(now) : std::nullopt) on_tunnel_timer(*t, *due, now);
    if (t)
      refresh(*t);
    else
      deadlines_.erase(deadlines_.begin());
  }
  remove_gone();
}

std::optional<Deadline> Manager::next_deadline() const {
  auto best = sas_.next_deadline();
  if (!deadlines_.empty() && (!best || deadlines_.begin()->first < best->at)) {
    const auto& t = *tunnels_.at(deadlines_.begin()->second);
    const auto next = t.timers.next();
    best = Deadline{deadlines_.begin()->first, next ? reason_of(next->first) : "tunnel"};
  }
  return best;
}

void Manager::refresh(Tunnel& t) {
  const auto next = t.timers.next();
  const auto was = due_.find(t.id);
  if (was != due_.end()) {
    if (next && was->second == next->second) return;
    deadlines_.erase({was->second, t.id});
    due_.erase(was);
  }
  if (!next) return;
  deadlines_.insert({next->second, t.id});
  due_[t.id] = next->second;
}

// --- configuration

std::string Manager::configure(std::shared_ptr<const config::Model> model, Instant now) {
  const auto old = std::exchange(model_, std::move(model));
  take_certificates();
  unsigned added = 0, changed = 0, removed = 0;
  for (auto& [id, t] : tunnels_) {
    if (t->dead()) continue;
    const auto* is = model_->find_phase1(t->phase1->name);
    if (is && !needs_restart(*t->phase1, *is, *old)) {
      apply_in_place(*t, std::shared_ptr<const config::Phase1>(model_, is), now);
      continue;
    }
    ++(is ? changed : removed);
    teardown(*t, is ? "configuration changed" : "phase 1 removed", true, now);
    if (!t->dead()) remove_static(*t);
  }
  end_withdrawn(now);
  remove_gone();
  std::erase_if(draining_, [&](const auto& d) { return !d.first.empty() && !model_->find_phase1(d.first); });
  std::erase_if(pools_, [&](const auto& pool) {
    const auto* was = old->find_phase1(pool.first);
    const auto* is = model_->find_phase1(pool.first);
    return !was || !is || !config::same_assignment(was->mode_cfg, is->mode_cfg);
  });
  sync_shared_devices(*old);
  for (const auto& p : model_->phase1) {
    if (!old->find_phase1(p.name)) ++added;
    const bool exists =
        std::ranges::any_of(tunnels_, [&](const auto& e) { return !e.second->dynamic && e.second->name == p.name; });
    if (p.type == config::Phase1Type::static_peer && !exists)
      make_static(std::shared_ptr<const config::Phase1>(model_, &p), now);
  }
  remove_gone();
  return std::to_string(added) + " phase 1 added, " + std::to_string(changed) + " tunnels restarted, " +
         std::to_string(removed) + " removed";
}

bool Manager::needs_restart(const config::Phase1& was, const config::Phase1& is, const config::Model& old_model) const {
  const bool same_peer = was.type == is.type && was.interface == is.interface && was.family == is.family &&
                         was.local_gw == is.local_gw && was.remote_gw == is.remote_gw && was.peertype == is.peertype &&
                         was.peerid == is.peerid && was.localid == is.localid && config::same(was.psk, is.psk);
  const bool same_proof = was.auth == is.auth && was.auth_remote == is.auth_remote &&
                          was.certificates == is.certificates && was.peers == is.peers &&
                          was.cert_id_validation == is.cert_id_validation;
  const bool same_sas = was.suites == is.suites && was.nattraversal == is.nattraversal && was.esn == is.esn;
  const bool same_device = was.net_device == is.net_device && was.mtu == is.mtu && was.has_policy == is.has_policy;
  if (!same_peer || !same_proof || !same_sas || !same_device || !config::same_assignment(was.mode_cfg, is.mode_cfg))
    return true;
  const auto before = old_model.phase2_of(was.name);
  const auto after = model_->phase2_of(is.name);
  return !std::ranges::equal(before, after, [](const config::Phase2* a, const config::Phase2* b) {
    return a->name == b->name && a->suites == b->suites && a->pfs == b->pfs && a->replay == b->replay &&
           a->src == b->src && a->dst == b->dst && a->keylife_bytes == b->keylife_bytes;
  });
}

void Manager::apply_in_place(Tunnel& t, std::shared_ptr<const config::Phase1> is, Instant now) {
  t.phase1 = std::move(is);
  note_changed(t);
  for (const auto& c : t.children) data_.set_headers(c.id, headers_of(t, c.phase2));
  const auto policies = child_policies(t);
  for (const auto id : t.sas) with_sa(id, now, [&](ike::IkeSa& s, ike::Outbox&) { s.update_children(policies); });
  if (t.state == State::asleep) {
    t.asleep_until = sleep_end_after_change(*t.phase1, t.asleep_since, t.asleep_until, now);
    if (t.asleep_until <= now) return teardown(t, "client-resume disabled", false, now);
    t.timers.set(Timer::sleep_over, t.asleep_until);
  } else if (t.state == State::up) {
    start_liveness(t, now);
  }
  refresh(t);
}

void Manager::sync_shared_devices(const config::Model& old) {
  const auto shared = [](const config::Phase1* p) {
    return p && p->type == config::Phase1Type::dynamic && !p->net_device;
  };
  for (const auto& p : old.phase1) {
    if (!shared(&p) || shared(model_->find_phase1(p.name)) || !shared_devices_.contains(p.name)) continue;
    out_.push_back(DelMember{p.name, p.name});
    data_.remove_device(shared_devices_.at(p.name).id);
    shared_devices_.erase(p.name);
  }
  fit_shared_devices();
  for (const auto& p : model_->phase1) {
    if (!shared(&p) || shared_devices_.contains(p.name)) continue;
    const DeviceId id(++last_device_id_);
    const auto ifindex = data_.add_device({id, p.name, device_mtu(p)});
    if (!ifindex) {
      log(LogId::system_failure, {}, {ifindex.error().text});
      continue;
    }
    shared_devices_[p.name] = {id, p.name, *ifindex};
    out_.push_back(AddMember{p.name, p.name});
  }
}

void Manager::set_links(std::vector<LinkInfo> links, Instant now) {
  const bool changed = links != links_;
  const auto before = std::exchange(links_, std::move(links));
  if (changed) fit_shared_devices();
  for (auto& [id, t] : tunnels_) {
    if (t->dead()) continue;
    follow_size(*t, before);
    follow_links(*t, before, now);
  }
  if (changed) return routes_changed(now);
  for (auto& [id, t] : tunnels_) want_attempt(*t, now);
  remove_gone();
}

void Manager::routes_changed(Instant now) {
  for (auto& [id, t] : tunnels_) {
    if (t->dynamic || t->dead() || t->state != State::connecting) continue;
    if (t->current) hurry(*t, now);
    want_attempt(*t, now);
  }
  remove_gone();
}

/// Without old SAs to ask, a login is the way back.
void Manager::want_attempt(Tunnel& t, Instant now) {
  if (t.dynamic || t.dead() || t.state != State::connecting || t.attempt) return;
  if (!t.current || !t.timers.running(Timer::connect)) connect(t, now);
}

void Manager::machine_woke(Duration slept, Instant now) {
  log(LogId::machine_woke, {}, {static_cast<std::uint64_t>(seconds_of(slept))});
  for (auto& [id, t] : tunnels_) {
    if (t->dynamic || t->dead()) continue;
    const bool told = t->rest != Tunnel::Rest::none;
    if (told) end_rest(*t, now);
    // stay_awake() was first, from somebody who had no clocks to compare.
    const bool asked = t->rest_ended != Instant{} && now - t->rest_ended < slept;
    if (!t->current || told || asked) continue;
    if (t->state == State::up) {
      begin_wake_ladder(*t, now, Duration{});
      t->asleep_since = now - slept;
    } else if (t->state == State::connecting) {
      hurry(*t, now);
    }
  }
  remove_gone();
}

// --- commands

std::vector<Tunnel*> Manager::select(const std::string& name) {
  std::vector<Tunnel*> out;
  for (auto& [id, t] : tunnels_)
    if (!t->dead() && (name.empty() || t->name == name || t->phase1->name == name)) out.push_back(t.get());
  return out;
}

std::size_t Manager::clear(const std::string& name, Instant now) {
  const auto chosen = select(name);
  for (Tunnel* t : chosen)
    if (t->state != State::down) teardown(*t, "cleared by administrator", true, now);
  remove_gone();
  return chosen.size();
}

std::size_t Manager::flush(const std::string& name, Instant now) {
  const auto chosen = select(name);
  for (Tunnel* t : chosen)
    if (t->state != State::down) teardown(*t, "flushed by administrator", false, now);
  remove_gone();
  return chosen.size();
}

Outcome<void> Manager::bring_up(const std::string& phase2, const std::string& phase1, Instant now) {
  for (const auto& p2 : model_->phase2) {
    if (p2.name != phase2 || (!phase1.empty() && p2.phase1 != phase1)) continue;
    for (Tunnel* t : select(p2.phase1)) {
      if (t->dynamic) continue;
      t->held_down = false;
      if (t->state == State::up)
        want_children(*t, now, true);
      else
        connect(*t, now);
      remove_gone();
      return {};
    }
    return failure("phase 2 '" + phase2 + "' belongs to a dialup server: its clients bring it up");
  }
  return failure("no phase 2 named '" + phase2 + "'");
}

Outcome<void> Manager::bring_down(const std::string& phase2, const std::string& phase1, Instant now) {
  bool known = false;
  for (const auto& p2 : model_->phase2) {
    if (p2.name != phase2 || (!phase1.empty() && p2.phase1 != phase1)) continue;
    known = true;
    for (Tunnel* t : select(p2.phase1)) {
      t->held_down = !t->dynamic;
      if (t->state != State::down) teardown(*t, "brought down by administrator", true, now);
    }
  }
  remove_gone();
  if (!known) return failure("no phase 2 named '" + phase2 + "'");
  return {};
}

void Manager::shutdown(Instant now) {
  for (auto& [id, t] : tunnels_) {
    t->held_down = true;
    // What would survive kill -9 survives an orderly end too. The managers hear "down" now, so not once more later.
    auto record = kept_record(*t);
    // A client that is told goes at once, and its ticket with it (RFC 5723 6.2). One that has a ticket and will hear of
    // our return needs no word.
    const bool silent = record && model_->session_resume && model_->quick_crash_detect;
    const auto session = session_blob(*t);
    const auto spis = spi_blob(*t);
    if (t->state != State::down && !t->dead()) teardown(*t, "daemon stops", !silent, now, silent);
    if (record) {
      record->reported_up.clear();
      out_.push_back(Persist{SaveSession{std::move(*record)}});
    }
    for (const auto& blob : {session, spis})
      if (silent && blob) out_.push_back(Persist{*blob});
    if (!t->dead()) remove_static(*t);
  }
  remove_gone();
  for (const auto& [name, device] : shared_devices_) {
    out_.push_back(DelMember{name, name});
    data_.remove_device(device.id);
  }
  shared_devices_.clear();
}

// --- small things

Tunnel* Manager::find(TunnelId id) {
  const auto it = tunnels_.find(id);
  return it == tunnels_.end() || it->second->dead() ? nullptr : it->second.get();
}

Tunnel* Manager::tunnel_of_sa(IkeSaId id) { return find(sas_.tunnel_of(id)); }

const LinkInfo* Manager::link(const std::string& name) const {
  const auto it = std::ranges::find(links_, name, &LinkInfo::name);
  return it == links_.end() ? nullptr : &*it;
}

std::optional<IpAddress> Manager::local_address(const config::Phase1& phase1) const {
  return local_address(phase1, phase1.family);
}

std::optional<IpAddress> Manager::local_address(const config::Phase1& phase1, Family family) const {
  const auto* l = link(phase1.interface);
  if (!l) return std::nullopt;
  const auto link_local = Prefix::parse("fe80::/10");
  for (const auto& a : l->addresses)
    if (a.family() == family && (!phase1.local_gw || a == *phase1.local_gw) && !link_local->contains(a)) return a;
  return std::nullopt;
}

EspSpi Manager::allocate_esp_spi() {
  while (true) {
    const EspSpi spi(rng_.u32());
    if (spi.value() > 255 && spis_.insert(spi).second) return spi;
  }
}

IkeSpi Manager::allocate_ike_spi() {
  while (true) {
    const IkeSpi spi(rng_.u64());
    if (spi.value() == 0 || sas_.spi_in_use(spi)) continue;
    recent_spis_.push_back(spi);
    if (recent_spis_.size() > kRecentSpis) recent_spis_.pop_front();
    return spi;
  }
}

void Manager::log(LogId id, LogScope scope, std::vector<LogField> fields) {
  if (debug_ || level_of(id) != LogLevel::debug) out_.push_back(Log{LogEvent{id, std::move(scope), std::move(fields)}});
}

std::vector<ike::ChildPolicy> Manager::child_policies(const config::Phase1& phase1) const {
  const auto granted = data_.carries_transport() ? ike::TransportMode::granted : ike::TransportMode::impossible;
  std::vector<ike::ChildPolicy> out;
  for (const auto* p2 : model_->phase2_of(phase1.name))
    out.push_back({.name = p2->name,
                   .suites = p2->suites,
                   .pfs = p2->pfs,
                   .local = p2->src,
                   .remote = p2->dst,
                   .lifetime = p2->keylife,
                   .transport = p2->transport ? granted : ike::TransportMode::refused});
  return out;
}

ike::IkePolicy Manager::ike_policy(const config::Phase1& phase1) const {
  using config::NatTraversal;
  const auto nat = phase1.nattraversal == NatTraversal::disable  ? ike::NatMode::never
                   : phase1.nattraversal == NatTraversal::forced ? ike::NatMode::always
                                                                 : ike::NatMode::when_detected;
  ike::IkePolicy policy{.gateway = phase1.name, .suites = phase1.suites};
  policy.retransmit_schedule = phase1.retransmit_schedule;
  policy.negotiate_timeout = phase1.negotiate_timeout;
  policy.lifetime = phase1.keylife;
  policy.rekey = phase1.rekey;
  policy.nat = nat;
  policy.nat_keepalive = phase1.keepalive;
  policy.fragmentation = phase1.fragmentation;
  policy.fragmentation_mtu = phase1.fragmentation_mtu;
  policy.childless = phase1.childless;
  policy.session_resume = model_->session_resume;
  policy.libreswan_resume = phase1.libreswan_resume;
  policy.ppk = ppk_policy(phase1);
  offer_signatures(policy, phase1);
  policy.mobike = phase1.mobike;
  policy.redirect = phase1.redirect && phase1.type == config::Phase1Type::static_peer;
  return policy;
}

}  // namespace dormouse::tunnel
