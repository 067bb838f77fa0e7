#include "programs/dormouse/options.h"

#include <string_view>

namespace dormouse::shell {

const char* usage() {
  return "usage: dormouse [--run-dir DIR] [--json] [-c \"COMMAND\"] [FILE|-]\n"
         "  without COMMAND or FILE, on a terminal: the shell; '?' helps, Tab completes, 'exit' leaves\n"
         "  -c COMMAND      runs a command, or several in lines of their own\n"
         "  FILE or -       runs a script; after 'diagnose debug enable' the debug trail is printed until Ctrl+C\n"
         "  --run-dir DIR   the daemon's, where its control socket is (default /run/dormouse)\n"
         "  --json          prints lists as JSON\n"
         "ends with 0: done, 1: failed, 2: a mistake in a command or in the configuration\n";
}

Outcome<Options> parse_options(std::span<const char* const> arguments) {
  Options out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (word == "--help" || word == "-h") {
      out.help = true;
    } else if (word == "--json") {
      out.json = true;
    } else if (word == "--run-dir" || word == "-c") {
      if (!has_value) return failure(std::string(word) + " needs a value");
      const std::string value = arguments[++i];
      if (word == "-c")
        out.command = value;
      else
        out.run_dir = value;
    } else if (word.starts_with("--run-dir=")) {
      out.run_dir = word.substr(std::string_view("--run-dir=").size());
    } else if (word.starts_with("-") && word != "-") {
      return failure("there is no option " + std::string(word));
    } else if (out.file) {
      return failure("there can be one script, not also " + std::string(word));
    } else {
      out.file = std::string(word);
    }
  }
  if (out.command && out.file) return failure("-c and a script exclude each other");
  return out;
}

}  // namespace dormouse::shell
