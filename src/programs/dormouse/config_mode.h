// Changing the configuration: a candidate here in the shell, given to the daemon whenever an entry is finished (`next`,
// `end`, `delete`, ...), as FortiOS does. What the daemon refuses is dropped here too, so that the candidate never
// drifts from what runs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/candidate.h"
#include "programs/dormouse/daemon.h"
#include "programs/dormouse/reply.h"
#include "programs/dormouse/suggestion.h"

namespace dormouse::shell {

class ConfigMode {
 public:
  /// `daemon` must outlive it.
  explicit ConfigMode(Daemon& daemon) : daemon_(daemon) {}
  [[nodiscard]] bool inside() const { return candidate_ && candidate_->inside(); }
  /// What stands in brackets in the prompt; empty at the top.
  [[nodiscard]] std::string place() const { return inside() ? candidate_->prompt() : ""; }
  /// A command inside of `config`, or one that can begin there: config, show, get of an object. At the top, what runs
  /// is read from the daemon first.
  [[nodiscard]] Reply run(const std::vector<std::string>& words);
  /// What could stand in the place of the last of `words`. Without a daemon: what the schema alone knows.
  [[nodiscard]] Suggestions complete(const std::vector<std::string>& words);

 private:
  [[nodiscard]] Outcome<void> read();
  [[nodiscard]] Reply commit();
  void restart(config::Tree tree);
  Daemon& daemon_;
  std::optional<config::Candidate> candidate_;
  config::Tree running_;               ///< what the daemon runs, as far as known
  std::uint64_t daemon_revision_ = 0;  ///< its number for that
  unsigned long committed_ = 0;        ///< the candidate's revision that was looked at last
  std::vector<std::string> opened_;    ///< the `config` that led inside
};

}  // namespace dormouse::shell
