// Which tunnels there are, by what logins, tickets and log lines ask for: instance index, identity, session, asleep.
// Without it each of these questions walks over ten thousand tunnels. It holds ids and copies of keys, never a tunnel.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tunnel/tunnel.h"

namespace dormouse::tunnel {

/// A set of numbers that finds the lowest one missing. Kept as runs: instances are numbered without many gaps.
class NumberSet {
 public:
  void insert(unsigned n);  ///< no effect if it is there
  void erase(unsigned n);   ///< no effect if it is not
  [[nodiscard]] bool contains(unsigned n) const;
  /// The lowest number that is neither here nor in `also`.
  [[nodiscard]] unsigned lowest_missing(const std::set<unsigned>& also) const;

 private:
  std::map<unsigned, std::uint64_t> runs_;  // first, and one past the last
};

class TunnelIndex {
 public:
  /// `t` is new, or something of it changed; a tunnel that is gone is taken out.
  void update(const Tunnel& t);

  [[nodiscard]] bool index_taken(const std::string& phase1, unsigned index) const;
  /// The tunnel of this name: "toServer", or "toClient_0".
  [[nodiscard]] std::optional<TunnelId> named(std::string_view name) const;
  /// The lowest index that no instance has and that is not in `reserved`.
  [[nodiscard]] unsigned free_index(const std::string& phase1, const std::set<unsigned>& reserved) const;
  /// The tunnel of a static phase 1.
  [[nodiscard]] std::optional<TunnelId> fixed(const std::string& phase1) const;
  /// Instances whose client proved this identity, oldest first.
  [[nodiscard]] std::vector<TunnelId> of_identity(const std::string& phase1, const Identity& peer) const;
  /// The newest instance of this session.
  [[nodiscard]] std::optional<TunnelId> of_session(const std::string& phase1, const SessionId& session) const;
  [[nodiscard]] std::size_t asleep(const std::string& phase1) const;
  /// Sleepers, longest asleep first.
  [[nodiscard]] std::vector<TunnelId> sleepers(const std::string& phase1) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Group {  // of one phase 1
    std::optional<TunnelId> fixed{};
    NumberSet indices{};
    std::unordered_map<unsigned, TunnelId> instances{};
    std::set<std::pair<Identity, TunnelId>> by_identity{};
    std::set<std::pair<SessionId, TunnelId>> by_session{};
    std::set<std::pair<Instant, TunnelId>> asleep{};
  };
  struct Entry {
    Group* group = nullptr;
    bool dynamic = false;
    unsigned index = 0;
    std::optional<std::set<std::pair<Identity, TunnelId>>::const_iterator> identity{};
    SessionId session{};
    std::optional<Instant> asleep_since{};
  };
  [[nodiscard]] const Group* group(const std::string& phase1) const;
  void remove(TunnelId id);
  std::map<std::string, Group> groups_;  // kept for good: as many as there were phase 1
  std::unordered_map<TunnelId, Entry> entries_;
};

}  // namespace dormouse::tunnel
