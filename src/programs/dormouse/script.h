// Commands that no person types: from -c, from a file or from a pipe.
#pragma once
#include <optional>
#include <string>

#include "programs/dormouse/reply.h"
#include "programs/dormouse/shell.h"
#include "programs/dormouse/signals.h"
#include "programs/dormouse/trail.h"

namespace dormouse::shell {

class Script {
 public:
  /// Both outlive it.
  Script(Shell& shell, Trail& trail) : shell_(shell), trail_(trail) {}
  /// Runs the lines of `text`.
  void run(const std::string& text);
  /// Runs lines as they come from a descriptor, the trail printed meanwhile, to its end, or until a signal while there
  /// is a trail.
  void run_from(int fd);
  /// What follows the last line: the trail, if it was enabled, until SIGINT or SIGTERM (done) or the daemon's end
  /// (failed). The worst ending of all commands.
  [[nodiscard]] Ending finish();

 private:
  void line(const std::string& text);
  void report(const Reply& reply);
  void take_trail(const Outcome<void>& outcome);
  [[nodiscard]] bool stopped();
  [[nodiscard]] int signal_fd() const { return signals_ ? signals_->fd() : -1; }
  Shell& shell_;
  Trail& trail_;
  Ending worst_ = Ending::done;
  std::optional<Signals> signals_;  // from the first line of a trail on: an interrupt is how one is meant to end
  bool stopped_ = false;
};

}  // namespace dormouse::shell
