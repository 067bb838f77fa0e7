// What outlives the daemon: records of tunnels out whenever they change, and back in at the next start. A tunnel that
// was asleep is asleep for what is left of its window; one that was up begins a window now, as its client will notice
// the silence and come back. Their SAs are gone: traffic keys are never kept.
#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "tunnel/manager.h"
#include "tunnel/sleep.h"
#include "wire/registry.h"

namespace dormouse::tunnel {
namespace {

/// Only what may come back is kept.
bool is_kept(const Tunnel& t) {
  return t.dynamic && t.phase1->client_resume && (t.state == State::up || t.state == State::asleep);
}

SessionRecord record_of(const Tunnel& t) {
  SessionRecord r{.phase1 = t.phase1->name, .index = t.index, .auth_method = t.auth_method};
  if (t.peer_id) r.peer = *t.peer_id;
  if (t.local_id) r.local = *t.local_id;
  r.local_end = t.path.local;
  r.remote_end = t.path.remote;
  r.udp_encap = t.udp_encap;
  r.local_behind_nat = t.local_behind_nat;
  r.remote_behind_nat = t.remote_behind_nat;
  r.lease = t.inside.addresses;
  r.routes = t.routes;
  r.reported_up.assign(t.reported_up.begin(), t.reported_up.end());
  r.created = t.created;
  r.logged_in = t.logged_in;
  r.asleep = t.state == State::asleep;
  if (r.asleep) {
    r.asleep_since = t.asleep_since;
    r.asleep_until = t.asleep_until;
  }
  r.reauth_deadline = t.reauth_deadline;
  r.sleeps = t.sleeps;
  return r;
}

/// Why a record cannot come back under this configuration; null if it can.
const char* obstacle(const config::Phase1* phase1, const SessionRecord& r) {
  if (!phase1 || phase1->type != config::Phase1Type::dynamic) return "its phase 1 was removed";
  if (!phase1->client_resume) return "client-resume is disabled";
  if (!phase1->has_policy) return "its policies were removed";
  const bool gives = phase1->mode_cfg.assigns() && !phase1->mode_cfg.client_selector;
  if (gives && r.lease.empty()) return "it has no inside address";
  if (!phase1->mode_cfg.assigns() && !r.lease.empty()) return "inside addresses are not assigned any more";
  const bool signed_in = ike::is_signature(static_cast<wire::AuthMethod>(r.auth_method));
  if (signed_in != (phase1->auth_remote == config::AuthMethod::signature)) return "the authentication method changed";
  return nullptr;
}

}  // namespace

void Manager::note_changed(const Tunnel& t) {
  index_.update(t);
  if (t.dynamic) unsaved_.insert(t.id);
}

void Manager::forget(Tunnel& t) {
  if (!std::exchange(t.stored, false)) return;
  out_.push_back(Persist{DropSession{t.phase1->name, t.index}});
}

/// Behind all other actions, so that whoever follows a dropped tunnel under the same name is saved after it.
void Manager::save_changed() {
  for (const auto id : std::exchange(unsaved_, {})) {
    Tunnel* t = find(id);
    if (!t) continue;
    if (auto record = kept_record(*t)) {
      out_.push_back(Persist{SaveSession{std::move(*record)}});
      t->stored = true;
    } else {
      forget(*t);
    }
  }
}

/// None for a tunnel that is not to come back.
std::optional<SessionRecord> Manager::kept_record(const Tunnel& t) const {
  return is_kept(t) ? std::optional(record_of(t)) : std::nullopt;
}

void Manager::restore(StoredState stored, Instant now) {
  restore_qcd_secret(stored);
  restore_tickets(stored, now);
  // In the order of their logins, so that routes several of them want go to the one that had them.
  std::ranges::sort(stored.sessions, {},
                    [](const SessionRecord& r) { return std::tie(r.logged_in, r.phase1, r.index); });
  for (const auto& record : stored.sessions) restore_session(record, now);
  restore_blobs(stored, now);
}

/// What of a tunnel is not in its record.
void Manager::restore_blobs(const StoredState& stored, Instant now) {
  std::unordered_map<std::string, Tunnel*> by_key;
  std::set<std::string> awake;
  for (auto& [id, t] : tunnels_)
    if (t->dynamic && !t->dead()) by_key.emplace(instance_key(*t), t.get());
  for (const auto& r : stored.sessions)
    if (!r.asleep) awake.insert(r.phase1 + "/" + std::to_string(r.index));
  unsigned told = 0;
  for (const auto& b : stored.blobs) {
    if (b.area != kSessionArea && b.area != kSpiArea) continue;
    const auto t = by_key.find(b.key);
    if (t == by_key.end()) {
      out_.push_back(Persist{DropBlob{b.area, b.key}});
    } else if (b.area == kSessionArea) {
      restore_ticket_session(*t->second, b.value);
      index_.update(*t->second);
    } else {
      // A sleeper is not there to hear it. The others one after the other: they all answer at once.
      restore_spis(*t->second, b.value, awake.contains(b.key) ? now + 1ms * ++told : Instant{});
    }
  }
}

void Manager::restore_session(const SessionRecord& r, Instant now) {
  const auto* phase1 = model_->find_phase1(r.phase1);
  const char* why_not = obstacle(phase1, r);
  if (!why_not && tunnels_.size() >= limits::kMaxTunnels) why_not = "too many tunnels";
  if (!why_not && !lease_again(*phase1, r.index, r.peer, r.lease)) why_not = "its inside address is not in the pool";
  Tunnel* t = why_not ? nullptr : make_instance({.phase1 = {model_, phase1}, .index = r.index}, now);
  if (!t) {
    if (!why_not) {
      why_not = "its interface could not be made";
      end_lease(r.phase1, r.index);
    }
    log(LogId::event_not_restored, {}, {r.phase1 + "_" + std::to_string(r.index), std::string(why_not)});
    out_.push_back(Persist{DropSession{r.phase1, r.index}});
    return;
  }
  t->peer_id = r.peer;
  t->local_id = r.local;
  t->auth_method = r.auth_method;
  t->inside.addresses = r.lease;
  const auto* l = link(phase1->interface);
  t->local_behind_nat = r.local_behind_nat;
  t->remote_behind_nat = r.remote_behind_nat;
  set_path(*t, {r.local_end, r.remote_end, l ? l->ifindex : 0}, r.udp_encap);
  data_.add_tunnel(t->id, t->device, t->outer);
  t->in_data_plane = true;
  t->created = r.created;
  t->up_since = t->logged_in = r.logged_in;
  t->reauth_deadline = r.reauth_deadline;
  t->sleeps = r.sleeps;
  t->reported_up = {r.reported_up.begin(), r.reported_up.end()};
  t->stored = true;
  enter(*t, Event::restored);
  t->asleep_since = r.asleep ? std::min(r.asleep_since, now) : now;
  t->asleep_until = sleep_end(*phase1, t->asleep_since, r.reauth_deadline);
  if (r.asleep) t->asleep_until = std::min(t->asleep_until, r.asleep_until);
  t->timers.set(Timer::sleep_over, t->asleep_until);
  data_.set_asleep(t->id, true);
  for (const auto& prefix : r.routes) want_route(*t, prefix);
  const auto left = static_cast<std::uint64_t>(seconds_of(std::max(Duration{}, t->asleep_until - now)));
  const auto count = index_.asleep(phase1->name);
  if (!r.asleep) {
    ++t->sleeps;
    ++phase1_counters_[phase1->name].sleeps;
    log(LogId::resume_sleep_start, scope_of(*t), {left, count});
  }
  log(LogId::event_restored, {}, {t->name, left, count});
  note_changed(*t);
  refresh(*t);
}

}  // namespace dormouse::tunnel
