#include "programs/dormouse/interactive.h"

#include <cstdlib>

#include "programs/dormouse/line_editor.h"
#include "programs/dormouse/output.h"
#include "programs/dormouse/shell.h"
#include "programs/dormouse/trail.h"

namespace dormouse::shell {
namespace {

std::string history_file() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? std::string(home) + "/.dormouse_history" : "";
}

class Interactive {
 public:
  Interactive(const std::string& socket, bool json)
      : daemon_(socket),
        shell_(daemon_, json),
        trail_(socket, [this](const std::string& line) { editor_.above(line); }),
        editor_({.prompt = [this] { return shell_.prompt(); },
                 .complete = [this](const std::string& text) { return shell_.complete(text); },
                 .watched = [this] { return trail_.fd(); },
                 .ready = [this] { take(trail_.drain()); }},
                history_file()) {}

  Ending run() {
    if (const auto there = shell_.greet(); !there) print(there.error().text + "\n");
    while (!shell_.finished()) {
      const auto read = editor_.read();
      if (read.event == LineEditor::Event::end) break;
      if (read.event == LineEditor::Event::abandoned)
        shell_.abandon_line();
      else
        run_line(read.line);
    }
    if (shell_.unfinished()) print("\nthe entry that was not finished is lost\n");
    return Ending::done;
  }

 private:
  void run_line(const std::string& line) {
    const bool inside = shell_.unfinished();
    print(shell_.run(line).text);
    take(trail_.follow(shell_.debug()));
    // The block that ended may have changed the host name.
    if (inside && !shell_.unfinished()) static_cast<void>(shell_.greet());
  }
  void take(const Outcome<void>& outcome) {
    if (outcome) return;
    shell_.debug_ended();
    editor_.above(outcome.error().text);
  }

  SocketDaemon daemon_;
  Shell shell_;
  Trail trail_;
  LineEditor editor_;
};

}  // namespace

Ending run_interactive(const std::string& socket, bool json) { return Interactive(socket, json).run(); }

}  // namespace dormouse::shell
