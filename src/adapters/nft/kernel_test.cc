// The table in the real kernel: a gateway between an inside network, a tunnel's far end and the rest of the world, each
// in a network namespace that lives as long as this process. A veth named like an instance stands for the tunnel.
#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "adapters/nft/firewall.h"
#include "adapters/nft/test_policies.h"
#include "adapters/nft/transaction.h"

namespace dormouse::nft {
namespace {

void run(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }

class Namespace {
 public:
  /// A new one; the calling process is in it afterwards.
  static Namespace create() {
    EXPECT_EQ(unshare(CLONE_NEWNET), 0);
    run("ip link set lo up");
    return Namespace(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  }
  void enter() const { EXPECT_EQ(setns(fd_, CLONE_NEWNET), 0); }
  [[nodiscard]] std::string path() const { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_); }

 private:
  explicit Namespace(int fd) : fd_(fd) {}
  int fd_;
};

struct World {
  Namespace lan = Namespace::create();
  Namespace peer = Namespace::create();
  Namespace wan = Namespace::create();
  Namespace gateway = Namespace::create();

  World() {
    join("port9", lan, "10.1.100.1", "10.1.100.2");
    join("toClient_0", peer, "10.9.0.1", "10.9.0.2");
    join("port8", wan, "198.51.100.1", "198.51.100.2");
    run("echo 1 > /proc/sys/net/ipv4/ip_forward");
  }
  void join(const std::string& name, const Namespace& other, const std::string& here, const std::string& there) const {
    run("ip link add " + name + " type veth peer name eth0 netns " + other.path());
    run("ip address add " + here + "/24 dev " + name + " && ip link set " + name + " up");
    other.enter();
    run("ip address add " + there + "/24 dev eth0 && ip link set eth0 up && ip route add default via " + here);
    gateway.enter();
  }
};

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

sockaddr_in at(const char* address, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  inet_pton(AF_INET, address, &a.sin_addr);
  return a;
}

bool wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  return poll(&p, 1, 400) == 1;
}

/// A TCP connection between two namespaces; `server` is -1 if it did not come about.
struct Connection {
  Fd client, server;
  std::string seen_from;  // the client's address as the server sees it
  [[nodiscard]] bool up() const { return server.get() >= 0; }
  /// An octet makes it there and back.
  [[nodiscard]] bool carries() const {
    char c = 'x';
    for (const auto& [from, to] : {std::pair(client.get(), server.get()), std::pair(server.get(), client.get())})
      if (send(from, &c, 1, MSG_NOSIGNAL) != 1 || !wait_for(to, POLLIN) || recv(to, &c, 1, 0) != 1) return false;
    return true;
  }
};

class KernelTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const bool able = geteuid() == 0 && std::system("nft --version >/dev/null 2>&1") == 0 && unshare(CLONE_NEWNET) == 0;
    if (able) world_ = new World;
  }
  static void TearDownTestSuite() { delete std::exchange(world_, nullptr); }
  void SetUp() override {
    if (world_ == nullptr) GTEST_SKIP() << "needs nft, and root to make network namespaces";
  }
  void TearDown() override {
    if (world_ != nullptr) expect_done(firewall_.remove_all());
  }
  static void expect_done(const Outcome<void>& r) { EXPECT_TRUE(r) << r.error().text; }

  Connection connect(const Namespace& from, const Namespace& to, const char* address, std::uint16_t port = 5001) {
    to.enter();
    const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto name = at("0.0.0.0", port);
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    from.enter();
    Connection c;
    c.client = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    name = at(address, port);
    EXPECT_TRUE(::connect(c.client.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 ||
                errno == EINPROGRESS);
    world_->gateway.enter();
    if (!wait_for(listener.get(), POLLIN)) return c;
    socklen_t size = sizeof name;
    c.server = Fd(accept(listener.get(), reinterpret_cast<sockaddr*>(&name), &size));
    c.seen_from.resize(INET_ADDRSTRLEN);
    inet_ntop(AF_INET, &name.sin_addr, c.seen_from.data(), INET_ADDRSTRLEN);
    c.seen_from.resize(std::strlen(c.seen_from.c_str()));
    return c;
  }
  bool lan_to_peer(std::uint16_t port = 5001) { return connect(world_->lan, world_->peer, "10.9.0.2", port).up(); }
  bool peer_to_lan(std::uint16_t port = 5001) { return connect(world_->peer, world_->lan, "10.1.100.2", port).up(); }
  bool lan_to_wan() { return connect(world_->lan, world_->wan, "198.51.100.2").up(); }
  bool wan_to_peer() { return connect(world_->wan, world_->peer, "10.9.0.2").up(); }

  static config::Policy policy(std::uint32_t id, bool accept, const char* from, const char* to) {
    return make_policy(id, accept, {from}, {to});
  }
  void apply(std::vector<config::Policy> policies) {
    firewall_.set_policies(std::move(policies), {"toClient"});
    firewall_.add_member("toClient", "toClient_0");
    expect_done(firewall_.commit());
  }

  static inline World* world_ = nullptr;
  Firewall firewall_;
};

