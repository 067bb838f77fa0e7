#include "programs/dormouse/script.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "programs/dormouse/output.h"

namespace dormouse::shell {

void Script::report(const Reply& reply) {
  // Refusals do not belong into what a program reads from standard output.
  print(reply.text, reply.ending == Ending::done ? stdout : stderr);
  worst_ = std::max(worst_, reply.ending);
}

void Script::take_trail(const Outcome<void>& outcome) {
  if (outcome) return;
  shell_.debug_ended();
  report({outcome.error().text + "\n", Ending::failed});
}

bool Script::stopped() {
  stopped_ = stopped_ || (signals_ && signals_->take());
  return stopped_ || shell_.finished();
}

void Script::line(const std::string& text) {
  if (stopped()) return;
  report(shell_.run(text));
  if (shell_.debug().streams() && !signals_) signals_.emplace({SIGINT, SIGTERM});
  take_trail(trail_.follow(shell_.debug()));
}

void Script::run(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    line(text.substr(at, end - at));
    at = end + 1;
  }
}

void Script::run_from(int fd) {
  std::string pending;
  std::array<char, 4096> piece;
  while (!stopped()) {
    std::array<pollfd, 3> ready{{{fd, POLLIN, 0}, {trail_.fd(), POLLIN, 0}, {signal_fd(), POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) break;
    if (ready[1].revents != 0) take_trail(trail_.drain());
    if (ready[0].revents == 0) continue;
    const auto n = read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    pending.append(piece.data(), static_cast<std::size_t>(n));
    const auto whole = pending.rfind('\n');
    if (whole == std::string::npos) continue;
    run(pending.substr(0, whole));
    pending.erase(0, whole + 1);
  }
  run(pending);
}

Ending Script::finish() {
  if (shell_.unfinished())
    report({"the script ends inside of a configuration block; the entry that was not finished is lost\n",
            Ending::mistake});
  while (trail_.active() && !stopped_) {
    take_trail(trail_.drain());
    if (!trail_.active() || (signals_ && signals_->take())) break;
    std::array<pollfd, 2> ready{{{trail_.fd(), POLLIN, 0}, {signal_fd(), POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) break;
  }
  return worst_;
}

}  // namespace dormouse::shell
