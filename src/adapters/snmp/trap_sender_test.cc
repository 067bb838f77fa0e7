// Traps against a real snmptrapd in a network namespace of this process's own.
#include "adapters/snmp/trap_sender.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace dormouse::snmp {
namespace {

const Instant kStart = Instant::from_ns(1'000'000'000'000);

config::SnmpCommunity community(std::vector<config::SnmpHost> hosts) {
  config::SnmpCommunity c;
  c.name = "public";
  c.hosts = std::move(hosts);
  return c;
}

TunnelTrap trap(bool up) { return {up, *IpAddress::parse("173.1.1.1"), *IpAddress::parse("11.101.1.1"), "toClient_0"}; }

/// snmptrapd, printing numeric objects to a pipe; ends with this object.
class Receiver {
 public:
  explicit Receiver(const std::string& listen) {
    char name[] = "/tmp/dormouse-snmp-XXXXXX";
    folder_ = mkdtemp(name);
    std::ofstream(folder_ + "/conf") << "authCommunity log public\ndisableAuthorization no\n";
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    out_ = ends[0];
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      setenv("SNMP_PERSISTENT_DIR", folder_.c_str(), 1);
      const auto conf = folder_ + "/conf";
      execlp("snmptrapd", "snmptrapd", "-f", "-Lo", "-C", "-c", conf.c_str(), "-m", "", "-On", "-Oe", "-n", "-F",
             "%B|%W|%v\n", listen.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[1]);
    until("NET-SNMP version");
  }
  ~Receiver() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    close(out_);
    std::system(("rm -r " + folder_).c_str());
  }
  /// The next line that contains `mark`, ten seconds at most.
  std::string until(const std::string& mark) {
    for (;;) {
      for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
        auto line = text_.substr(0, end);
        text_.erase(0, end + 1);
        if (line.find(mark) != std::string::npos) return line;
      }
      pollfd p{out_, POLLIN, 0};
      std::array<char, 4096> piece;
      const auto n = poll(&p, 1, 10'000) == 1 ? read(out_, piece.data(), piece.size()) : 0;
      if (n <= 0) return "nothing with " + mark + " in: " + text_;
      text_.append(piece.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  std::string folder_, text_;
  int out_ = -1;
  pid_t pid_ = -1;
};

class TrapSenderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ready_ = geteuid() == 0 && std::system("command -v snmptrapd >/dev/null") == 0 && unshare(CLONE_NEWNET) == 0 &&
             std::system("ip link set lo up") == 0;
  }
  void SetUp() override {
    if (!ready_) GTEST_SKIP() << "needs root, for a network namespace, and snmptrapd";
  }
  static inline bool ready_ = false;
  TrapSender sender_{"DMVM0000000001", kStart};
};

constexpr const char* kRest =
    ".1.3.6.1.4.1.12356.100.1.1.1.0 = STRING: \"DMVM0000000001\"\t"
    ".1.3.6.1.2.1.1.5.0 = STRING: \"gateway\"\t"
    ".1.3.6.1.4.1.12356.101.12.3.2.0 = IpAddress: 173.1.1.1\t"
    ".1.3.6.1.4.1.12356.101.12.3.3.0 = IpAddress: 11.101.1.1\t"
    ".1.3.6.1.4.1.12356.101.12.3.4.0 = STRING: \"toClient_0\"";

TEST_F(TrapSenderTest, up_and_down_reach_snmptrapd_in_the_form_managers_know) {
  Receiver receiver("udp:127.0.0.1:10162");
  const std::array to{community({{*IpAddress::parse("127.0.0.1"), 10162}})};
  auto sent = sender_.send(trap(true), to, "gateway", kStart + 12'340ms);
  ASSERT_TRUE(sent) << sent.error().text;
  const auto up = receiver.until("12356");
  EXPECT_NE(up.find(".1.3.6.1.2.1.1.3.0 = Timeticks: (1234) 0:00:12.34\t"
                    ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.12356.101.2.0.301\t" +
                    std::string(kRest)),
            std::string::npos)
      << up;
  sent = sender_.send(trap(false), to, "gateway", kStart + 1h);
  ASSERT_TRUE(sent) << sent.error().text;
  const auto down = receiver.until("12356");
  EXPECT_NE(down.find(".1.3.6.1.2.1.1.3.0 = Timeticks: (360000) 1:00:00.00\t"
                      ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.12356.101.2.0.302\t" +
                      std::string(kRest)),
            std::string::npos)
      << down;
}

TEST_F(TrapSenderTest, an_ipv6_manager_is_reached_and_ipv6_gateways_are_sent_as_zero) {
  Receiver receiver("udp6:[::1]:10162");
  auto t = trap(true);
  t.local = *IpAddress::parse("2001:db8::1");
  const std::array to{community({{*IpAddress::parse("::1"), 10162}})};
  const auto sent = sender_.send(t, to, "gateway", kStart);
  ASSERT_TRUE(sent) << sent.error().text;
  const auto line = receiver.until("12356");
  EXPECT_NE(line.find("12.3.2.0 = IpAddress: 0.0.0.0\t"), std::string::npos) << line;
  EXPECT_NE(line.find("12.3.3.0 = IpAddress: 11.101.1.1\t"), std::string::npos) << line;
}

/// A socket that counts what arrives.
class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    socklen_t size = sizeof a;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size);
    port = ntohs(a.sin_port);
  }
  ~Socket() { close(fd_); }
  int waiting() const {
    std::array<char, 2000> octets;
    int n = 0;
    while (recv(fd_, octets.data(), octets.size(), 0) > 0) ++n;
    return n;
  }
  [[nodiscard]] config::SnmpHost host() const { return {*IpAddress::parse("127.0.0.1"), port}; }
  std::uint16_t port = 0;

 private:
  int fd_;
};

