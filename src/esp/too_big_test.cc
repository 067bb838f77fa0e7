#include "esp/too_big.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "esp/inner_packets_for_test.h"

namespace dormouse::esp {
namespace {

InnerPacket parsed(ByteView packet) {
  InnerPacket info;
  EXPECT_TRUE(parse_inner(packet, info));
  return info;
}

TEST(TooBig, a_sender_is_told_by_a_right_message_that_quotes_its_packet) {
  for (const bool v6 : {false, true}) {
    const Bytes packet = testing::packet_of({.v6 = v6, .payload = 1400});
    Bytes out(kTooBigSize);
    out.resize(write_too_big(out.data(), packet, 1300));
    const std::size_t ip = v6 ? 40 : 20;
    EXPECT_EQ(out.size(), v6 ? 1280U : 576U);
    const auto info = parsed(out), of = parsed(packet);
    EXPECT_EQ(info.protocol, v6 ? kIcmp6 : kIcmp);
    EXPECT_EQ(info.length, out.size());
    EXPECT_EQ(info.source, of.destination);
    EXPECT_EQ(info.destination, of.source);
    EXPECT_EQ(load16(out.data() + ip), v6 ? 0x0200 : 0x0304);
    EXPECT_EQ(load16(out.data() + ip + 6), 1300);
    EXPECT_TRUE(equal(ByteView(out).subspan(ip + 8), ByteView(packet).first(out.size() - ip - 8)));
    EXPECT_EQ(v6 ? testing::plain_transport_sum(out) : testing::plain_sum(ByteView(out).subspan(20)), 0xffff);
    EXPECT_EQ(v6 ? 0xffff : testing::plain_sum(ByteView(out).first(20)), 0xffff);
  }
}

TEST(TooBig, no_error_is_told_of_errors_later_fragments_and_what_has_no_single_sender) {
  Bytes good = testing::packet_of({.protocol = kUdp});
  EXPECT_TRUE(may_be_answered(good, parsed(good)));
  struct Row {
    int line;
    std::size_t at;
    std::uint8_t value;
  };
  for (const auto& r : {Row{1, 16, 224}, Row{2, 16, 255}, Row{3, 12, 0}, Row{4, 12, 239}, Row{5, 7, 9}}) {
    Bytes bad = good;
    bad[r.at] = r.value;
    if (r.at == 7) bad[6] = 0;
    EXPECT_FALSE(may_be_answered(bad, parsed(bad))) << "line " << r.line;
  }
  for (const auto type : std::initializer_list<std::uint8_t>{3, 4, 5, 11, 12}) {
    Bytes icmp = good;
    icmp[9] = kIcmp;
    icmp[20] = type;
    EXPECT_FALSE(may_be_answered(icmp, parsed(icmp))) << int{type};
    icmp[20] = 8;
    EXPECT_TRUE(may_be_answered(icmp, parsed(icmp)));
  }
  Bytes six = testing::packet_of({.v6 = true, .protocol = kUdp});
  EXPECT_TRUE(may_be_answered(six, parsed(six)));
  six[6] = kIcmp6;
  six[40] = 2;
  EXPECT_FALSE(may_be_answered(six, parsed(six)));
  six[40] = 128;
  EXPECT_TRUE(may_be_answered(six, parsed(six)));
  six[24] = 0xff;
  EXPECT_FALSE(may_be_answered(six, parsed(six)));
}

/// An error about a packet of ours: `udp` or plain, with `quoted` octets of ESP.
Bytes error_about(bool v6, bool udp, std::size_t quoted, std::uint32_t mtu) {
  Bytes m;
  Writer w(m);
  w.u8(v6 ? 2 : 3);
  w.u8(v6 ? 0 : 4);
  w.u16(0);
  w.u32(mtu);
  const std::uint8_t protocol = udp ? 17 : 50;
  if (v6) {
    w.u32(0x60000000);
    w.u16(1400);
    w.u8(protocol);
    w.u8(64);
    w.bytes(IpAddress::parse("2001:db8::1")->bytes());
    w.bytes(IpAddress::parse("2001:db8::2")->bytes());
  } else {
    w.u32(0x45000000 | 1440);
    w.u32(0x00004000);
    w.u8(64);
    w.u8(protocol);
    w.u16(0);
    w.bytes(IpAddress::parse("192.0.2.1")->bytes());
    w.bytes(IpAddress::parse("192.0.2.2")->bytes());
  }
  if (udp) {
    w.u16(4500);
    w.u16(40123);
    w.u32(0);
  }
  Bytes esp(64);
  store32(esp.data(), 0xabcd0001);
  store32(esp.data() + 4, 77);
  w.bytes(ByteView(esp).first(quoted));
  return m;
}

TEST(TooBig, a_routers_report_tells_which_packet_of_which_sa_it_is_about) {
  for (const bool v6 : {false, true}) {
    for (const bool udp : {false, true}) {
      const auto r = read_too_big(error_about(v6, udp, 8, 1300), v6);
      ASSERT_TRUE(r);
      EXPECT_EQ(r->spi, EspSpi(0xabcd0001));
      EXPECT_EQ(r->seq, 77U);
      EXPECT_EQ(r->mtu, 1300U);
      EXPECT_EQ(r->size, 1440U);
      EXPECT_EQ(r->encap, udp ? Encap::udp : Encap::none);
      EXPECT_EQ(r->remote, (Endpoint{*IpAddress::parse(v6 ? "2001:db8::2" : "192.0.2.2"),
                                     udp ? std::uint16_t{40123} : std::uint16_t{0}}));
      EXPECT_EQ(r->local.address, *IpAddress::parse(v6 ? "2001:db8::1" : "192.0.2.1"));
    }
  }
}

TEST(TooBig, what_does_not_quote_spi_and_number_is_not_believed) {
  for (const bool v6 : {false, true})
    for (const bool udp : {false, true}) {
      const Bytes whole = error_about(v6, udp, 8, 1300);
      for (std::size_t n = 0; n < whole.size(); ++n)
        EXPECT_FALSE(read_too_big(ByteView(whole).first(n), v6)) << n << " octets";
    }
}

TEST(TooBig, a_report_about_a_packets_first_fragment_over_ipv6_is_about_the_packet) {
  constexpr std::size_t kIp = 8, kNext = kIp + 6, kPayload = kIp + 40;
  for (const bool udp : {false, true}) {
    Bytes m = error_about(true, udp, 8, 1290);
    const std::uint8_t header[8] = {m[kNext], 0, 0, 1, 1, 2, 3, 4};
    m[kNext] = 44;
    m.insert(m.begin() + kPayload, std::begin(header), std::end(header));
    const auto r = read_too_big(m, true);
    ASSERT_TRUE(r);
    EXPECT_EQ(r->seq, 77U);
    EXPECT_EQ(r->size, 1440U) << "of the fragment";
    EXPECT_EQ(r->encap, udp ? Encap::udp : Encap::none);
    for (std::size_t n = 0; n < m.size(); ++n) EXPECT_FALSE(read_too_big(ByteView(m).first(n), true)) << n << " octets";
    m[kPayload + 3] = 9;
    EXPECT_FALSE(read_too_big(m, true)) << "a later one says nothing of SPI and number";
  }
}

TEST(TooBig, a_report_is_of_a_path_and_an_SA_only_if_it_was_sent_there_lately) {
  for (const bool v6 : {false, true})
    for (const bool udp : {false, true}) {
      const auto r = read_too_big(error_about(v6, udp, 8, 1300), v6);
      ASSERT_TRUE(r);
      const OuterPath path{.local = r->local, .remote = r->remote, .encap = r->encap};
      EXPECT_TRUE(is_sent_lately(*r, path, 77));
      EXPECT_TRUE(is_sent_lately(*r, path, 0x100000000 + 80)) << "numbers of 64 bits";
      EXPECT_TRUE(is_sent_lately(*r, path, 76 + limits::kReportedPackets));
      EXPECT_FALSE(is_sent_lately(*r, path, 77 + limits::kReportedPackets)) << "long ago";
      EXPECT_FALSE(is_sent_lately(*r, path, 76)) << "not sent yet";
      EXPECT_FALSE(is_sent_lately(*r, path, 0)) << "nothing was";
      auto other = path;
      other.encap = udp ? Encap::none : Encap::udp;
      EXPECT_FALSE(is_sent_lately(*r, other, 77));
      other = path;
      ++other.remote.port;
      EXPECT_EQ(is_sent_lately(*r, other, 77), !udp) << "plain ESP has no ports";
      other = path;
      other.remote.address = r->local.address;
      EXPECT_FALSE(is_sent_lately(*r, other, 77));
      other = path;
      other.local.address = r->remote.address;
      EXPECT_FALSE(is_sent_lately(*r, other, 77));
      other.local.address = IpAddress::any(v6 ? Family::v6 : Family::v4);
      EXPECT_TRUE(is_sent_lately(*r, other, 77)) << "sent from whatever address was right";
    }
}

TEST(TooBig, another_error_and_a_quoted_fragment_are_not_about_the_size) {
  Bytes port_unreachable = error_about(false, true, 8, 1300);
  port_unreachable[1] = 3;
  EXPECT_FALSE(read_too_big(port_unreachable, false));
  Bytes may_be_fragmented = error_about(false, true, 8, 1300);
  may_be_fragmented[8 + 6] = 0;
  EXPECT_FALSE(read_too_big(may_be_fragmented, false)) << "without the bit no router says so";
  Bytes fragment = error_about(false, true, 8, 1300);
  fragment[8 + 6] = 0x60;
  EXPECT_FALSE(read_too_big(fragment, false));
  Bytes tcp = error_about(false, true, 8, 1300);
  tcp[8 + 9] = 6;
  EXPECT_FALSE(read_too_big(tcp, false));
  EXPECT_FALSE(read_too_big(error_about(true, true, 8, 1300), false));
}

}  // namespace
}  // namespace dormouse::esp
