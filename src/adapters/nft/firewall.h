// The firewall table of ours in the kernel: changes are gathered and sent by commit(), as few transactions as can be.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "adapters/nft/ruleset.h"
#include "base/result.h"

namespace dormouse::nft {

/// Gives one transaction to nft. Failure carries nft's words.
using Runner = std::function<Outcome<void>(const std::string& json)>;
/// `nft -j -f -`, found in PATH and the sbin folders, killed after ten seconds.
[[nodiscard]] Runner nft_program();

class Firewall {
 public:
  explicit Firewall(Runner runner = nft_program()) : run_(std::move(runner)) {}

  /// New policies, and the phase 1 names they may speak of. Members of phase 1 that stay are kept.
  void set_policies(std::vector<config::Policy> policies, const std::vector<std::string>& phase1_names);
  /// An interface follows the policies of `phase1` from the next commit() on; until then nothing passes it.
  void add_member(const std::string& phase1, const std::string& interface);
  void delete_member(const std::string& phase1, const std::string& interface);

  /// Brings the kernel up to date; nothing to do is success at once. After a Failure the changes stay gathered, and the
  /// next commit() replaces the whole table.
  [[nodiscard]] Outcome<void> commit();
  /// Removes the table, also one that a crash left. The gathered state is kept; a commit() makes the table anew.
  [[nodiscard]] Outcome<void> remove_all();
  /// What commit() makes, or made, of the kernel.
  [[nodiscard]] const Ruleset& desired() const { return desired_; }

 private:
  void change(const std::string& phase1, const std::string& interface, bool add);
  Runner run_;
  Ruleset desired_;
  std::set<std::string> configured_;   // phase 1 of the configuration
  std::vector<MemberChange> changes_;  // since the last commit; only while the table itself stays
  bool replace_ = true;                // the whole table is due
};

}  // namespace dormouse::nft
