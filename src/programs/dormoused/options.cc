#include "programs/dormoused/options.h"

#include <array>
#include <string_view>

namespace dormouse::daemon {

const char* usage() {
  return "usage: dormoused --config FILE [--state-dir DIR] [--run-dir DIR] [--key-log DIR] [--check] [--debug]\n"
         "                 [--no-sandbox]\n"
         "  --config FILE    the configuration, in FortiOS's language\n"
         "  --state-dir DIR  what outlives a restart (default /var/lib/dormouse)\n"
         "  --run-dir DIR    the control socket (default /run/dormouse)\n"
         "  --key-log DIR    write the keys of all tunnels to DIR, for Wireshark; never in production\n"
         "  --check          validate the configuration and exit (0 good, 2 not)\n"
         "  --debug          print the IKE trail on standard error\n"
         "  --no-sandbox     keep all privileges and system calls\n"
         "  --version, --help\n"
         "The daemon stays in the foreground and logs to standard error or the journal. SIGHUP reloads, SIGTERM "
         "stops.\n";
}

Outcome<Options> parse_options(int argc, char** argv) {
  Options out;
  struct Flag {
    std::string_view name;
    std::string* value;
  };
  const std::array flags{Flag{"--config", &out.config}, Flag{"--state-dir", &out.state_dir},
                         Flag{"--run-dir", &out.run_dir}, Flag{"--key-log", &out.key_log}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    bool matched = false;
    for (const auto& f : flags) {
      if (arg == f.name) {
        if (i + 1 >= argc) return failure(std::string(arg) + " wants a value; see --help");
        *f.value = argv[++i];
        matched = true;
      } else if (arg.starts_with(f.name) && arg.size() > f.name.size() && arg[f.name.size()] == '=') {
        *f.value = arg.substr(f.name.size() + 1);
        matched = true;
      }
    }
    if (matched) continue;
    if (arg == "--check")
      out.check = true;
    else if (arg == "--debug")
      out.debug = true;
    else if (arg == "--no-sandbox")
      out.sandbox = false;
    else if (arg == "--help" || arg == "-h")
      out.help = true;
    else if (arg == "--version")
      out.version = true;
    else
      return failure("unknown option '" + std::string(arg) + "'; see --help");
  }
  if (out.config.empty() && !out.help && !out.version) return failure("--config FILE is missing; see --help");
  return out;
}

}  // namespace dormouse::daemon