TEST_F(KernelTest, everything_passes_without_the_table) {
  EXPECT_TRUE(lan_to_peer() && peer_to_lan() && lan_to_wan() && wan_to_peer());
}

TEST_F(KernelTest, without_a_policy_nothing_passes_a_tunnel_and_everything_else_does) {
  apply({});
  EXPECT_FALSE(lan_to_peer());
  EXPECT_FALSE(peer_to_lan());
  EXPECT_FALSE(wan_to_peer());
  EXPECT_TRUE(lan_to_wan());
}

TEST_F(KernelTest, what_the_machine_itself_sends_and_receives_is_not_filtered) {
  apply({});
  EXPECT_TRUE(connect(world_->gateway, world_->peer, "10.9.0.2").up());
  EXPECT_TRUE(connect(world_->peer, world_->gateway, "10.9.0.1").up());
}

TEST_F(KernelTest, a_policy_opens_its_direction_and_answers_come_back) {
  apply({policy(1, true, "toClient", "port9")});
  const auto c = connect(world_->peer, world_->lan, "10.1.100.2");
  ASSERT_TRUE(c.up());
  EXPECT_TRUE(c.carries());
  EXPECT_FALSE(lan_to_peer());
  EXPECT_FALSE(wan_to_peer());
}

TEST_F(KernelTest, the_first_policy_that_matches_wins) {
  auto deny = policy(1, false, "toClient", "port9");
  deny.service = {ports(6, 5001, 5001)};
  apply({deny, policy(2, true, "toClient", "port9")});
  EXPECT_FALSE(peer_to_lan(5001));
  EXPECT_TRUE(peer_to_lan(5002));
  apply({policy(2, true, "toClient", "port9"), deny});
  EXPECT_TRUE(peer_to_lan(5001));
}

TEST_F(KernelTest, addresses_and_ports_of_a_policy_are_kept_to) {
  auto p = policy(1, true, "any", "any");
  p.srcaddr = {{*IpAddress::parse("10.9.0.2"), *IpAddress::parse("10.9.0.9")}};
  p.dstaddr = {{*IpAddress::parse("10.1.100.0"), *IpAddress::parse("10.1.100.255")}};
  p.service = {ports(6, 80, 90), ports(6, 443, 443)};
  apply({p});
  EXPECT_TRUE(peer_to_lan(85));
  EXPECT_TRUE(peer_to_lan(443));
  EXPECT_FALSE(peer_to_lan(91));
  EXPECT_FALSE(lan_to_peer(85));
  p.srcaddr = {{*IpAddress::parse("10.9.0.3"), *IpAddress::parse("10.9.0.9")}};
  apply({p});
  EXPECT_FALSE(peer_to_lan(85));
}