TEST_F(TrapSenderTest, only_communities_that_want_the_event_are_sent_to) {
  const Socket both, only_up, no_traps, second;
  std::vector<config::SnmpCommunity> to{community({both.host(), second.host()}), community({only_up.host()}),
                                        community({no_traps.host()})};
  to[1].event_tunnel_down = false;
  to[2].trap_v2c = false;
  EXPECT_TRUE(sender_.send(trap(true), to, "gateway", kStart));
  EXPECT_TRUE(sender_.send(trap(false), to, "gateway", kStart));
  EXPECT_EQ(both.waiting(), 2);
  EXPECT_EQ(second.waiting(), 2);
  EXPECT_EQ(only_up.waiting(), 1);
  EXPECT_EQ(no_traps.waiting(), 0);
}

TEST_F(TrapSenderTest, a_host_that_cannot_be_reached_is_named_and_does_not_keep_the_others_from_theirs) {
  const Socket good;
  const std::array to{community({{*IpAddress::parse("192.0.2.1"), 162}, good.host()})};
  const auto sent = sender_.send(trap(true), to, "gateway", kStart);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().text, "SNMP trap to 192.0.2.1:162 could not be sent");
  EXPECT_EQ(good.waiting(), 1);
}

TEST_F(TrapSenderTest, a_receiver_that_is_not_there_does_not_hold_us_up) {
  const std::array to{community({{*IpAddress::parse("127.0.0.1"), 9}})};
  for (int i = 0; i < 100; ++i) {
    const auto sent = sender_.send(trap(true), to, "gateway", kStart);
    EXPECT_TRUE(sent) << sent.error().text;
  }
}

TEST_F(TrapSenderTest, names_longer_than_a_display_string_are_cut_and_an_empty_list_is_no_failure) {
  const Socket good;
  auto t = trap(true);
  t.tunnel = std::string(300, 'x');
  EXPECT_TRUE(sender_.send(t, std::array{community({good.host()})}, std::string(300, 'y'), kStart));
  EXPECT_EQ(good.waiting(), 1);
  EXPECT_TRUE(sender_.send(t, {}, "gateway", kStart));
}

TEST_F(TrapSenderTest, descriptors_are_given_back) {
  const Socket good;
  const std::array to{community({good.host()})};
  EXPECT_TRUE(sender_.send(trap(true), to, "gateway", kStart));
  const int before = dup(0);
  close(before);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(sender_.send(trap(true), to, "gateway", kStart));
  const int after = dup(0);
  close(after);
  EXPECT_EQ(before, after);
}

TEST_F(TrapSenderTest, the_library_neither_reads_nor_writes_files) {
  char name[] = "/tmp/dormouse-snmp-XXXXXX";
  const std::string folder = mkdtemp(name);
  setenv("SNMP_PERSISTENT_DIR", folder.c_str(), 1);
  setenv("HOME", folder.c_str(), 1);
  const Socket good;
  const auto sent = sender_.send(trap(true), std::array{community({good.host()})}, "gateway", kStart);
  EXPECT_TRUE(sent);
  EXPECT_EQ(rmdir(folder.c_str()), 0) << "something was left in " << folder;
}

}  // namespace
}  // namespace dormouse::snmp
