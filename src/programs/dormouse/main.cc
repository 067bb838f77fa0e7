// dormouse: the operator's shell. One command with -c, a script from a file or a pipe, or a person at a terminal.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "programs/dormouse/interactive.h"
#include "programs/dormouse/options.h"
#include "programs/dormouse/output.h"
#include "programs/dormouse/script.h"

namespace {

namespace shell = dormouse::shell;

int exit_code(shell::Ending ending) { return static_cast<int>(ending); }

int refuse_start(const std::string& why) {
  shell::print("dormouse: " + why + "\n", stderr);
  return exit_code(shell::Ending::mistake);
}

int run_script(const shell::Options& options) {
  int fd = STDIN_FILENO;
  if (options.file && *options.file != "-") {
    fd = open(options.file->c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return refuse_start(*options.file + ": " + std::strerror(errno));
  }
  shell::SocketDaemon daemon(options.socket());
  shell::Shell operator_shell(daemon, options.json);
  shell::Trail trail(options.socket(), [](const std::string& line) { shell::print(line + "\n"); });
  shell::Script script(operator_shell, trail);
  if (options.command)
    script.run(*options.command);
  else
    script.run_from(fd);
  return exit_code(script.finish());
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = shell::parse_options({argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)});
  if (!options) return refuse_start(options.error().text + "\n" + shell::usage());
  if (options->help) {
    shell::print(shell::usage());
    return exit_code(shell::Ending::done);
  }
  const bool script = options->command || options->file || isatty(STDIN_FILENO) == 0;
  return script ? run_script(*options) : exit_code(shell::run_interactive(options->socket(), options->json));
}
