// dormouse: the operator's shell. One command with -c, a script from a file or standard input, or a person with history
// and help.
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include "programs/dormouse/commands.h"
#include "programs/dormouse/line_editor.h"

namespace {

using namespace dormouse::shell;

constexpr int kDone = 0, kFailed = 1, kUsage = 2;
std::atomic<bool> interrupted = false;  // set by the signal handler, which can reach nothing else

const char* usage() {
  return "usage: dormouse [--run-dir DIR] [--json] [-c \"COMMAND\"] [FILE|-]\n"
         "  without a command on a terminal: the shell ('?' helps, Tab completes, 'exit' leaves)\n"
         "  -c COMMAND      one command, or several on lines of their own\n"
         "  FILE or -       a script; after 'diagnose debug enable' the trail is printed until interrupted\n"
         "  --run-dir DIR   where the daemon's control socket is (default /run/dormouse)\n"
         "  --json          lists as JSON\n";
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void on_interrupt(int) { interrupted = true; }

int run_script(Session& session, std::istream& in) {
  const Commands commands;
  ConfigMode config(session);
  std::string line;
  int result = kDone;
  while (std::getline(in, line)) {
    if (const auto first = line.find_first_not_of(" \t"); first == std::string::npos || line[first] == '#') continue;
    const auto reply = commands.run(session, config, line);
    print(reply.text);
    if (reply.code != 0) result = kFailed;
  }
  if (config.active()) {
    print("the script ends inside a configuration block; nothing of it was applied\n");
    result = kFailed;
  }
  if (session.debug.enabled && session.debug.level != 0)
    session.stream([](const std::string& l) { print(l + "\n"); }, [] { return interrupted.load(); });
  return result;
}

/// The trail on a thread of its own while a person types.
class Trail {
 public:
  explicit Trail(Session& session) : session_(session) {}
  ~Trail() { stop(); }
  void follow() {
    const bool want = session_.debug.enabled && session_.debug.level != 0;
    if (want && !thread_.joinable()) {
      stop_ = false;
      thread_ = std::thread([this, copy = session_] {
        copy.stream([](const std::string& l) { print("\r" + l + "\n"); }, [this] { return stop_.load(); });
      });
    } else if (!want) {
      stop();
    }
  }

 private:
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Session& session_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

int run_shell(Session& session) {
  const Commands commands;
  ConfigMode config(session);
  Trail trail(session);
  std::string host = "dormouse";
  if (const auto version = session.call({{"op", "version"}}))
    host = version->value("hostname", host);
  else
    print(version.error().text + "\n");
  LineEditor editor([&] { return host + (config.active() ? " (" + config.place() + ")" : "") + " # "; },
                    [&](const std::vector<std::string>& words) { return commands.complete(config, words); });
  while (const auto line = editor.read()) {
    if (!config.active() && (*line == "exit" || *line == "quit")) break;
    print(commands.run(session, config, *line).text);
    trail.follow();
  }
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  std::string run_dir = "/run/dormouse", command, file;
  bool json = false, have_command = false;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--help" || arg == "-h") return print(usage()), kDone;
    if (arg == "--json")
      json = true;
    else if ((arg == "--run-dir" || arg == "-c") && i + 1 < argc)
      (arg == "-c" ? have_command = true, command : run_dir) = argv[++i];
    else if (arg.starts_with("--run-dir="))
      run_dir = arg.substr(10);
    else if (arg == "-" || !arg.starts_with("-"))
      file = arg;
    else
      return std::fprintf(stderr, "dormouse: unknown option '%s'\n%s", arg.c_str(), usage()), kUsage;
  }
  signal(SIGINT, on_interrupt);
  signal(SIGTERM, on_interrupt);
  Session session(run_dir);
  session.as_json = json;
  if (have_command) {
    std::istringstream in(command);
    return run_script(session, in);
  }
  if (!file.empty() && file != "-") {
    std::ifstream in(file);
    if (!in) return std::fprintf(stderr, "dormouse: %s: cannot be read\n", file.c_str()), kUsage;
    return run_script(session, in);
  }
  if (isatty(STDIN_FILENO) && file.empty()) {
    signal(SIGINT, SIG_DFL);
    return run_shell(session);
  }
  std::istringstream in{std::string(std::istreambuf_iterator<char>(std::cin), {})};
  return run_script(session, in);
}
