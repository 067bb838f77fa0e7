// The stand-in as a program, for tests of the daemon: "sleep" and "wake" on standard input are told to the bus;
// standard output says how many locks are held, whenever that changes.
#include <cstdio>
#include <cstring>
#include <exception>
#include <poll.h>

#include "adapters/logind/testing/login1.h"

int main() {
  try {
    dormouse::logind::testing::Login1 login1;
    std::size_t shown = static_cast<std::size_t>(-1);
    while (true) {
      while (sd_bus_process(login1.bus(), nullptr) > 0) {
      }
      if (const auto locks = login1.locks(); locks != shown) {
        shown = locks;
        std::printf("locks %zu\n", locks);
        std::fflush(stdout);
      }
      pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {sd_bus_get_fd(login1.bus()), POLLIN, 0}};
      if (poll(fds, 2, 5) < 0) return 1;
      if (fds[0].revents == 0) continue;
      char line[32] = {};
      const auto n = read(STDIN_FILENO, line, sizeof line - 1);
      if (n <= 0) return 0;
      login1.tell(std::strncmp(line, "sleep", 5) == 0);
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
