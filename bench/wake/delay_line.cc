// A cable with length: carries every frame between two interfaces, each way the same time later, and can be cut.
//
//   delay_line INTERFACE INTERFACE MICROSECONDS
//
// Commands: "cut" loses what is under way and all that comes; "restore" ends that; "error" tells how late frames left.
// Each is answered with the moment it took effect. Offload headers travel with the frames, so that a packet the sender
// left to be cut into segments, or its checksum to be filled in, arrives as such.
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <vector>

#include "instrument.h"

namespace dormouse::wake {
namespace {

constexpr std::size_t kFrame = 68 * 1024;  // the largest segmented packet, its headers and the offload header
constexpr int kBuffer = 8 << 20;
constexpr Ns kAwake = 50'000;  // a sleeping thread is about so late: wake early and look at the clock
constexpr int kPriority = 10;  // ahead of what is measured

/// One end: a raw socket on one interface.
class End {
 public:
  explicit End(const char* name) : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) die("raw socket");
    const int on = 1;
    set(SOL_PACKET, PACKET_VNET_HDR, on);
    set(SOL_PACKET, PACKET_IGNORE_OUTGOING, on);
    set(SOL_PACKET, PACKET_QDISC_BYPASS, on);
    set(SOL_SOCKET, SO_RCVBUFFORCE, kBuffer);
    set(SOL_SOCKET, SO_SNDBUFFORCE, kBuffer);
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = __builtin_bswap16(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(if_nametoindex(name));
    packet_mreq all{};
    all.mr_ifindex = at.sll_ifindex;
    all.mr_type = PACKET_MR_PROMISC;
    set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, all);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) die(name);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  template <class T>
  void set(int level, int name, const T& value) {
    if (setsockopt(fd_, level, name, &value, sizeof value) != 0) die("socket option");
  }
  int fd_;
};

/// How late frames left, against when they should have.
struct Lateness {
  std::uint64_t frames = 0, lost = 0;
  Ns sum = 0, most = 0;
  void add(Ns late) {
    ++frames;
    sum += late;
    most = std::max(most, late);
  }
};

class Line {
 public:
  Line(const char* one, const char* other, Ns delay) : ends_{End(one), End(other)}, delay_(delay), frame_(kFrame) {
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < 2; ++i) watch(ends_[static_cast<std::size_t>(i)].fd(), static_cast<std::uint32_t>(i));
    watch(alarm_.fd(), kAlarm);
    watch(STDIN_FILENO, kCommands);
  }

  [[noreturn]] void run() {
    say("ready");
    while (true) {
      const auto due = next();
      if (due == 0)
        alarm_.stop();
      else if (due - now_ns() > kAwake)
        alarm_.at(due - kAwake);
      std::array<epoll_event, 4> ready{};
      const bool soon = due != 0 && due - now_ns() <= kAwake;
      const int n = epoll_wait(poll_, ready.data(), static_cast<int>(ready.size()), soon ? 0 : -1);
      for (int i = 0; i < n; ++i) handle(ready[static_cast<std::size_t>(i)].data.u32);
      for (std::size_t i = 0; i < 2; ++i) send_due(i);
    }
  }

 private:
  static constexpr std::uint32_t kAlarm = 2, kCommands = 3;
  struct Frame {
    Ns due;
    std::vector<char> octets;
  };

  void watch(int fd, std::uint32_t what) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u32 = what;
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &e) != 0) die("epoll");
  }

  void handle(std::uint32_t what) {
    if (what == kAlarm) return alarm_.clear();
    if (what == kCommands) return commands_.read([this](const std::string& word, Ns) { obey(word); });
    receive(what);
  }

  void receive(std::size_t from) {
    while (true) {
      const auto n = recv(ends_[from].fd(), frame_.data(), frame_.size(), 0);
      if (n <= 0) return;
      if (cut_) {
        ++late_.lost;
        continue;
      }
      queues_[1 - from].push_back({now_ns() + delay_, {frame_.begin(), frame_.begin() + n}});
    }
  }

  void send_due(std::size_t to) {
    auto& queue = queues_[to];
    while (!queue.empty()) {
      const auto now = now_ns();
      if (queue.front().due > now) return;
      const auto& octets = queue.front().octets;
      if (send(ends_[to].fd(), octets.data(), octets.size(), 0) < 0) ++late_.lost;
      late_.add(now - queue.front().due);
      queue.pop_front();
    }
  }

  [[nodiscard]] Ns next() const {
    Ns best = 0;
    for (const auto& q : queues_)
      if (!q.empty() && (best == 0 || q.front().due < best)) best = q.front().due;
    return best;
  }

  void obey(const std::string& word) {
    if (word == "cut") {
      cut_ = true;
      for (auto& q : queues_) q.clear();
      say("cut %lld", static_cast<long long>(now_ns()));
    } else if (word == "restore") {
      for (std::size_t i = 0; i < 2; ++i) receive(i);  // what came before this moment is lost
      cut_ = false;
      say("restored %lld", static_cast<long long>(now_ns()));
    } else if (word == "error") {
      const auto frames = std::max<std::uint64_t>(late_.frames, 1);
      say("error %llu frames, mean %.1f us, most %.1f us, %llu lost", static_cast<unsigned long long>(late_.frames),
          static_cast<double>(late_.sum) / 1e3 / static_cast<double>(frames), static_cast<double>(late_.most) / 1e3,
          static_cast<unsigned long long>(late_.lost));
      late_ = {};
    }
  }

  std::array<End, 2> ends_;
  Ns delay_;
  std::vector<char> frame_;
  std::array<std::deque<Frame>, 2> queues_;
  bool cut_ = false;
  Lateness late_;
  Alarm alarm_;
  Commands commands_;
  int poll_ = -1;
};

}  // namespace
}  // namespace dormouse::wake

int main(int argc, char** argv) {
  using namespace dormouse::wake;
  if (argc != 4) {
    std::fprintf(stderr, "usage: delay_line INTERFACE INTERFACE MICROSECONDS\n");
    return 2;
  }
  sched_param priority{};
  priority.sched_priority = kPriority;
  if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) std::perror("delay_line runs at ordinary priority");
  Line(argv[1], argv[2], std::atoll(argv[3]) * 1000).run();
}
