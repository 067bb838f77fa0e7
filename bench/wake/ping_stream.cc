// Echo requests at a steady pace, and the moments their answers came.
//
//   ping_stream ADDRESS MICROSECONDS
//
// Commands: "start" and "stop" sending; "first NS" tells when the first answer since then came, as soon as there is
// one; "rtt" the median round trip, in microseconds, since the last "rtt".
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <vector>

#include "instrument.h"

namespace dormouse::wake {
namespace {

struct Echo {
  icmphdr head;
  Ns sent;
};

std::uint16_t checksum(const Echo& echo) {
  std::array<std::uint16_t, sizeof(Echo) / 2> words;
  std::memcpy(words.data(), &echo, sizeof echo);
  std::uint32_t sum = 0;
  for (const auto w : words) sum += w;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

class PingStream {
 public:
  PingStream(const char* address, Ns pace) : pace_(pace), id_(static_cast<std::uint16_t>(getpid())) {
    fd_ = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (fd_ < 0) die("raw socket");
    to_.sin_family = AF_INET;
    if (inet_pton(AF_INET, address, &to_.sin_addr) != 1) die(address);
  }

  [[noreturn]] void run() {
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    for (const int fd : {fd_, alarm_.fd(), STDIN_FILENO}) {
      epoll_event e{};
      e.events = EPOLLIN;
      e.data.fd = fd;
      if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll");
    }
    say("ready");
    while (true) {
      std::array<epoll_event, 3> ready{};
      const int n = epoll_wait(poll, ready.data(), 3, -1);
      for (int i = 0; i < n; ++i) handle(ready[static_cast<std::size_t>(i)].data.fd);
    }
  }

 private:
  void handle(int fd) {
    if (fd == fd_) return receive();
    if (fd == STDIN_FILENO) return commands_.read([this](const std::string& w, Ns a) { obey(w, a); });
    alarm_.clear();
    for (; next_ != 0 && next_ <= now_ns(); next_ += pace_) send_one();
    if (next_ != 0) alarm_.at(next_);
  }

  // A failure to send is what the stream is about: no way to the other end yet.
  void send_one() {
    Echo echo{};
    echo.head.type = ICMP_ECHO;
    echo.head.un.echo.id = htons(id_);
    echo.head.un.echo.sequence = htons(sequence_++);
    echo.sent = now_ns();
    echo.head.checksum = checksum(echo);
    if (sendto(fd_, &echo, sizeof echo, 0, reinterpret_cast<const sockaddr*>(&to_), sizeof to_) < 0) return;
  }

  void receive() {
    std::array<char, 256> packet;
    while (true) {
      const auto n = recv(fd_, packet.data(), packet.size(), 0);
      const auto now = now_ns();
      if (n <= 0) return;
      const auto header = static_cast<std::size_t>(packet[0] & 15) * 4;
      Echo echo;
      if (static_cast<std::size_t>(n) < header + sizeof echo) continue;
      std::memcpy(&echo, packet.data() + header, sizeof echo);
      if (echo.head.type != ICMP_ECHOREPLY || echo.head.un.echo.id != htons(id_)) continue;
      arrivals_.add(now);
      trips_.push_back(now - echo.sent);
    }
  }

  void obey(const std::string& word, Ns argument) {
    if (word == "start") {
      next_ = now_ns();
      alarm_.at(next_);
    } else if (word == "stop") {
      next_ = 0;
      alarm_.stop();
    } else if (word == "first") {
      arrivals_.ask(argument);
    } else if (word == "rtt") {
      std::sort(trips_.begin(), trips_.end());
      say("rtt %.1f %zu", trips_.empty() ? 0.0 : static_cast<double>(trips_[trips_.size() / 2]) / 1e3, trips_.size());
      trips_.clear();
    }
  }

  Ns pace_, next_ = 0;
  std::uint16_t id_, sequence_ = 0;
  int fd_ = -1;
  sockaddr_in to_{};
  Alarm alarm_;
  Commands commands_;
  Arrivals arrivals_;
  std::vector<Ns> trips_;
};

}  // namespace
}  // namespace dormouse::wake

int main(int argc, char** argv) {
  using namespace dormouse::wake;
  if (argc != 3) {
    std::fprintf(stderr, "usage: ping_stream ADDRESS MICROSECONDS\n");
    return 2;
  }
  PingStream(argv[1], std::atoll(argv[2]) * 1000).run();
}