TEST_F(KernelTest, an_instance_follows_the_policies_of_its_phase_1_from_its_commit_to_its_end) {
  firewall_.set_policies({policy(1, true, "toClient", "port9")}, {"toClient"});
  expect_done(firewall_.commit());
  EXPECT_FALSE(lan_to_peer() || peer_to_lan()) << "closed by its name while it is not a member yet";
  firewall_.add_member("toClient", "toClient_0");
  firewall_.add_member("toClient", "toClient_1");
  expect_done(firewall_.commit());
  EXPECT_FALSE(lan_to_peer());
  EXPECT_TRUE(peer_to_lan());
  firewall_.delete_member("toClient", "toClient_1");
  expect_done(firewall_.commit());
  EXPECT_FALSE(lan_to_peer());
  firewall_.delete_member("toClient", "toClient_0");
  expect_done(firewall_.commit());
  EXPECT_FALSE(lan_to_peer() || peer_to_lan()) << "and when it is no member any more";
}

TEST_F(KernelTest, names_of_phase_1_may_begin_like_others) {
  firewall_.set_policies({}, {"toClient", "toClient_x", "toC", "toClient_x_y"});
  expect_done(firewall_.commit());
  EXPECT_FALSE(lan_to_peer() || peer_to_lan());
  EXPECT_TRUE(lan_to_wan());
}

TEST_F(KernelTest, a_policy_between_two_other_interfaces_is_held_and_the_rest_of_the_machine_left_alone) {
  auto deny = policy(1, false, "port9", "port8");
  deny.service = {ports(6, 5001, 5001)};
  apply({deny, policy(2, true, "toClient", "port9")});
  EXPECT_FALSE(lan_to_wan());
  EXPECT_TRUE(connect(world_->lan, world_->wan, "198.51.100.2", 5002).up()) << "no policy names it";
  EXPECT_TRUE(connect(world_->wan, world_->lan, "10.1.100.2").up()) << "nor the other direction";
  auto nat = policy(3, true, "port9", "port8");
  nat.nat = true;
  apply({nat});
  EXPECT_EQ(connect(world_->lan, world_->wan, "198.51.100.2").seen_from, "198.51.100.1");
}

TEST_F(KernelTest, a_policy_that_is_removed_or_narrowed_ends_the_flows_it_let_in) {
  apply({policy(1, true, "toClient", "port9")});
  const auto c = connect(world_->peer, world_->lan, "10.1.100.2");
  ASSERT_TRUE(c.up() && c.carries());
  auto narrow = policy(1, true, "toClient", "port9");
  narrow.service = {ports(6, 22, 22)};
  apply({narrow});
  EXPECT_FALSE(c.carries());
}

TEST_F(KernelTest, a_running_connection_outlives_changes_that_do_not_concern_it) {
  apply({policy(1, true, "toClient", "port9")});
  const auto c = connect(world_->peer, world_->lan, "10.1.100.2");
  ASSERT_TRUE(c.up() && c.carries());
  firewall_.add_member("toClient", "toClient_1");
  expect_done(firewall_.commit());
  EXPECT_TRUE(c.carries());
  apply({policy(7, false, "port9", "toClient"), policy(1, true, "toClient", "port9")});
  EXPECT_TRUE(c.carries());
}

TEST_F(KernelTest, a_policy_with_nat_hides_the_source_behind_the_outgoing_interface) {
  auto nat = policy(2, true, "port9", "toClient");
  nat.nat = true;
  nat.service = {ports(6, 5002, 5002)};
  auto plain = policy(1, true, "port9", "toClient");
  plain.service = {ports(6, 5001, 5001)};
  apply({plain, nat});
  EXPECT_EQ(connect(world_->lan, world_->peer, "10.9.0.2", 5001).seen_from, "10.1.100.2");
  EXPECT_EQ(connect(world_->lan, world_->peer, "10.9.0.2", 5002).seen_from, "10.9.0.1");
}

TEST_F(KernelTest, nat_leaves_alone_what_the_machine_itself_sends) {
  auto nat = policy(1, true, "any", "any");
  nat.nat = true;
  apply({nat});
  run("ip address add 10.9.0.77/32 dev lo && ip route add 10.9.0.2/32 dev toClient_0 src 10.9.0.77");
  EXPECT_EQ(connect(world_->gateway, world_->peer, "10.9.0.2").seen_from, "10.9.0.77");
  run("ip route del 10.9.0.2/32 && ip address del 10.9.0.77/32 dev lo");
}

