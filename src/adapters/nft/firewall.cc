#include "adapters/nft/firewall.h"

#include <algorithm>

#include "adapters/nft/transaction.h"

namespace dormouse::nft {

void Firewall::set_policies(std::vector<config::Policy> policies, const std::vector<std::string>& phase1_names) {
  Members members;
  for (const auto& name : phase1_names) members[name] = std::move(desired_.members[name]);
  // What is left of a phase 1 that is gone stays closed until its interfaces are gone too.
  for (auto& [name, interfaces] : desired_.members)
    if (!interfaces.empty()) members.try_emplace(name, std::move(interfaces));
  configured_ = {phase1_names.begin(), phase1_names.end()};
  desired_ = {std::move(members), std::move(policies)};
  replace_ = true;
  changes_.clear();
}

void Firewall::add_member(const std::string& phase1, const std::string& interface) {
  const auto [it, fresh] = desired_.members.try_emplace(phase1);
  if (fresh) replace_ = true;  // a set that the kernel does not have yet
  if (it->second.insert(interface).second) change(phase1, interface, true);
}

void Firewall::delete_member(const std::string& phase1, const std::string& interface) {
  const auto it = desired_.members.find(phase1);
  if (it == desired_.members.end() || it->second.erase(interface) == 0) return;
  change(phase1, interface, false);
  if (!it->second.empty() || configured_.contains(phase1)) return;
  desired_.members.erase(it);
  replace_ = true;  // its set and its rules go too
}

void Firewall::change(const std::string& phase1, const std::string& interface, bool add) {
  if (replace_) return;
  // An interface that came and went, or went and came, since the last commit: the kernel need not know.
  const auto undone = std::ranges::find_if(
      changes_, [&](const MemberChange& c) { return c.add != add && c.phase1 == phase1 && c.interface == interface; });
  if (undone != changes_.end())
    changes_.erase(undone);
  else
    changes_.push_back({phase1, interface, add});
}

Outcome<void> Firewall::commit() {
  if (!replace_ && changes_.empty()) return {};
  const auto done = run_(replace_ ? replace_table(desired_) : change_members(changes_));
  replace_ = !done;
  changes_.clear();
  return done;
}

Outcome<void> Firewall::remove_all() {
  replace_ = true;
  changes_.clear();
  return run_(remove_table());
}

}  // namespace dormouse::nft
