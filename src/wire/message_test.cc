// Properties of whole messages: what is written is read back, and no damage to the octets does more than give an error.
#include "wire/message.h"

#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

std::string full_text(const std::vector<Payload>& payloads) {
  std::string out;
  for (const auto& p : payloads) out += payload_name(type_of(p)) + " " + sample::body_hex(p) + "\n";
  return out;
}

TEST(message, random_ones_survive_writing_and_reading) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    sample::Generator random(seed);
    const auto header = random.header();
    const auto payloads = random.payloads();
    const auto octets = serialize_clear(header, payloads);
    const auto back = parse_message(octets);
    ASSERT_TRUE(back) << seed << " " << back.error().field << " at " << back.error().offset;
    ASSERT_EQ(back->header.length, octets.size());
    ASSERT_EQ(back->header.spi_i, header.spi_i);
    ASSERT_EQ(back->header.spi_r, header.spi_r);
    ASSERT_EQ(back->header.exchange, header.exchange);
    ASSERT_EQ(back->header.initiator, header.initiator);
    ASSERT_EQ(back->header.response, header.response);
    ASSERT_EQ(back->header.message_id, header.message_id);
    ASSERT_EQ(full_text(back->payloads), full_text(payloads)) << seed;
    ASSERT_EQ(serialize_clear(back->header, back->payloads), octets) << seed;
  }
}

TEST(message, cut_at_any_length_it_is_an_error) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    sample::Generator random(seed);
    auto payloads = random.payloads();
    payloads.push_back(random.sa());
    const auto octets = serialize_clear(random.header(), payloads);
    for (std::size_t n = 0; n < octets.size(); ++n) {
      auto cut = to_bytes(ByteView(octets).first(n));
      ASSERT_FALSE(parse_message(cut)) << seed << " " << n;
      // Also when the header admits to the new length.
      if (n < kHeaderSize) continue;
      store32(cut.data() + 24, static_cast<std::uint32_t>(n));
      const auto m = parse_message(cut);
      ASSERT_FALSE(m) << seed << " " << n;
      ASSERT_LE(m.error().offset, n);
    }
  }
}

TEST(message, with_any_octet_changed_it_is_read_or_refused_and_what_is_read_can_be_written) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    sample::Generator random(seed);
    auto octets = serialize_clear(random.header(), random.payloads());
    for (auto n = 1 + random.below(4); n > 0; --n) octets[random.below(octets.size())] = random.octet();
    const auto m = parse_message(octets);
    if (!m || m->encrypted) continue;
    const auto once = serialize_clear(m->header, m->payloads);
    const auto again = parse_message(once);
    ASSERT_TRUE(again) << seed << " " << again.error().field;
    ASSERT_EQ(serialize_clear(again->header, again->payloads), once);
    ASSERT_LE(once.size(), octets.size());
  }
}

TEST(message, without_its_cookie_is_the_message_of_before) {
  const NotifyPayload cookie{{}, {}, NotifyType::cookie, Bytes(64, 7)};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    sample::Generator random(seed);
    const auto header = random.header();
    auto payloads = random.payloads();
    const auto before = serialize_clear(header, payloads);
    if (without_cookie(before) != before) continue;  // it begins with one already
    payloads.insert(payloads.begin(), cookie);
    EXPECT_EQ(without_cookie(serialize_clear(header, payloads)), before) << seed;
  }
  EXPECT_EQ(without_cookie(Bytes(5, 41)), Bytes(5, 41));
  Bytes cut = serialize_clear({}, {cookie});
  cut.resize(kHeaderSize + 20);
  EXPECT_EQ(without_cookie(cut), cut) << "longer than the message that it is in";
}

TEST(message, find_gives_the_first_of_a_kind_or_nothing) {
  const std::vector<Payload> payloads{NoncePayload{Bytes(16, 1)}, NotifyPayload{{}, {}, NotifyType::cookie, {1}},
                                      NotifyPayload{{}, {}, NotifyType::cookie, {2}}, NoncePayload{Bytes(16, 2)}};
  EXPECT_EQ(find<NoncePayload>(payloads), std::get_if<NoncePayload>(&payloads[0]));
  EXPECT_EQ(find<SaPayload>(payloads), nullptr);
  EXPECT_EQ(find_notify(payloads, NotifyType::cookie)->data, Bytes{1});
  EXPECT_EQ(find_notify(payloads, NotifyType::rekey_sa), nullptr);
}

}  // namespace
}  // namespace dormouse::wire
