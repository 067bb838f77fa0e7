// Two packet paths against each other in a network namespace of this process's own. Inner packets are put into one TUN
// device and taken out of the other by packet sockets, so no routes are needed inside; what goes between them is read
// from the wire.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdlib>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/dataplane_tun/fd.h"
#include "adapters/dataplane_tun/tun_data_plane.h"
#include "base/limits.h"
#include "crypto/engine/engine.h"
#include "esp/checksum.h"
#include "esp/fit.h"
#include "esp/inner_packets_for_test.h"

namespace dormouse::dataplane {
namespace {

void run(const std::string& command) { ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command; }

/// A packet socket on one interface: IP packets in and out, without a link header.
class Tap {
 public:
  explicit Tap(const std::string& device)
      : fd_(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL))),
        ifindex_(if_nametoindex(device.c_str())) {
    sockaddr_ll name = name_for(ETH_P_ALL);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
  void put(ByteView packet) const {
    const sockaddr_ll to = name_for(packet[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
    EXPECT_EQ(sendto(fd_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(packet.size()));
  }
  /// The next packet that `wanted` wants and that came in by the interface (`out`: went out by it); empty after a
  /// while.
  template <class Wanted>
  [[nodiscard]] Bytes next(Wanted wanted, bool out = false, int wait_ms = 2000) const {
    for (pollfd p{fd_.get(), POLLIN, 0}; poll(&p, 1, wait_ms) == 1;) {
      Bytes packet(70000);
      sockaddr_ll from{};
      socklen_t size = sizeof from;
      const auto n = recvfrom(fd_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (n <= 0) continue;
      packet.resize(static_cast<std::size_t>(n));
      if ((from.sll_pkttype == PACKET_OUTGOING) == out && wanted(ByteView(packet))) return packet;
    }
    return {};
  }

 private:
  [[nodiscard]] sockaddr_ll name_for(std::uint16_t protocol) const {
    sockaddr_ll name{};
    name.sll_family = AF_PACKET;
    name.sll_protocol = htons(protocol);
    name.sll_ifindex = static_cast<int>(ifindex_);
    return name;
  }
  Fd fd_;
  unsigned ifindex_;
};

struct Row {
  const char* name;
  Suite suite;
};
const Row kSuites[] = {
    {"aes128gcm", {.encr = EncrId::aes_gcm_16, .key_bits = 128}},
    {"aes256gcm", {.encr = EncrId::aes_gcm_16, .key_bits = 256, .esn = EsnId::yes}},
    {"chacha20poly1305", {.encr = EncrId::chacha20_poly1305, .key_bits = 256}},
    {"aes128-sha1", {.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha1_96}},
    {"aes256-sha1", {.encr = EncrId::aes_cbc, .key_bits = 256, .integ = IntegId::hmac_sha1_96}},
    {"aes128-sha256",
     {.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128, .esn = EsnId::yes}},
    {"aes192-sha256", {.encr = EncrId::aes_cbc, .key_bits = 192, .integ = IntegId::hmac_sha2_256_128}},
    {"aes256-sha384", {.encr = EncrId::aes_cbc, .key_bits = 256, .integ = IntegId::hmac_sha2_384_192}},
    {"aes256-sha512", {.encr = EncrId::aes_cbc, .key_bits = 256, .integ = IntegId::hmac_sha2_512_256}},
};

/// How the two are joined.
struct Joined {
  bool v6 = false;
  esp::Encap encap = esp::Encap::udp;
  Suite suite = kSuites[0].suite;
  esp::HeaderRules headers{};
  std::uint64_t hard_bytes = 0;
  bool transport = false;  ///< between the two outer addresses
};

class TwoPlanes : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    able_ = geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0 && unshare(CLONE_NEWNET) == 0;
    if (able_)
      run("ip link set lo up mtu 1500 && ip addr add 2001:db8::1/128 dev lo && ip addr add 192.0.2.1/32 dev lo");
  }
  void SetUp() override {
    if (!able_) GTEST_SKIP() << "needs root, to make a network namespace and TUN devices";
    a_ = made(4500);
    b_ = made(4501);
    ASSERT_TRUE(a_ && b_);
    ASSERT_TRUE(a_->add_device({DeviceId(1), "tuna", 1500}));
    ASSERT_TRUE(b_->add_device({DeviceId(1), "tunb", 1500}));
  }
  static std::unique_ptr<esp::DataPlane> made(std::uint16_t port) {
    auto plane = make_tun_data_plane(crypto::make_esp_provider(), {.udp_port = port});
    if (!plane) ADD_FAILURE() << plane.error().text;
    return plane ? std::move(*plane) : nullptr;
  }
  static IpAddress outer(bool v6) { return *IpAddress::parse(v6 ? "2001:db8::1" : "192.0.2.1"); }
  static esp::OuterPath path(const Joined& j, std::uint16_t local, std::uint16_t remote) {
    const bool udp = j.encap == esp::Encap::udp;
    return {{outer(j.v6), udp ? local : std::uint16_t{0}},
            {outer(j.v6), udp ? remote : std::uint16_t{0}},
            j.encap,
            static_cast<int>(if_nametoindex("lo"))};
  }
  static esp::ChildSpec child(const Joined& j, bool first) {
    esp::ChildSpec c{.id = ChildId(1), .tunnel = TunnelId(1), .device = DeviceId(1), .suite = j.suite};
    const EspSpi to_first(0x10000001), to_second(0x10000002);
    c.spi_in = first ? to_first : to_second;
    c.spi_out = first ? to_second : to_first;
    const auto key = [](std::size_t size, bool of_first) { return SecretBytes(Bytes(size, of_first ? 0x11 : 0x22)); };
    c.encr_in = key(crypto::encr_key_size(j.suite.encr, j.suite.key_bits), first);
    c.encr_out = key(crypto::encr_key_size(j.suite.encr, j.suite.key_bits), !first);
    c.integ_in = key(crypto::integ_key_size(j.suite.integ), first);
    c.integ_out = key(crypto::integ_key_size(j.suite.integ), !first);
    c.local_ts = c.remote_ts = {TrafficSelector::any(Family::v4), TrafficSelector::any(Family::v6)};
    c.headers = j.headers;
    c.transport = j.transport;
    if (j.transport) c.local_ts = c.remote_ts = {TrafficSelector::of(Prefix::host(outer(j.v6)))};
    if (first) c.hard_bytes = j.hard_bytes;
    return c;
  }
  void join(const Joined& j) {
    // What reports of an earlier case told the kernel; over IPv6 it goes with the route.
    run("ip route flush cache; ip addr del 2001:db8::1/128 dev lo; ip addr add 2001:db8::1/128 dev lo");
    // The kernel makes an address of IPv6 usable a little later.
    run("for i in $(seq 200); do ip -6 route show table local 2001:db8::1 | grep -q . && break; sleep 0.01; done");
    a_->add_tunnel(TunnelId(1), DeviceId(1), path(j, 4500, 4501));
    b_->add_tunnel(TunnelId(1), DeviceId(1), path(j, 4501, 4500));
    ASSERT_TRUE(a_->add_child(child(j, true)));
    ASSERT_TRUE(b_->add_child(child(j, false)));
  }
  void part() {
    a_->remove_tunnel(TunnelId(1));
    b_->remove_tunnel(TunnelId(1));
  }
  /// Whether a packet put into the first device comes out of the second, unchanged.
  [[nodiscard]] bool carries(ByteView packet, int wait_ms = 2000) const {
    const Tap in("tuna"), out("tunb");
    in.put(packet);
    return !out.next([&](ByteView p) { return equal(p, packet); }, false, wait_ms).empty();
  }
  /// The first outer packet of the first plane when `packet` is put into its device.
  [[nodiscard]] static Bytes outer_of(ByteView packet, const Joined& j) {
    const Tap in("tuna"), wire("lo");
    in.put(packet);
    const std::size_t spi = (j.v6 ? 40U : 20U) + (j.encap == esp::Encap::udp ? 8U : 0U);
    return wire.next([&](ByteView p) { return p.size() > spi + 8 && load32(p.data() + spi) == 0x10000002; }, true);
  }
  /// An error from a router about the last packet of the first plane.
  static void report(const Bytes& about, bool v6, std::uint32_t mtu) {
    Bytes m(8);
    m[0] = v6 ? 2 : 3;
    m[1] = v6 ? 0 : 4;
    store32(m.data() + 4, mtu);
    const auto quoted = ByteView(about).first(std::min<std::size_t>(about.size(), 200));
    m.insert(m.end(), quoted.begin(), quoted.end());
    if (!v6)
      esp::store_folded(m.data() + 2,
                        static_cast<std::uint16_t>(~esp::checksum_fold(esp::checksum_add(0, m.data(), m.size()))));
    const Fd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW, v6 ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP}));
    sockaddr_in to4{};
    to4.sin_family = AF_INET;
    inet_pton(AF_INET, "192.0.2.1", &to4.sin_addr);
    sockaddr_in6 to6{};
    to6.sin6_family = AF_INET6;
    inet_pton(AF_INET6, "2001:db8::1", &to6.sin6_addr);
    const auto* to = v6 ? reinterpret_cast<const sockaddr*>(&to6) : reinterpret_cast<const sockaddr*>(&to4);
    EXPECT_EQ(sendto(fd.get(), m.data(), m.size(), 0, to, v6 ? sizeof to6 : sizeof to4),
              static_cast<ssize_t>(m.size()));
  }
  [[nodiscard]] bool path_mtu_becomes(std::uint32_t mtu) const {
    for (int i = 0; i < 100; ++i) {
      if (a_->counters(TunnelId(1)).path_mtu == mtu) return true;
      usleep(10'000);
    }
    return false;
  }
  static inline bool able_ = false;
  std::unique_ptr<esp::DataPlane> a_, b_;
};

Bytes packet_of_size(std::size_t size, bool v6 = false, bool dont_fragment = true, std::uint8_t traffic_class = 0) {
  return esp::testing::packet_of({.v6 = v6,
                                  .protocol = esp::kUdp,
                                  .traffic_class = traffic_class,
                                  .id = 77,
                                  .dont_fragment = dont_fragment,
                                  .payload = size - (v6 ? 48 : 28)});
}

TEST_F(TwoPlanes, every_suite_carries_packets_up_to_what_fits_and_the_wire_packet_fits) {
  for (const auto& row : kSuites)
    for (const bool v6 : {false, true})
      for (const auto encap : {esp::Encap::udp, esp::Encap::none}) {
        const Joined j{.v6 = v6, .encap = encap, .suite = row.suite};
        SCOPED_TRACE(std::string(row.name) + (v6 ? " over IPv6" : " over IPv4") +
                     (encap == esp::Encap::udp ? " in UDP" : ""));
        join(j);
        const auto room = esp::inner_room(esp::PacketFormat::of(row.suite), v6, encap, 1500);
        for (const std::size_t size : {std::size_t{28}, std::size_t{61}, std::size_t{576}, std::size_t{room}})
          EXPECT_TRUE(carries(packet_of_size(size))) << size;
        EXPECT_TRUE(carries(packet_of_size(room, true))) << "IPv6 inside";
        const Bytes wire = outer_of(packet_of_size(room), j);
        EXPECT_LE(wire.size(), 1500U);
        EXPECT_GT(wire.size() + 16, 1500U);
        EXPECT_EQ(a_->counters(TunnelId(1)).errors_out, 0U);
        EXPECT_EQ(b_->counters(TunnelId(1)).errors_in, 0U);
        part();
      }
}

/// Between the two outer addresses, which are one here, as the other end will make it anew.
Bytes packet_between_hosts(std::size_t size, bool v6, bool dont_fragment = true, std::uint8_t traffic_class = 0) {
  Bytes p = packet_of_size(size, v6, dont_fragment, traffic_class);
  const auto host = *IpAddress::parse(v6 ? "2001:db8::1" : "192.0.2.1");
  const std::size_t source = v6 ? 8 : 12, transport = v6 ? 40 : 20;
  for (const std::size_t at : {source, source + host.bytes().size()})
    std::ranges::copy(host.bytes(), p.begin() + static_cast<std::ptrdiff_t>(at));
  if (v6) store32(p.data(), load32(p.data()) & 0xfff00000U);
  if (!v6) store16(p.data() + 4, 0);
  if (!v6) esp::set_ipv4_checksum(p.data());
  store16(p.data() + transport + 6, 0);
  store16(p.data() + transport + 6, static_cast<std::uint16_t>(~esp::testing::plain_transport_sum(p)));
  return p;
}

TEST_F(TwoPlanes, transport_mode_carries_packets_up_to_what_fits_of_every_suite) {
  for (const auto& row : kSuites)
    for (const bool v6 : {false, true})
      for (const auto encap : {esp::Encap::udp, esp::Encap::none}) {
        const Joined j{.v6 = v6, .encap = encap, .suite = row.suite, .transport = true};
        SCOPED_TRACE(std::string(row.name) + (v6 ? " over IPv6" : " over IPv4") +
                     (encap == esp::Encap::udp ? " in UDP" : ""));
        join(j);
        const auto format = esp::PacketFormat::of(row.suite);
        const auto room = esp::inner_room(format, v6, encap, 1500) + (v6 ? 40U : 20U);
        for (const std::size_t size : {std::size_t{61}, std::size_t{576}, std::size_t{room}})
          EXPECT_TRUE(carries(packet_between_hosts(size, v6))) << size;
        const Bytes wire = outer_of(packet_between_hosts(room, v6, true, 46 << 2), j);
        EXPECT_LE(wire.size(), 1500U);
        EXPECT_GT(wire.size() + 16, 1500U);
        EXPECT_EQ(v6 ? load16(wire.data()) >> 4 & 0xff : wire[1], 46 << 2);
        EXPECT_EQ(a_->counters(TunnelId(1)).errors_out, 0U);
        EXPECT_EQ(b_->counters(TunnelId(1)).errors_in, 0U);
        part();
      }
}

TEST_F(TwoPlanes, transport_mode_takes_no_fragment_and_no_other_hosts_packet) {
  join({.encap = esp::Encap::none, .headers = {.fragment_inner = true}, .transport = true});
  Bytes fragment = packet_between_hosts(400, false, false);
  fragment[6] = 0x20;
  esp::set_ipv4_checksum(fragment.data());
  EXPECT_FALSE(carries(fragment, 200));
  EXPECT_EQ(a_->counters(TunnelId(1)).errors_out, 1U);
  EXPECT_EQ(a_->child_counters(ChildId(1)).send_errors, 1U);
  EXPECT_FALSE(carries(packet_of_size(400), 200)) << "its selectors are of the two hosts";
  EXPECT_EQ(b_->counters(TunnelId(1)).packets_in, 0U);
  const auto too_large = packet_between_hosts(1490, false, false);
  const Tap in("tuna");
  in.put(too_large);
  for (int i = 0; i < 100 && b_->counters(TunnelId(1)).packets_in == 0; ++i) usleep(10'000);
  EXPECT_EQ(b_->counters(TunnelId(1)).packets_in, 1U) << "whole, and its ESP packet in fragments";
  EXPECT_EQ(a_->counters(TunnelId(1)).fragmented, 0U);
}

TEST_F(TwoPlanes, transport_mode_takes_nothing_from_another_outer_address) {
  const Joined j{.encap = esp::Encap::none, .transport = true};
  a_->add_tunnel(TunnelId(1), DeviceId(1), path(j, 0, 0));
  b_->add_tunnel(TunnelId(1), DeviceId(1), path(j, 0, 0));
  ASSERT_TRUE(a_->add_child(child(j, true)));
  auto elsewhere = child(j, false);
  elsewhere.remote_ts = {TrafficSelector::of(*Prefix::parse("192.0.2.9/32"))};
  ASSERT_TRUE(b_->add_child(std::move(elsewhere)));
  EXPECT_FALSE(carries(packet_between_hosts(400, false), 300));
  EXPECT_EQ(b_->child_counters(ChildId(1)).ts_mismatch, 1U);
  for (const auto& e : b_->poll()) EXPECT_FALSE(std::holds_alternative<esp::AuthenticatedFrom>(e));
}

TEST_F(TwoPlanes, a_sender_is_told_what_fits_when_its_packet_may_not_be_cut) {
  for (const bool v6 : {false, true}) {
    join({});
    const auto room = esp::inner_room(esp::PacketFormat::of(kSuites[0].suite), false, esp::Encap::udp, 1500);
    const Tap in("tuna");
    in.put(packet_of_size(room + 1, v6));
    const std::size_t ip = v6 ? 40 : 20;
    const Bytes answer = in.next([&](ByteView p) { return p.size() > ip + 8 && p[ip] == (v6 ? 2 : 3); });
    ASSERT_FALSE(answer.empty());
    EXPECT_EQ(load16(answer.data() + ip + 6), room);
    EXPECT_EQ(a_->counters(TunnelId(1)).too_big, 1U);
    EXPECT_EQ(b_->counters(TunnelId(1)).packets_in, 0U);
    part();
  }
}

TEST_F(TwoPlanes, a_packet_that_may_be_cut_is_cut_inside_or_outside_and_arrives) {
  const Bytes large = packet_of_size(1480, false, false);
  join({});
  EXPECT_TRUE(carries(large)) << "as one ESP packet in fragments";
  EXPECT_EQ(b_->counters(TunnelId(1)).packets_in, 1U);
  part();
  join({.headers = {.fragment_inner = true}});
  const Tap in("tuna"), out("tunb");
  in.put(large);
  const auto is_piece = [](ByteView p) {
    return p[0] == 0x45 && load16(p.data() + 4) == 77 && (load16(p.data() + 6) & 0x3fff) != 0;
  };
  const Bytes first = out.next(is_piece), second = out.next(is_piece);
  EXPECT_EQ(first.size() + second.size(), large.size() + 20);
  EXPECT_EQ(a_->counters(TunnelId(1)).fragmented, 1U);
  EXPECT_EQ(b_->counters(TunnelId(1)).packets_in, 2U);
  part();
  join({.headers = {.honor_df = false}});
  EXPECT_TRUE(carries(packet_of_size(1480))) << "although it says that it may not";
}

TEST_F(TwoPlanes, the_outer_packet_has_the_ecn_and_dscp_and_the_bit_it_shall_have) {
  struct Case {
    int line;
    esp::HeaderRules rules;
    bool inner_df;
    std::uint8_t inner_class, outer_class;
    bool outer_df;
  };
  constexpr std::uint8_t kEf = 46 << 2, kCs1 = 8 << 2;
  const Case cases[] = {
      {1, {}, true, kEf | 2, kEf | 2, false},
      {2, {}, false, 1, 1, false},
      {3, {.outer_df = esp::OuterDf::set, .dscp = 8}, false, kEf | 3, kCs1 | 3, true},
      {4, {.outer_df = esp::OuterDf::copy}, true, kEf, kEf, true},
      {5, {.outer_df = esp::OuterDf::copy}, false, kEf, kEf, false},
  };
  for (const auto encap : {esp::Encap::udp, esp::Encap::none})
    for (const auto& c : cases) {
      const Joined j{.encap = encap, .headers = c.rules};
      join(j);
      const Bytes wire = outer_of(packet_of_size(500, false, c.inner_df, c.inner_class), j);
      ASSERT_FALSE(wire.empty()) << "line " << c.line;
      EXPECT_EQ(wire[1], c.outer_class) << "line " << c.line;
      EXPECT_EQ((wire[6] & 0x40) != 0, c.outer_df) << "line " << c.line;
      part();
    }
  const Joined six{.v6 = true, .headers = {.dscp = 8}};
  join(six);
  const Bytes wire = outer_of(packet_of_size(500, true, true, kEf | 2), six);
  ASSERT_FALSE(wire.empty());
  EXPECT_EQ(load16(wire.data()) >> 4 & 0xff, kCs1 | 2);
}

TEST_F(TwoPlanes, the_inner_packet_gets_the_outer_dscp_if_it_shall) {
  a_->add_tunnel(TunnelId(1), DeviceId(1), path({}, 4500, 4501));
  b_->add_tunnel(TunnelId(1), DeviceId(1), path({}, 4501, 4500));
  ASSERT_TRUE(a_->add_child(child({.headers = {.dscp = 10}}, true)));
  ASSERT_TRUE(b_->add_child(child({.headers = {.dscp_inwards = true}}, false)));
  const Tap in("tuna"), out("tunb");
  in.put(packet_of_size(300, false, true, 46 << 2 | 1));
  const Bytes got = out.next([](ByteView p) { return p.size() == 300; });
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got[1], 10 << 2 | 1);
  EXPECT_TRUE(esp::testing::checksums_right(got));
}

TEST_F(TwoPlanes, a_routers_report_lowers_the_path_mtu_also_of_a_sleeper_and_a_forged_one_does_not) {
  for (const auto& j :
       {Joined{.headers = {.outer_df = esp::OuterDf::set}},
        Joined{.encap = esp::Encap::none, .headers = {.outer_df = esp::OuterDf::set}}, Joined{.v6 = true}}) {
    join(j);
    Bytes wire = outer_of(packet_of_size(1400), j);
    ASSERT_FALSE(wire.empty());
    const std::size_t spi = (j.v6 ? 40U : 20U) + (j.encap == esp::Encap::udp ? 8U : 0U);
    Bytes forged = wire;
    forged[spi + 3] ^= 1;
    report(forged, j.v6, 1300);
    Bytes from_the_future = wire;
    store32(from_the_future.data() + spi + 4, 100);
    report(from_the_future, j.v6, 1300);
    Bytes elsewhere = wire;
    elsewhere[j.v6 ? 39 : 19] ^= 1;
    report(elsewhere, j.v6, 1300);
    usleep(50'000);
    EXPECT_EQ(a_->counters(TunnelId(1)).path_mtu, 1500U);
    a_->set_asleep(TunnelId(1), true);
    report(wire, j.v6, 1320);
    EXPECT_TRUE(path_mtu_becomes(1320));
    const Tap in("tuna");
    in.put(packet_of_size(1400));
    EXPECT_FALSE(in.next([](ByteView p) { return p[0] == 0x45 && p[9] == esp::kIcmp && p[20] == 3; }).empty())
        << "told at once, not parked";
    EXPECT_EQ(a_->counters(TunnelId(1)).parked, 0U);
    a_->set_asleep(TunnelId(1), false);
    report(wire, j.v6, j.v6 ? 1280 : 68);
    EXPECT_TRUE(path_mtu_becomes(j.v6 ? 1280 : 576)) << "the floor";
    EXPECT_TRUE(carries(packet_of_size(400)));
    part();
  }
}

TEST_F(TwoPlanes, over_ipv6_what_must_pass_whole_is_cut_to_the_path_that_routers_reported) {
  constexpr std::uint8_t kFragmentHeader = 44;
  const auto is_fragment = [](ByteView p) { return p[0] >> 4 == 6 && p[6] == kFragmentHeader; };
  for (const auto encap : {esp::Encap::udp, esp::Encap::none}) {
    SCOPED_TRACE(encap == esp::Encap::udp ? "in UDP" : "plain");
    const Joined j{.v6 = true, .encap = encap};
    join(j);
    Bytes too_large = outer_of(packet_of_size(1400), j);
    for (const std::uint32_t mtu : {1300U, 1290U}) {
      ASSERT_FALSE(too_large.empty());
      report(too_large, true, mtu);
      ASSERT_TRUE(path_mtu_becomes(mtu));
      const Tap in("tuna"), lo("lo"), out("tunb");
      for (const auto& packet : {packet_of_size(1280, true, true, 46 << 2), packet_of_size(1400, false, false)}) {
        in.put(packet);
        const Bytes first = lo.next(is_fragment, true), second = lo.next(is_fragment, true);
        ASSERT_FALSE(second.empty());
        EXPECT_LE(first.size(), mtu);
        EXPECT_EQ(load16(first.data()) >> 4 & 0xff, packet[0] >> 4 == 6 ? 46 << 2 : 0) << "the DSCP of each";
        EXPECT_EQ(load16(second.data()) >> 4 & 0xff, packet[0] >> 4 == 6 ? 46 << 2 : 0);
        EXPECT_FALSE(out.next([&](ByteView p) { return equal(p, packet); }).empty());
        too_large = first;  // of a path that turns out narrower still
      }
    }
    EXPECT_EQ(b_->counters(TunnelId(1)).errors_in, 0U);
    part();
  }
}

TEST_F(TwoPlanes, a_path_that_is_narrower_than_believed_loses_nothing_and_is_measured) {
  for (const bool set_df : {false, true}) {
    run("ip link set lo mtu 1500");
    join({.headers = {.outer_df = set_df ? esp::OuterDf::set : esp::OuterDf::clear}});
    run("ip link set lo mtu 1300");
    EXPECT_TRUE(carries(packet_of_size(1400, false, false)));
    EXPECT_TRUE(path_mtu_becomes(1300) || !set_df);
    EXPECT_EQ(a_->counters(TunnelId(1)).errors_out, 0U);
    part();
  }
  run("ip link set lo mtu 1500");
}

TEST_F(TwoPlanes, a_hard_limit_of_octets_stops_the_traffic) {
  join({.hard_bytes = 1000});
  EXPECT_TRUE(carries(packet_of_size(600)));
  EXPECT_TRUE(carries(packet_of_size(600)));
  EXPECT_FALSE(carries(packet_of_size(600), 200));
  bool told = false;
  for (const auto& e : a_->poll())
    if (const auto* l = std::get_if<esp::LifetimeReached>(&e)) told |= l->hard;
  EXPECT_TRUE(told);
}

TEST_F(TwoPlanes, plain_esp_with_a_port_in_its_path_reports_no_move) {
  auto with_port = path({.encap = esp::Encap::none}, 0, 0);
  with_port.remote.port = 4500;
  a_->add_tunnel(TunnelId(1), DeviceId(1), path({.encap = esp::Encap::none}, 0, 0));
  b_->add_tunnel(TunnelId(1), DeviceId(1), with_port);
  ASSERT_TRUE(a_->add_child(child({.encap = esp::Encap::none}, true)));
  ASSERT_TRUE(b_->add_child(child({.encap = esp::Encap::none}, false)));
  EXPECT_TRUE(carries(packet_of_size(200)));
  for (const auto& e : b_->poll()) EXPECT_FALSE(std::holds_alternative<esp::AuthenticatedFrom>(e));
}

TEST_F(TwoPlanes, parked_packets_are_the_newest_few_within_their_bounds) {
  join({});
  a_->set_asleep(TunnelId(1), true);
  const Tap in("tuna"), out("tunb");
  const auto sent = limits::kParkedPackets + 5;
  for (std::size_t i = 0; i < sent; ++i) in.put(packet_of_size(100 + i));
  for (int i = 0; i < 100 && a_->counters(TunnelId(1)).dropped_asleep < 5; ++i) usleep(10'000);
  EXPECT_EQ(a_->counters(TunnelId(1)).parked, limits::kParkedPackets);
  EXPECT_EQ(a_->counters(TunnelId(1)).dropped_asleep, 5U);
  a_->set_asleep(TunnelId(1), false);
  for (std::size_t i = 5; i < sent; ++i)
    EXPECT_EQ(out.next([](ByteView p) { return p[0] == 0x45 && p.size() < 300; }).size(), 100 + i);
}

}  // namespace
}  // namespace dormouse::dataplane
