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
    const char* unfit = query.choose_ppk(ppk_policy(*p)) ? nullptr : kPpkMismatch;
    proof.signature_fits.reset();  // it depends on the key that was just chosen
    if (!unfit) unfit = proof_obstacle(*p, query, proof);
    if (unfit) {
      if (!obstacle || std::string_view(obstacle) == kWrongMethod) refused_by = p->name, obstacle = unfit;
      continue;
    }
    if (const char* why = own_obstacle(*p)) return refuse(why, p->name);
    if (drains_to(p->name) && query.follows) {
      ike::AuthGrant grant{.gateway = p->name,
                           .local = p->localid ? *p->localid : Identity::of(incoming_.local.address),
                           .psk = {},
                           .policy = ike_policy(*p),
                           .children = {}};
      prove_ourselves(*p, grant);
      if (sends_on(*p, query.peer, query.follows, grant, log)) return grant;
    }
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
  if (const auto fixed = index_.fixed(phase1->name)) {
    login.adopt = fixed;  // a static tunnel is always the peer's own
    return login;
  }
  std::vector<AdoptionCandidate> same_identity;
  const auto same_way = [&](const Tunnel& t) {
    return ike::is_signature(static_cast<wire::AuthMethod>(t.auth_method)) == ike::is_signature(query.method);
  };
  for (const auto id : index_.of_identity(phase1->name, query.peer)) {
    const Tunnel* t = find(id);
    if (t && same_way(*t) && (t->state == State::up || t->state == State::asleep))
      same_identity.push_back({id, t->state, t->path.remote});
  }
  login.adopt = choose_tunnel(same_identity, {remote, query.initial_contact});
  if (!login.adopt) login.index = free_index(*phase1);
  return login;
}

/// Of logins that stand and are no tunnel yet.
std::set<unsigned> Manager::reserved_indices(const config::Phase1& phase1) const {
  std::set<unsigned> out;
  for (const auto& [id, login] : pending_)
    if (!login.adopt && login.phase1->name == phase1.name) out.insert(login.index);
  return out;
}

bool Manager::index_taken(const config::Phase1& phase1, unsigned index) const {
  return index_.index_taken(phase1.name, index) || reserved_indices(phase1).contains(index);
}

unsigned Manager::free_index(const config::Phase1& phase1) const {
  return index_.free_index(phase1.name, reserved_indices(phase1));
}

}  // namespace dormouse::tunnel
