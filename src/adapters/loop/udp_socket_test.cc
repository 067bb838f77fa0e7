#include "adapters/loop/udp_socket.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>

namespace dormouse::loop {
namespace {

UdpSocket open_at(const char* address, std::uint16_t port = 0) {
  auto s = UdpSocket::open({.local = {*IpAddress::parse(address), port}});
  EXPECT_TRUE(s) << s.error().text;
  return std::move(*s);
}

bool wait_readable(const UdpSocket& s) {
  pollfd p{s.fd(), POLLIN, 0};
  return poll(&p, 1, 5000) == 1;
}

struct Got {
  std::string data;
  Endpoint remote, local;
  unsigned ifindex = 0;
};
std::vector<Got> receive_all(UdpSocket& s, std::size_t expected) {
  std::vector<Got> got;
  while (got.size() < expected && wait_readable(s)) {
    const auto n = s.receive([&](const Datagram& d) {
      got.push_back({std::string(d.data.begin(), d.data.end()), d.remote, d.local, d.ifindex});
    });
    EXPECT_TRUE(n) << n.error().text;
    if (!n) break;
  }
  return got;
}

TEST(UdpSocket, tells_where_a_datagram_came_from_and_which_address_it_was_sent_to) {
  auto server = open_at("0.0.0.0");
  auto client = open_at("127.0.0.1");
  ASSERT_TRUE(client.send(as_bytes("hello"), {*IpAddress::parse("127.0.0.3"), server.local().port}, {}, 0));
  const auto got = receive_all(server, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].data, "hello");
  EXPECT_EQ(got[0].remote, client.local());
  EXPECT_EQ(got[0].local.text(), "127.0.0.3:" + std::to_string(server.local().port));
  EXPECT_EQ(got[0].ifindex, if_nametoindex("lo"));
}

TEST(UdpSocket, sends_from_the_source_it_is_told) {
  auto a = open_at("0.0.0.0");
  auto b = open_at("0.0.0.0");
  const Endpoint to{*IpAddress::parse("127.0.0.1"), b.local().port};
  ASSERT_TRUE(a.send(as_bytes("x"), to, *IpAddress::parse("127.0.0.9"), if_nametoindex("lo")));
  const auto got = receive_all(b, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].remote.address.text(), "127.0.0.9");
}

TEST(UdpSocket, takes_a_batch_at_most_and_then_the_rest) {
  auto a = open_at("127.0.0.1");
  auto b = open_at("127.0.0.1");
  for (std::uint8_t i = 0; i < 40; ++i) ASSERT_TRUE(a.send(ByteView(&i, 1), b.local(), {}, 0));
  std::size_t count = 0;
  ASSERT_TRUE(wait_readable(b));
  const auto first = b.receive([&](const Datagram& d) { EXPECT_EQ(d.data[0], count++); });
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, UdpSocket::kBatch);
  const auto second = b.receive([&](const Datagram& d) { EXPECT_EQ(d.data[0], count++); });
  EXPECT_EQ(*second, 8U);
  EXPECT_EQ(*b.receive([](const Datagram&) { FAIL(); }), 0U);
}

TEST(UdpSocket, carries_the_largest_datagram_there_is) {
  auto a = open_at("127.0.0.1");
  auto b = open_at("127.0.0.1");
  const std::string big(65507, 'x');
  ASSERT_TRUE(a.send(as_bytes(big), b.local(), {}, 0));
  const auto got = receive_all(b, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].data, big);
}

TEST(UdpSocket, speaks_ipv6_beside_ipv4_on_one_port) {
  auto six = UdpSocket::open({.local = {*IpAddress::parse("::"), 0}});
  if (!six) GTEST_SKIP() << "no IPv6 here: " << six.error().text;
  const auto port = six->local().port;
  auto four = open_at("0.0.0.0", port);
  auto client = UdpSocket::open({.local = {*IpAddress::parse("::1"), 0}});
  if (!client) GTEST_SKIP() << "no ::1 here: " << client.error().text;
  ASSERT_TRUE(client->send(as_bytes("six"), {*IpAddress::parse("::1"), port}, *IpAddress::parse("::1"), 0));
  const auto got = receive_all(*six, 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].remote, client->local());
  EXPECT_EQ(got[0].local, (Endpoint{*IpAddress::parse("::1"), port}));
  EXPECT_EQ(*four.receive([](const Datagram&) { FAIL(); }), 0U);
}

TEST(UdpSocket, is_not_disturbed_by_the_icmp_error_of_an_earlier_send) {
  auto a = open_at("127.0.0.1");
  auto b = open_at("127.0.0.1");
  Endpoint nobody;
  {
    auto gone = open_at("127.0.0.1");
    nobody = gone.local();
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(a.send(as_bytes("lost"), nobody, {}, 0));
  EXPECT_TRUE(a.send(as_bytes("kept"), b.local(), {}, 0));
  EXPECT_TRUE(a.receive([](const Datagram&) { FAIL(); }));
  EXPECT_EQ(receive_all(b, 1).size(), 1U);
}

TEST(UdpSocket, names_address_and_reason_when_the_port_is_taken) {
  auto a = UdpSocket::open({.local = {*IpAddress::parse("127.0.0.1"), 0}, .reuse_address = false});
  ASSERT_TRUE(a);
  const auto b = UdpSocket::open({.local = a->local(), .reuse_address = false});
  ASSERT_FALSE(b);
  EXPECT_EQ(b.error().text, "UDP " + a->local().text() + ": bind: Address already in use");
}

TEST(UdpSocket, names_the_peer_and_the_reason_when_a_send_fails) {
  auto a = open_at("127.0.0.1");
  const auto r = a.send(as_bytes("x"), {*IpAddress::parse("127.0.0.1"), 9}, *IpAddress::parse("192.0.2.77"), 0);
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().text.find("send to 127.0.0.1:9: "), std::string::npos) << r.error().text;
}

}  // namespace
}  // namespace dormouse::loop
