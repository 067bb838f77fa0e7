// Both halves of a Child SA against each other: runs sealed here, batches opened there.
#include "esp/sa_runtime.h"

#include <gtest/gtest.h>

#include "esp/inner_packets_for_test.h"
#include "esp/open_batch.h"
#include "esp/seal_run.h"
#include "esp/segmenter.h"
#include "esp/toy_cipher_for_test.h"

namespace dormouse::esp {
namespace {

using testing::packet_of;
using testing::ToyCipher;

constexpr EspSpi kSpi(0x12345678);

OutboundSa outbound(bool esn = false, ByteLimits limits = {}) {
  return {std::make_unique<ToyCipher>(), kSpi, esn, limits};
}
InboundSa inbound(bool esn = false, std::uint32_t window = 64, ByteLimits limits = {}) {
  return {std::make_unique<ToyCipher>(), kSpi, esn, window, limits};
}

/// The ESP packets of a run.
std::vector<Bytes> sealed(SealRun& run) {
  run.seal();
  std::vector<Bytes> out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < run.count(); ++i) {
    out.push_back(to_bytes(run.octets().subspan(at, run.size_of(i))));
    at += run.size_of(i);
  }
  EXPECT_EQ(at, run.octets().size());
  run.clear();
  return out;
}

Bytes sealed_one(OutboundSa& sa, Bytes inner) {
  SealRun run;
  Segmenter one(inner, {});
  run.take(sa, one, false, {});
  return sealed(run).at(0);
}

/// What comes out of a batch of these.
std::vector<Bytes> opened(InboundSa& sa, std::vector<Bytes> packets) {
  OpenBatch batch;
  for (auto& p : packets) batch.add(sa, p);
  std::vector<Bytes> out;
  for (const auto& o : batch.run(sa)) out.push_back(to_bytes(o.inner));
  return out;
}

TEST(SaRuntime, carries_packets_of_every_length) {
  auto out = outbound();
  auto in = inbound();
  for (std::size_t payload = 0; payload < 70; ++payload) {
    for (const bool v6 : {false, true}) {
      Bytes inner = packet_of({.v6 = v6, .payload = payload});
      SealRun run;
      Segmenter one(inner, {});
      run.take(out, one, v6, {});
      const auto packets = sealed(run);
      ASSERT_EQ(packets.size(), 1U);
      EXPECT_EQ(packets[0].size() % 4, 0U);
      EXPECT_EQ(load32(packets[0].data()), kSpi.value());
      EXPECT_EQ(load32(packets[0].data() + 4), out.seq);
      EXPECT_EQ(opened(in, packets), std::vector<Bytes>{inner});
    }
  }
  EXPECT_EQ(out.packets.get(), 140U);
  EXPECT_EQ(in.packets.get(), 140U);
  EXPECT_EQ(in.octets.get(), out.octets.get());
}

TEST(SaRuntime, pads_with_one_two_three) {
  auto out = outbound();
  Bytes packet = sealed_one(out, packet_of({.payload = 3}));  // 55 octets: pad of 3
  for (auto& b : std::span(packet).subspan(16)) b ^= 0xff;
  EXPECT_TRUE(equal(ByteView(packet).subspan(16 + 55, 5), Bytes{1, 2, 3, 3, kNextIpv4}));
}

TEST(SaRuntime, drops_replays_within_and_between_batches) {
  auto out = outbound();
  auto in = inbound();
  const auto a = sealed_one(out, packet_of({.id = 1})), b = sealed_one(out, packet_of({.id = 2}));
  EXPECT_EQ(opened(in, {a, b, a}).size(), 2U);
  EXPECT_EQ(opened(in, {b}).size(), 0U);
  EXPECT_EQ(in.replayed.get(), 2U);
  EXPECT_EQ(in.auth_failed.get(), 0U);
}

TEST(SaRuntime, drops_what_was_altered_and_lets_the_window_alone) {
  auto out = outbound();
  auto in = inbound();
  const auto good = sealed_one(out, packet_of({}));
  for (const std::size_t at : {4UL, 7UL, 16UL, good.size() - 1}) {
    auto bad = good;
    bad[at] ^= 1;
    EXPECT_TRUE(opened(in, {bad}).empty()) << at;
  }
  EXPECT_EQ(in.highest.get(), 0U);
  EXPECT_EQ(opened(in, {good}).size(), 1U);
}

TEST(SaRuntime, survives_packets_of_every_length) {
  auto in = inbound();
  for (std::size_t n = 8; n < 60; ++n) EXPECT_TRUE(opened(in, {Bytes(n, 0x55)}).empty());
  EXPECT_GT(in.malformed.get(), 0U);
}

TEST(SaRuntime, hands_on_no_dummy_packet_and_no_false_trailer) {
  struct Row {
    int line;
    std::uint8_t pad_length, next;
  };
  for (const Row& row :
       {Row{1, 0, kNextNone}, Row{2, 255, kNextIpv4}, Row{3, 0, kNextIpv6}, Row{4, 30, kNextIpv4}, Row{5, 0, 17}}) {
    Bytes packet(8 + 8 + 32 + 4);
    store32(packet.data(), kSpi.value());
    store32(packet.data() + 4, 1);
    packet[16] = 0x45;
    packet[46] = row.pad_length;
    packet[47] = row.next;
    crypto::EspJob job{packet.data(), 32, 1, false};
    ToyCipher().seal({&job, 1});
    auto in = inbound();
    const auto got = opened(in, {packet});
    ASSERT_EQ(got.size(), 1U) << "line " << row.line;  // verified, so it counts as a sign of life
    EXPECT_TRUE(got[0].empty()) << "line " << row.line;
    EXPECT_EQ(in.dummies.get(), row.next == kNextNone ? 1U : 0U) << "line " << row.line;
    EXPECT_EQ(in.malformed.get(), row.next == kNextNone ? 0U : 1U) << "line " << row.line;
  }
}

TEST(SaRuntime, takes_a_packet_with_padding_against_traffic_analysis_behind_it) {
  for (const bool v6 : {false, true}) {
    const Bytes inner = packet_of({.v6 = v6, .payload = 11});
    Bytes padded = inner;
    padded.resize(1400, 0xee);
    auto out = outbound();
    auto in = inbound();
    const auto packet = sealed_one(out, padded);
    std::vector<Bytes> got = opened(in, {packet});
    if (v6) {  // sealed_one() names IPv4 as next header
      EXPECT_EQ(in.malformed.get(), 1U);
      continue;
    }
    ASSERT_EQ(got.size(), 1U);
    InnerPacket info;
    ASSERT_TRUE(parse_inner(got[0], info));
    EXPECT_TRUE(equal(ByteView(got[0]).first(info.length), inner)) << "its own length cuts the padding off";
  }
}

TEST(SaRuntime, follows_the_64_bit_number_through_the_wrap) {
  auto out = outbound(true);
  auto in = inbound(true);
  out.seq = 0xfffffffd;
  in.window.accept(SeqNo(0xfffffffd));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(opened(in, {sealed_one(out, packet_of({}))}).size(), 1U) << i;
  EXPECT_EQ(in.highest.get(), 0x100000003U);
}

TEST(SaRuntime, stops_before_a_32_bit_number_comes_round) {
  auto out = outbound(false);
  EXPECT_EQ(out.lifetime(), Lifetime::good);
  out.seq = 0xc0000000;
  EXPECT_EQ(out.lifetime(), Lifetime::soft_reached);
  out.seq = 0xfffffffe;
  EXPECT_EQ(load32(sealed_one(out, packet_of({})).data() + 4), 0xffffffffU);
  EXPECT_EQ(out.lifetime(), Lifetime::hard_reached);
  Bytes inner = packet_of({});
  Segmenter one(inner, {});
  SealRun run;
  run.take(out, one, false, {});
  EXPECT_TRUE(run.empty());
  EXPECT_NE(one.next_size(), 0U);
}

TEST(SaRuntime, stops_at_the_hard_limit_of_octets) {
  auto out = outbound(false, {.soft = 200, .hard = 300});
  (void)sealed_one(out, packet_of({.payload = 100}));  // 152 octets each
  EXPECT_EQ(out.lifetime(), Lifetime::good);
  (void)sealed_one(out, packet_of({.payload = 100}));
  EXPECT_EQ(out.lifetime(), Lifetime::hard_reached);
  EXPECT_TRUE(out.exhausted());
  EXPECT_EQ(lifetime_of(250, {.soft = 200, .hard = 300}), Lifetime::soft_reached);
  EXPECT_EQ(lifetime_of(250, {}), Lifetime::good);
}

TEST(SaRuntime, stops_at_the_hard_limit_in_the_middle_of_a_super_packet) {
  auto out = outbound(false, {.hard = 3000});
  Bytes super = packet_of({.payload = 60000});
  Segmenter many(super,
                 {.flags = kNeedsChecksum, .gso_type = kGsoTcp4, .gso_size = 948, .csum_start = 20, .csum_offset = 16});
  SealRun run;
  run.take(out, many, false, {});
  EXPECT_EQ(run.count(), 3U) << "of 1000 octets each";
  EXPECT_TRUE(out.exhausted());
}

TEST(SaRuntime, opens_nothing_beyond_the_hard_limit_of_octets) {
  auto out = outbound();
  auto in = inbound(false, 64, {.hard = 300});
  EXPECT_EQ(opened(in, {sealed_one(out, packet_of({.payload = 100}))}).size(), 1U);  // 152 octets each
  EXPECT_EQ(opened(in, {sealed_one(out, packet_of({.payload = 100}))}).size(), 1U);
  EXPECT_TRUE(opened(in, {sealed_one(out, packet_of({.payload = 100}))}).empty());
  EXPECT_EQ(in.expired.get(), 1U);
  EXPECT_EQ(in.octets.get(), 304U);
}

TEST(SealRun, keeps_to_equal_sizes_with_a_shorter_one_at_the_end) {
  auto sa = outbound();
  SealRun run;
  const auto offer = [&](std::size_t payload) {
    Bytes inner = packet_of({.payload = payload});
    Segmenter one(inner, {});
    run.take(sa, one, false, {});
    return one.next_size() == 0;
  };
  EXPECT_TRUE(offer(100));
  EXPECT_TRUE(offer(100));
  EXPECT_FALSE(offer(104)) << "a larger one";
  EXPECT_TRUE(offer(40));
  EXPECT_FALSE(offer(40)) << "after a shorter one";
  EXPECT_EQ(run.count(), 3U);
  EXPECT_EQ(run.segment(), sa.format.total(152));
  EXPECT_EQ(run.size_of(2), sa.format.total(92));
}

TEST(SealRun, keeps_sas_and_traffic_classes_apart) {
  auto a = outbound(), b = outbound();
  SealRun run;
  const auto offer = [&](OutboundSa& sa, std::uint8_t traffic_class) {
    Bytes inner = packet_of({});
    Segmenter one(inner, {});
    run.take(sa, one, false, {traffic_class, false});
    return one.next_size() == 0;
  };
  EXPECT_TRUE(offer(a, 0));
  EXPECT_FALSE(offer(b, 0));
  EXPECT_FALSE(offer(a, 4));
  EXPECT_TRUE(offer(a, 0));
  EXPECT_EQ(b.seq, 0U);
}

TEST(SealRun, sends_packets_together_only_under_one_mark) {
  auto sa = outbound();
  SealRun run;
  const auto offer = [&](OuterMark mark) {
    Bytes inner = packet_of({});
    Segmenter one(inner, {});
    run.take(sa, one, false, mark);
    return one.next_size() == 0;
  };
  EXPECT_TRUE(offer({1, true}));
  EXPECT_FALSE(offer({1, false}));
  EXPECT_FALSE(offer({2, true}));
  EXPECT_TRUE(offer({1, true}));
  EXPECT_EQ(run.mark(), (OuterMark{1, true}));
}

TEST(SealRun, fits_a_datagram_and_one_send) {
  auto sa = outbound();
  SealRun run;
  const testing::PacketSpec spec{.payload = 65000 - 52};
  Bytes super = packet_of(spec);
  Segmenter many(
      super, {.flags = kNeedsChecksum, .gso_type = kGsoTcp4, .gso_size = 1348, .csum_start = 20, .csum_offset = 16});
  std::size_t runs = 0, packets = 0;
  while (many.next_size() != 0) {
    run.take(sa, many, false, {});
    ASSERT_FALSE(run.empty());
    EXPECT_LE(run.octets().size(), SealRun::kOctets);
    EXPECT_LE(run.count(), SealRun::kPackets);
    packets += run.count();
    ++runs;
    (void)sealed(run);
  }
  EXPECT_EQ(runs, 2U);
  EXPECT_EQ(packets, 49U);
}

TEST(OpenBatch, says_which_packet_is_the_newest) {
  auto out = outbound();
  auto in = inbound();
  std::vector<Bytes> packets;
  for (int i = 0; i < 3; ++i) packets.push_back(sealed_one(out, packet_of({})));
  std::swap(packets[1], packets[2]);
  OpenBatch batch;
  for (auto& p : packets) batch.add(in, p);
  const auto got = batch.run(in);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_TRUE(got[0].newest);
  EXPECT_TRUE(got[1].newest);
  EXPECT_FALSE(got[2].newest);
}

}  // namespace
}  // namespace dormouse::esp
