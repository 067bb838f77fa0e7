#include "tunnel/tunnel_index.h"

#include <charconv>

namespace dormouse::tunnel {

// --- NumberSet

bool NumberSet::contains(unsigned n) const {
  auto run = runs_.upper_bound(n);
  return run != runs_.begin() && n < (--run)->second;
}

void NumberSet::insert(unsigned n) {
  if (contains(n)) return;
  const auto after = runs_.upper_bound(n);
  std::uint64_t end = std::uint64_t{n} + 1;
  if (after != runs_.end() && after->first == end) {
    end = after->second;
    runs_.erase(after);
  }
  auto before = runs_.upper_bound(n);
  if (before != runs_.begin() && (--before)->second == n)
    before->second = end;
  else
    runs_.emplace(n, end);
}

void NumberSet::erase(unsigned n) {
  if (!contains(n)) return;
  const auto run = std::prev(runs_.upper_bound(n));
  const auto [first, end] = *run;
  if (first == n)
    runs_.erase(run);
  else
    run->second = n;
  if (std::uint64_t{n} + 1 < end) runs_.emplace(n + 1, end);
}

unsigned NumberSet::lowest_missing(const std::set<unsigned>& also) const {
  unsigned n = 0;
  while (true) {
    if (const auto run = runs_.upper_bound(n); run != runs_.begin() && n < std::prev(run)->second)
      n = static_cast<unsigned>(std::prev(run)->second);
    else if (also.contains(n))
      ++n;
    else
      return n;
  }
}

// --- TunnelIndex

void TunnelIndex::update(const Tunnel& t) {
  if (t.dead()) return remove(t.id);
  Entry& e = entries_[t.id];
  if (!e.group) {
    e.group = &groups_[t.phase1->name];
    e.dynamic = t.dynamic;
    e.index = t.index;
    if (t.dynamic) {
      e.group->indices.insert(t.index);
      e.group->instances[t.index] = t.id;
    } else {
      e.group->fixed = t.id;
    }
  }
  if (!t.dynamic) return;
  Group& g = *e.group;
  if (t.peer_id && (!e.identity || (*e.identity)->first != *t.peer_id)) {
    if (e.identity) g.by_identity.erase(*e.identity);
    e.identity = g.by_identity.emplace(*t.peer_id, t.id).first;
  }
  if (t.session != e.session) {
    g.by_session.erase({e.session, t.id});
    e.session = t.session;
    if (t.session != SessionId{}) g.by_session.emplace(t.session, t.id);
  }
  const auto since = t.state == State::asleep ? std::optional(t.asleep_since) : std::nullopt;
  if (since == e.asleep_since) return;
  if (e.asleep_since) g.asleep.erase({*e.asleep_since, t.id});
  e.asleep_since = since;
  if (since) g.asleep.emplace(*since, t.id);
}

void TunnelIndex::remove(TunnelId id) {
  const auto node = entries_.extract(id);
  if (node.empty()) return;
  const Entry& e = node.mapped();
  Group& g = *e.group;
  if (!e.dynamic) {
    if (g.fixed == id) g.fixed.reset();
    return;
  }
  g.indices.erase(e.index);
  g.instances.erase(e.index);
  if (e.identity) g.by_identity.erase(*e.identity);
  g.by_session.erase({e.session, id});
  if (e.asleep_since) g.asleep.erase({*e.asleep_since, id});
}

const TunnelIndex::Group* TunnelIndex::group(const std::string& phase1) const {
  const auto at = groups_.find(phase1);
  return at == groups_.end() ? nullptr : &at->second;
}

bool TunnelIndex::index_taken(const std::string& phase1, unsigned index) const {
  const auto* g = group(phase1);
  return g && g->indices.contains(index);
}

unsigned TunnelIndex::free_index(const std::string& phase1, const std::set<unsigned>& reserved) const {
  static const NumberSet kNone;
  const auto* g = group(phase1);
  return (g ? g->indices : kNone).lowest_missing(reserved);
}

std::optional<TunnelId> TunnelIndex::fixed(const std::string& phase1) const {
  const auto* g = group(phase1);
  return g ? g->fixed : std::nullopt;
}

std::optional<TunnelId> TunnelIndex::named(std::string_view name) const {
  if (const auto id = fixed(std::string(name))) return id;
  const auto bar = name.rfind('_');
  if (bar == std::string_view::npos) return std::nullopt;
  unsigned index = 0;
  const auto digits = name.substr(bar + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const auto* g = group(std::string(name.substr(0, bar)));
  if (!g || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const auto at = g->instances.find(index);
  return at == g->instances.end() ? std::nullopt : std::optional(at->second);
}

std::vector<TunnelId> TunnelIndex::of_identity(const std::string& phase1, const Identity& peer) const {
  std::vector<TunnelId> out;
  const auto* g = group(phase1);
  if (!g) return out;
  for (auto at = g->by_identity.lower_bound({peer, TunnelId{}}); at != g->by_identity.end() && at->first == peer; ++at)
    out.push_back(at->second);
  return out;
}

std::optional<TunnelId> TunnelIndex::of_session(const std::string& phase1, const SessionId& session) const {
  const auto* g = group(phase1);
  if (!g) return std::nullopt;
  auto at = g->by_session.upper_bound({session, TunnelId(UINT32_MAX)});
  if (at == g->by_session.begin() || (--at)->first != session) return std::nullopt;
  return at->second;
}

std::size_t TunnelIndex::asleep(const std::string& phase1) const {
  const auto* g = group(phase1);
  return g ? g->asleep.size() : 0;
}

std::vector<TunnelId> TunnelIndex::sleepers(const std::string& phase1) const {
  std::vector<TunnelId> out;
  if (const auto* g = group(phase1))
    for (const auto& [since, id] : g->asleep) out.push_back(id);
  return out;
}

}  // namespace dormouse::tunnel
