// Who may enter, and as which tunnel. Called by the engine with the peer's identity; nothing is changed before the
// peer's AUTH has verified under a phase 1's secret, and even then only a reservation is noted: Established makes it
// so.
#include <algorithm>

#include "base/limits.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {

bool Manager::identity_fits(const config::Phase1& phase1, const Identity& peer) const {
  return phase1.peertype != config::PeerType::one || peer.text() == phase1.peerid;
}

Result<ike::AuthGrant> Manager::authorize(const ike::AuthQuery& query, std::vector<LogEvent>& log) {
  const LogScope scope{.gateway = {}, .ike = query.sa};
  const auto refuse = [&](const char* reason, const std::string& name) {
    log.push_back({LogId::event_refused, {}, {name, query.peer.text(), std::string(reason)}});
    ++phase1_counters_[name].refused;
    count_refusal(name, reason);
    return fail(ErrorCode::auth_failed, "AUTH");
  };
  const auto candidates = phase1_for(incoming_);
  if (candidates.empty()) return refuse("no phase 1", "?");
  const char* obstacle = nullptr;
  std::string refused_by;
  Proof proof;
  for (const auto& p : candidates) {
    if (!p->has_policy || !identity_fits(*p, query.peer)) continue;
    if (std::ranges::find(p->suites, query.suite) == p->suites.end()) continue;
    if (const char* why = proof_obstacle(*p, query, proof)) {
      if (!obstacle || std::string_view(obstacle) == kWrongMethod) refused_by = p->name, obstacle = why;
      continue;
    }
    if (const char* why = own_obstacle(*p)) return refuse(why, p->name);
    if (p->type == config::Phase1Type::dynamic && tunnels_.size() >= limits::kMaxTunnels)
      return refuse("too many tunnels", p->name);
    auto login = place_login(p, query, incoming_.remote);
    const Tunnel* t = login.adopt ? find(*login.adopt) : nullptr;
    ike::AuthGrant grant{.gateway = t ? t->name : p->name + "_" + std::to_string(login.index),
                         .local = login.local,
                         .psk = {},
                         .policy = ike_policy(*p),
                         .children = child_policies(*p)};
    prove_ourselves(*p, grant);
    remember_proof(proof, *p, login, query, log);
    if (p->reauth) {
      grant.auth_lifetime = p->keylife;
      login.reauth_deadline = incoming_at_ + p->keylife;
    }
    const unsigned index = t ? t->index : login.index;
    if (const char* why = grant_inside(query, index, t, *p, grant, incoming_at_)) {
      grant.gateway = p->name;
      log.push_back({LogId::event_refused, {}, {p->name, query.peer.text(), std::string(why)}});
      ++phase1_counters_[p->name].refused;
      count_refusal(p->name, why);
    } else {
      pending_[query.sa] = std::move(login);
    }
    return grant;
  }
  if (!obstacle) {
    log.push_back({LogId::gateway_validation_failed, scope, {}});
    return refuse("no phase 1 accepts this identity", candidates.front()->name);
  }
  log_obstacle(obstacle, refused_by, query, log);
  return refuse(obstacle, refused_by);
}

Manager::PendingLogin Manager::place_login(std::shared_ptr<const config::Phase1> phase1, const ike::AuthQuery& query,
                                           const Endpoint& remote) {
  PendingLogin login{.phase1 = phase1, .peer = query.peer, .initial_contact = query.initial_contact};
  rng_.fill(login.session);
  login.local = phase1->localid ? *phase1->localid : Identity::of(incoming_.local.address);
  std::vector<AdoptionCandidate> same_identity;
  for (const auto& [id, t] : tunnels_) {
    if (t->dead() || t->phase1->name != phase1->name) continue;
    if (!t->dynamic) {
      login.adopt = id;  // a static tunnel is always the peer's own
      return login;
    }
    const bool same_way =
        ike::is_signature(static_cast<wire::AuthMethod>(t->auth_method)) == ike::is_signature(query.method);
    if (same_way && t->peer_id == query.peer && (t->state == State::up || t->state == State::asleep))
      same_identity.push_back({id, t->state, t->path.remote});
  }
  login.adopt = choose_tunnel(same_identity, {remote, query.initial_contact});
  if (!login.adopt) login.index = free_index(*phase1);
  return login;
}

bool Manager::index_taken(const config::Phase1& phase1, unsigned index) const {
  const auto has = [&](const auto& e) {
    return e.second->dynamic && !e.second->dead() && e.second->phase1->name == phase1.name && e.second->index == index;
  };
  const auto reserved = [&](const auto& e) {
    return !e.second.adopt && e.second.phase1->name == phase1.name && e.second.index == index;
  };
  return std::ranges::any_of(tunnels_, has) || std::ranges::any_of(pending_, reserved);
}

unsigned Manager::free_index(const config::Phase1& phase1) const {
  std::set<unsigned> used;
  for (const auto& [id, t] : tunnels_)
    if (t->dynamic && !t->dead() && t->phase1->name == phase1.name) used.insert(t->index);
  for (const auto& [id, login] : pending_)
    if (!login.adopt && login.phase1->name == phase1.name) used.insert(login.index);
  unsigned index = 0;
  while (used.contains(index)) ++index;
  return index;
}

}  // namespace dormouse::tunnel
