// In a network namespace of its own: an interface `wan` and a default route through another interface, as a tunnel has
// it.
#include "adapters/device_socket/device_sockets.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace dormouse::device_socket {
namespace {

void run(const char* command) { ASSERT_EQ(std::system(command), 0) << command; }

class DeviceSocketsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    able_ = geteuid() == 0 && unshare(CLONE_NEWNET) == 0 && std::system("ip link set lo up") == 0;
    if (!able_) return;
    run("ip link add wan type veth peer name far && ip link add tun type veth peer name tunfar");
    run("for i in wan far tun tunfar; do ip link set $i up; done");
    run("ip -6 addr add 2001:db8:1::1/64 dev wan nodad");
    run("ip -6 route add default via 2001:db8:1::2 dev wan metric 100; ip -6 route add default dev tun metric 5");
    run("ip -6 neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev wan");
    run("ip -6 neigh add 2001:db8:9::9 lladdr 02:00:00:00:00:09 dev tun");
  }
  void SetUp() override {
    if (!able_) GTEST_SKIP() << "needs root to make a network namespace";
  }
  static long sent_by(const char* device) {
    FILE* p =
        popen((std::string("ip -s link show ") + device + " | awk 'prev~/TX:/{print $1} {prev=$0}'").c_str(), "re");
    long n = -1;
    if (p != nullptr) {
      if (std::fscanf(p, "%ld", &n) != 1) n = -1;
      (void)pclose(p);
    }
    return n;
  }
  /// 1000 octets from the address of `wan` to somewhere far, with the interface named beside the packet as well.
  static bool send_from(int fd, std::uint16_t port) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    inet_pton(AF_INET6, "2001:db8:9::9", &to.sin6_addr);
    char data[1000] = {};
    iovec io{data, sizeof data};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in6_pktinfo))] = {};
    msghdr m{};
    m.msg_name = &to;
    m.msg_namelen = sizeof to;
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    auto* c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
    in6_pktinfo info{};
    info.ipi6_ifindex = if_nametoindex("wan");
    inet_pton(AF_INET6, "2001:db8:1::1", &info.ipi6_addr);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    return sendmsg(fd, &m, 0) == 1000;
  }
  static inline bool able_ = false;
};

TEST_F(DeviceSocketsTest, what_they_send_leaves_by_the_interface_whatever_the_routes_say) {
  DeviceSockets udp(Kind::udp, 4500), esp(Kind::esp, 0), fragments(Kind::fragments, 0);
  const auto wan = if_nametoindex("wan");
  for (auto* sockets : {&udp, &esp, &fragments}) {
    const int fd = sockets->fd(wan);
    ASSERT_GE(fd, 0);
    const auto by_wan = sent_by("wan"), by_tun = sent_by("tun");
    EXPECT_TRUE(send_from(fd, sockets == &udp ? 4500 : 0));
    EXPECT_GE(sent_by("wan"), by_wan + 1000);
    EXPECT_LT(sent_by("tun"), by_tun + 1000);
    EXPECT_EQ(sockets->fd(wan), fd) << "one for each interface";
  }
}

TEST_F(DeviceSocketsTest, they_leave_what_comes_in_to_the_common_socket) {
  const int common = socket(AF_INET6, SOCK_DGRAM, 0);
  const int on = 1;
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(4500);
  ASSERT_EQ(bind(common, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(setsockopt(common, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
  DeviceSockets udp(Kind::udp, 4500);
  ASSERT_GE(udp.fd(if_nametoindex("lo")), 0) << "beside the common socket";
  sockaddr_in6 here = any;
  inet_pton(AF_INET6, "2001:db8:1::1", &here.sin6_addr);  // local delivery comes in by lo
  const int sender = socket(AF_INET6, SOCK_DGRAM, 0);
  ASSERT_EQ(sendto(sender, "x", 1, 0, reinterpret_cast<const sockaddr*>(&here), sizeof here), 1);
  pollfd p{common, POLLIN, 0};
  EXPECT_EQ(poll(&p, 1, 1000), 1);
  close(sender);
  close(common);
}

}  // namespace
}  // namespace dormouse::device_socket
