#include "esp/transport_mode.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"
#include "esp/open_batch.h"
#include "esp/seal_run.h"
#include "esp/toy_cipher_for_test.h"

namespace dormouse::esp {
namespace {

using testing::checksums_right;
using testing::packet_of;
using testing::PacketSpec;
using testing::parsed;
using testing::ToyCipher;

constexpr EspSpi kSpi(0x12345678);
constexpr std::uint8_t kDestinationOptions = 60;

/// The hosts of packet_of(), as the one that receives has them.
TransportHosts hosts(bool v6) {
  return {*IpAddress::parse(v6 ? "2001:db8::2" : "10.1.0.2"), *IpAddress::parse(v6 ? "2001:db8::1" : "10.1.0.1")};
}
struct Receiver {
  Receiver() { sa.transport = true; }
  InboundSa sa{std::make_unique<ToyCipher>(), kSpi, false, 64, {}};
};

/// What one end seals of a packet, or a super-packet.
std::vector<Bytes> sealed(Bytes packet, const OffloadHeader& offload = {}) {
  OutboundSa sa(std::make_unique<ToyCipher>(), kSpi, false, {});
  Segmenter packets(packet, offload);
  EXPECT_TRUE(fits_transport(packet, parsed(packet)));
  Headerless headerless(packets, packet);
  SealRun run;
  run.take(sa, headerless, packet[0] >> 4 == 6, {});
  run.seal();
  std::vector<Bytes> out;
  for (std::size_t i = 0; i < run.count(); ++i)
    out.push_back(to_bytes(run.octets().subspan(i * run.segment(), run.size_of(i))));
  return out;
}

/// What the other end makes of it.
std::vector<Bytes> opened(Receiver& in, std::vector<Bytes> packets, bool v6, std::uint8_t traffic_class = 0) {
  OpenBatch batch;
  for (auto& p : packets) batch.add(in.sa, p);
  std::vector<Bytes> out;
  for (const auto& o : batch.run(in.sa)) {
    Bytes whole(kLargestWhole);
    whole.resize(o.inner.empty() ? 0 : write_whole(whole.data(), hosts(v6), o.next, traffic_class, o.inner));
    out.push_back(std::move(whole));
  }
  return out;
}

/// A sealed packet whose body is `body`, with any trailer.
Bytes sealed_body(Bytes body, std::uint8_t pad, std::uint8_t next) {
  while ((body.size() + 2) % 4 != 0) body.push_back(0);
  body.push_back(pad);
  body.push_back(next);
  Bytes packet(8 + 8 + body.size() + 4);
  store32(packet.data(), kSpi.value());
  store32(packet.data() + 4, 1);
  std::ranges::copy(body, packet.begin() + 16);
  crypto::EspJob job{packet.data(), static_cast<std::uint32_t>(body.size()), 1, false};
  ToyCipher().seal({&job, 1});
  return packet;
}

Bytes with_flow_label_0(Bytes packet) {
  if (packet[0] >> 4 == 6) store32(packet.data(), load32(packet.data()) & 0xfff00000U);
  return packet;
}

TEST(TransportMode, carries_packets_of_every_length_of_both_families) {
  for (const bool v6 : {false, true})
    for (const std::uint8_t protocol : {kTcp, kUdp})
      for (std::size_t payload = 0; payload < 70; ++payload) {
        const Bytes packet = packet_of({.v6 = v6, .protocol = protocol, .payload = payload});
        const auto esp = sealed(packet);
        ASSERT_EQ(esp.size(), 1U);
        EXPECT_EQ(esp[0].size(),
                  PacketFormat::of(ToyCipher()).total(static_cast<std::uint32_t>(packet.size()) - ip_header(v6)))
            << "without its IP header";
        Receiver in;
        EXPECT_EQ(opened(in, esp, v6), std::vector<Bytes>{with_flow_label_0(packet)});
      }
}

TEST(TransportMode, names_the_protocol_as_next_header) {
  for (const bool v6 : {false, true}) {
    Bytes esp = sealed(packet_of({.v6 = v6, .protocol = kUdp})).at(0);
    EXPECT_EQ(esp[esp.size() - 5] ^ 0xff, kUdp);
  }
}

TEST(TransportMode, cuts_a_super_packet_into_packets_without_header_and_with_right_checksums) {
  for (const bool v6 : {false, true}) {
    const PacketSpec spec{.v6 = v6, .payload = 1050};
    const OffloadHeader offload{.flags = kNeedsChecksum,
                                .gso_type = v6 ? kGsoTcp6 : kGsoTcp4,
                                .gso_size = 100,
                                .csum_start = static_cast<std::uint16_t>(ip_header(v6)),
                                .csum_offset = 16};
    Receiver in;
    const auto packets = opened(in, sealed(packet_of(spec), offload), v6);
    ASSERT_EQ(packets.size(), 11U);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      EXPECT_TRUE(checksums_right(packets[i])) << i;
      EXPECT_EQ(packets[i].size(), ip_header(v6) + 32 + (i < 10 ? 100U : 50U));
      EXPECT_EQ(load32(packets[i].data() + ip_header(v6) + 4), 1000U + i * 100) << "sequence number";
    }
  }
}

TEST(TransportMode, lets_no_fragment_out) {
  Bytes first = packet_of({.dont_fragment = false});
  first[6] = 0x20;  // MF
  EXPECT_FALSE(fits_transport(first, parsed(first)));
  Bytes later = packet_of({.dont_fragment = false});
  later[7] = 5;
  EXPECT_FALSE(fits_transport(later, parsed(later)));
  Bytes six = packet_of({.v6 = true});
  six[6] = 44;
  six[40] = kTcp;
  EXPECT_FALSE(fits_transport(six, parsed(six)));
}

TEST(TransportMode, lets_nothing_out_whose_header_is_more_than_the_plain_one) {
  Bytes options = packet_of({.payload = 40});
  options[0] = 0x46;
  EXPECT_FALSE(fits_transport(options, parsed(options)));
  for (const std::uint8_t next : {std::uint8_t{0}, std::uint8_t{43}}) {
    Bytes six = packet_of({.v6 = true});
    six[6] = next;
    six[40] = kTcp;
    six[41] = 0;
    EXPECT_FALSE(fits_transport(six, parsed(six))) << int{next};
  }
  Bytes behind = packet_of({.v6 = true});
  behind[6] = kDestinationOptions;
  behind[40] = kTcp;
  behind[41] = 0;
  EXPECT_TRUE(fits_transport(behind, parsed(behind))) << "these may stand behind ESP (RFC 4303 3.1.1)";
}

TEST(TransportMode, lets_nothing_out_that_is_empty_or_followed_by_something_else) {
  for (const bool v6 : {false, true}) {
    Bytes empty = packet_of({.v6 = v6});
    empty.resize(ip_header(v6));
    store16(empty.data() + (v6 ? 4 : 2), static_cast<std::uint16_t>(v6 ? 0 : 20));
    EXPECT_FALSE(fits_transport(empty, parsed(empty)));
    Bytes longer = packet_of({.v6 = v6});
    longer.resize(longer.size() + 3);
    EXPECT_FALSE(fits_transport(longer, parsed(longer)));
  }
}

TEST(TransportMode, takes_no_header_that_belongs_before_esp_and_no_fragment) {
  for (const bool v6 : {false, true})
    for (const std::uint8_t next : {std::uint8_t{0}, std::uint8_t{43}, std::uint8_t{44}}) {
      Receiver in;
      const auto got = opened(in, {sealed_body(Bytes(38, 0), 0, next)}, v6);
      ASSERT_EQ(got.size(), 1U);
      EXPECT_TRUE(got[0].empty()) << int{next};
    }
}

TEST(TransportMode, takes_an_ip_packet_as_payload_and_never_as_the_packet) {
  Bytes inner = packet_of({.payload = 100});
  inner[15] = 99;  // as from another host
  for (const bool v6 : {false, true}) {
    Receiver in;
    const auto got = opened(in, {sealed_body(inner, 0, kNextIpv4)}, v6);
    ASSERT_EQ(got.size(), 1U);
    const auto info = parsed(got[0]);
    EXPECT_EQ(info.protocol, kNextIpv4) << "IP in IP";
    EXPECT_EQ(info.source, AddressBits::of(hosts(v6).remote));
    EXPECT_EQ(info.destination, AddressBits::of(hosts(v6).local));
  }
}

TEST(TransportMode, drops_dummies_and_false_trailers) {
  struct Row {
    int line;
    std::uint8_t pad, next;
    bool dummy;
  };
  for (const Row& row : {Row{1, 0, kNextNone, true}, Row{2, 255, kTcp, false}, Row{3, 30, kTcp, false}}) {
    Receiver in;
    const auto got = opened(in, {sealed_body(Bytes(30), row.pad, row.next)}, false);
    ASSERT_EQ(got.size(), 1U) << "line " << row.line;
    EXPECT_TRUE(got[0].empty()) << "line " << row.line;
    EXPECT_EQ(in.sa.dummies.get(), row.dummy ? 1U : 0U) << "line " << row.line;
    EXPECT_EQ(in.sa.malformed.get(), row.dummy ? 0U : 1U) << "line " << row.line;
  }
}

TEST(TransportMode, gives_the_packet_the_traffic_class_of_the_outer_header) {
  for (const bool v6 : {false, true}) {
    Receiver in;
    const auto got = opened(in, sealed(packet_of({.v6 = v6})), v6, 46 << 2 | 3);
    EXPECT_EQ(got.at(0), with_flow_label_0(packet_of({.v6 = v6, .traffic_class = 46 << 2 | 3})));
  }
}

TEST(TransportMode, makes_no_packet_longer_than_ip_allows) {
  Bytes out(kLargestWhole + 100);
  EXPECT_EQ(write_whole(out.data(), hosts(false), kUdp, 0, Bytes(65515)), 65535U);
  EXPECT_EQ(write_whole(out.data(), hosts(false), kUdp, 0, Bytes(65516)), 0U);
  EXPECT_EQ(write_whole(out.data(), hosts(true), kUdp, 0, Bytes(65535)), 65575U);
  EXPECT_EQ(write_whole(out.data(), hosts(true), kUdp, 0, Bytes(65536)), 0U);
}

}  // namespace
}  // namespace dormouse::esp
