// A download: the server sends at a steady pace for as long as the window lets it, the client notes when octets came.
//
//   tcp_flow serve ADDRESS PORT OCTETS_A_SECOND
//   tcp_flow fetch ADDRESS PORT
//
// The client's commands: "first NS" tells when the first octets since then came, as soon as some have; "total" how many
// there were in all.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

#include "instrument.h"

namespace dormouse::wake {
namespace {

constexpr Ns kStep = 10'000'000;

sockaddr_in endpoint(const char* address, const char* port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, address, &out.sin_addr) != 1) die(address);
  return out;
}

/// Whoever connects last is served: a client that has gone is forgotten with its connection.
[[noreturn]] void serve(const sockaddr_in& at, std::size_t rate) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(listener, 4) != 0) die("listen");
  say("ready");
  const std::vector<char> octets(rate / (1'000'000'000 / kStep));
  int client = -1;
  Ns next = now_ns();
  while (true) {
    std::array<pollfd, 2> fds{{{STDIN_FILENO, POLLIN, 0}, {listener, POLLIN, 0}}};
    const auto wait = client < 0 ? -1 : static_cast<int>(std::max<Ns>(0, next - now_ns()) / 1'000'000 + 1);
    poll(fds.data(), fds.size(), wait);
    if (fds[0].revents != 0) std::exit(0);
    if (fds[1].revents != 0) {
      if (client >= 0) close(client);
      client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      next = now_ns();
    }
    if (client < 0 || now_ns() < next) continue;
    next = std::max(next + kStep, now_ns());  // what could not be sent in time is not made up for
    (void)send(client, octets.data(), octets.size(), MSG_NOSIGNAL);
  }
}

[[noreturn]] void fetch(const sockaddr_in& from) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(s, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) die("connect");
  say("ready");
  Commands commands;
  Arrivals arrivals;
  std::uint64_t total = 0;
  std::vector<char> octets(64 * 1024);
  while (true) {
    std::array<pollfd, 2> fds{{{STDIN_FILENO, POLLIN, 0}, {s, POLLIN, 0}}};
    poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) {
      const auto n = recv(s, octets.data(), octets.size(), MSG_DONTWAIT);
      const auto now = now_ns();
      if (n == 0 || (n < 0 && errno != EAGAIN)) die("the download broke");
      if (n > 0) {
        arrivals.add(now);
        total += static_cast<std::uint64_t>(n);
      }
    }
    if (fds[0].revents == 0) continue;
    commands.read([&](const std::string& word, Ns argument) {
      if (word == "first")
        arrivals.ask(argument);
      else if (word == "total")
        say("total %llu", static_cast<unsigned long long>(total));
    });
  }
}

}  // namespace
}  // namespace dormouse::wake

int main(int argc, char** argv) {
  using namespace dormouse::wake;
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "serve" && argc == 5) serve(endpoint(argv[2], argv[3]), static_cast<std::size_t>(std::atoll(argv[4])));
  if (mode == "fetch" && argc == 4) fetch(endpoint(argv[2], argv[3]));
  std::fprintf(stderr, "usage: tcp_flow serve ADDRESS PORT OCTETS_A_SECOND | tcp_flow fetch ADDRESS PORT\n");
  return 2;
}