TEST_F(KernelTest, a_syn_through_a_tunnel_is_clamped_to_what_the_tunnel_carries) {
  apply({policy(1, true, "any", "any")});
  run("ip link set toClient_0 mtu 1300");
  // The far end believes in 1500, so only the clamp can tell it.
  for (const bool outward : {true, false}) {
    const auto c =
        outward ? connect(world_->lan, world_->peer, "10.9.0.2") : connect(world_->peer, world_->lan, "10.1.100.2");
    ASSERT_TRUE(c.up());
    for (const int fd : {c.client.get(), c.server.get()}) {
      tcp_info info{};
      socklen_t size = sizeof info;
      ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
      EXPECT_LE(info.tcpi_snd_mss, 1260U) << (outward ? "outward" : "inward");
    }
  }
  run("ip link set toClient_0 mtu 1500");
}

TEST_F(KernelTest, nft_accepts_every_kind_of_rule) {
  auto p = accept_all(1);
  p.nat = true;
  p.srcintf = {"port9", "toClient", "to client-2", "port8"};
  p.dstintf = {"any"};
  for (const char* net : {"10.1.0.0/16", "10.1.2.0/24", "2001:db8::/32", "192.0.2.7/32"})
    p.srcaddr.push_back({Prefix::parse(net)->first(), Prefix::parse(net)->last()});
  p.srcaddr.push_back({*IpAddress::parse("10.2.0.3"), *IpAddress::parse("10.2.0.99")});
  p.dstaddr = {{*IpAddress::parse("0.0.0.0"), *IpAddress::parse("255.255.255.255")},
               {IpAddress::any(Family::v6), IpAddress::highest(Family::v6)}};
  auto udp = protocol(17);
  udp.src_first = 5;
  udp.src_last = 9;
  p.service = {icmp(1, 8, 0), protocol(1),     icmp(58, 128), ports(6, 80, 80), udp,
               protocol(132), ports(33, 1, 2), protocol(136), protocol(47)};
  auto q = p;
  q.srcaddr.clear();
  q.dstaddr = {{*IpAddress::parse("0.0.0.0"), *IpAddress::parse("255.255.255.255")}};
  firewall_.set_policies({p, q, accept_all(3)}, {"toClient", "to client-2"});
  firewall_.add_member("to client-2", "to-client-2");
  expect_done(firewall_.commit());
}

TEST_F(KernelTest, a_table_left_by_a_crash_is_replaced_or_removed) {
  apply({});
  Firewall restarted;
  restarted.set_policies({policy(1, true, "any", "any")}, {"other"});
  expect_done(restarted.commit());
  EXPECT_TRUE(lan_to_peer());
  Firewall again;
  expect_done(again.remove_all());
  EXPECT_NE(std::system("nft list table inet dormouse >/dev/null 2>&1"), 0);
  expect_done(again.remove_all());
}

TEST_F(KernelTest, the_words_of_nft_come_back) {
  const MemberChange absent[] = {{"toClient", "toClient_9", false}};
  const auto r = nft_program()(change_members(absent));
  ASSERT_FALSE(r);
  EXPECT_TRUE(r.error().text.starts_with("firewall: nft: ")) << r.error().text;
  EXPECT_NE(r.error().text.find("No such file or directory"), std::string::npos) << r.error().text;
}

TEST_F(KernelTest, a_failed_transaction_changes_nothing_and_the_next_commit_mends_it) {
  apply({policy(1, true, "toClient", "port9")});
  run("nft delete element inet dormouse if_toClient '{ \"toClient_0\" }'");  // somebody meddles
  firewall_.delete_member("toClient", "toClient_0");
  EXPECT_FALSE(firewall_.commit());
  firewall_.add_member("toClient", "toClient_0");
  expect_done(firewall_.commit());
  EXPECT_TRUE(peer_to_lan());
  EXPECT_FALSE(lan_to_peer());
}

}  // namespace
}  // namespace dormouse::nft
