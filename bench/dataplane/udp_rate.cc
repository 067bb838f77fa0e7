// The highest rate of single UDP packets that arrives without loss between two network namespaces. Every packet is a
// message of its own (no segment offload at the sender), so that what lies between sees single packets.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kPort = 9100;
constexpr std::size_t kBatch = 64, kBuffer = 2048, kIpAndUdp = 28;

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void enter(const char* name_space) {
  const int fd = open((std::string("/var/run/netns/") + name_space).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) die(name_space);
  close(fd);
}

/// A batch of messages over buffers of its own.
struct Batch {
  std::array<std::array<char, kBuffer>, kBatch> octets{};
  std::array<iovec, kBatch> io{};
  std::array<mmsghdr, kBatch> messages{};
  explicit Batch(std::size_t size) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      io[i] = {octets[i].data(), size};
      messages[i].msg_hdr.msg_iov = &io[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

/// Counts what arrives, in the receiver's namespace.
class Receiver {
 public:
  explicit Receiver(const char* name_space) : thread_([this, name_space] { run(name_space); }) {
    while (!bound_.load()) usleep(1000);
  }
  ~Receiver() {
    stop_.store(true);
    thread_.join();
  }
  void reset() { got_.store(0); }
  [[nodiscard]] std::uint64_t got() const { return got_.load(); }

 private:
  void run(const char* name_space) {
    enter(name_space);
    const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int buffer = 16 << 20;
    setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    const timeval wait{0, 50'000};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(kPort);
    if (bind(s, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) die("bind");
    bound_.store(true);
    Batch b(kBuffer);
    while (!stop_.load()) {
      const int n = recvmmsg(s, b.messages.data(), kBatch, MSG_WAITFORONE, nullptr);
      if (n > 0) got_.fetch_add(static_cast<std::uint64_t>(n));
    }
    close(s);
  }
  std::atomic<bool> bound_ = false, stop_ = false;
  std::atomic<std::uint64_t> got_ = 0;
  std::thread thread_;
};

struct Trial {
  std::uint64_t sent = 0;
  double seconds = 0;
};

/// Sends at `rate` packets a second (0: as fast as it goes).
Trial offer(int s, Batch& b, double rate, double seconds) {
  Trial t;
  const auto start = now_ns();
  const auto end = start + static_cast<std::int64_t>(seconds * 1e9);
  for (auto now = start; now < end; now = now_ns()) {
    const auto due =
        rate > 0 ? static_cast<std::uint64_t>(static_cast<double>(now - start) * 1e-9 * rate) : t.sent + kBatch;
    if (due <= t.sent) {
      const timespec pause{0, 40'000};
      nanosleep(&pause, nullptr);
      continue;
    }
    const auto n =
        sendmmsg(s, b.messages.data(), static_cast<unsigned>(std::min<std::uint64_t>(due - t.sent, kBatch)), 0);
    t.sent += n > 0 ? static_cast<std::uint64_t>(n) : 1;
  }
  t.seconds = static_cast<double>(now_ns() - start) * 1e-9;
  usleep(150'000);
  return t;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return std::fputs("usage: udp_rate SENDER_NS RECEIVER_NS RECEIVER_ADDRESS IP_PACKET_OCTETS\n", stderr), 2;
  prctl(PR_SET_TIMERSLACK, 1000);
  Receiver receiver(argv[2]);
  enter(argv[1]);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(kPort);
  if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1) die(argv[3]);
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int buffer = 4 << 20;
  setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  if (connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) die("connect");
  const auto packet = static_cast<std::size_t>(std::clamp(std::atoi(argv[4]), 40, static_cast<int>(kBuffer)));
  Batch b(packet - kIpAndUdp);
  constexpr double kSeconds = 0.6, kLoss = 0.001;
  offer(s, b, 1000, 0.2);

  receiver.reset();
  const Trial flood = offer(s, b, 0, kSeconds);
  const double overload = static_cast<double>(receiver.got()) / flood.seconds;
  double low = 0, best = 0,
         high = std::max(20'000.0, std::min(static_cast<double>(flood.sent) / flood.seconds, overload * 3));
  double rate = std::min(overload, high / 2);
  for (int i = 0; i < 9 && high - low > 0.02 * high; ++i, rate = (low + high) / 2) {
    bool clean = false;
    for (int attempt = 0; attempt < 2 && !clean; ++attempt) {
      receiver.reset();
      const Trial t = offer(s, b, rate, kSeconds);
      const double sent = static_cast<double>(t.sent);
      clean = static_cast<double>(receiver.got()) >= sent * (1 - kLoss) && sent / t.seconds > rate * 0.98;
      if (clean) best = std::max(best, sent / t.seconds);
    }
    (clean ? low : high) = rate;
  }
  std::printf("%.0f %.0f\n", best / 1000, overload / 1000);  // thousands a second: without loss, under overload
  return 0;
}
