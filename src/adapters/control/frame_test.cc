#include "adapters/control/frame.h"

#include <gtest/gtest.h>
#include <random>

#include "base/limits.h"

namespace dormouse::control {
namespace {

TEST(Frame, puts_the_length_in_front_big_endian) {
  EXPECT_EQ(frame("{}"), std::string("\0\0\0\2{}", 6));
  EXPECT_EQ(frame(std::string(0x10203, 'a')).substr(0, 4), std::string("\0\1\2\3", 4));
}

TEST(FrameReader, gives_whole_messages_only_however_they_are_cut) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> sent;
    std::string stream;
    for (int i = 0; i < 20; ++i) {
      sent.emplace_back(1 + random() % 3000, static_cast<char>('a' + i));
      stream += frame(sent.back());
    }
    FrameReader reader(4000);
    std::vector<std::string> got;
    for (std::size_t at = 0; at < stream.size();) {
      const auto n = std::min<std::size_t>(1 + random() % 5000, stream.size() - at);
      reader.feed(as_bytes(std::string_view(stream).substr(at, n)));
      at += n;
      for (auto m = reader.next(); m && *m; m = reader.next()) got.push_back(**m);
    }
    ASSERT_EQ(got, sent);
    EXPECT_EQ(reader.held(), 0U);
  }
}

TEST(FrameReader, refuses_a_message_over_the_bound_by_its_length_alone) {
  FrameReader reader(limits::kMaxControlRequest);
  Bytes length;
  Writer(length).u32(limits::kMaxControlRequest + 1);
  reader.feed(length);
  const auto m = reader.next();
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::too_large);
  EXPECT_EQ(reader.held(), 4U);
}

TEST(FrameReader, takes_a_message_at_the_bound) {
  FrameReader reader(5);
  reader.feed(as_bytes(frame("12345")));
  const auto m = reader.next();
  ASSERT_TRUE(m && *m);
  EXPECT_EQ(**m, "12345");
}

TEST(FrameReader, refuses_an_empty_message) {
  FrameReader reader(10);
  reader.feed(as_bytes(frame("")));
  const auto m = reader.next();
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().code, ErrorCode::malformed);
}

TEST(FrameReader, survives_random_octets_and_never_gives_more_than_it_was_fed) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    FrameReader reader(300);
    std::size_t fed = 0, got = 0;
    for (int piece = 0; piece < 10; ++piece) {
      Bytes octets(random() % 200);
      // Small lengths are made likely, so that messages do come out.
      for (auto& o : octets) o = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : 0);
      fed += octets.size();
      reader.feed(octets);
      auto m = reader.next();
      for (; m && *m; m = reader.next()) {
        ASSERT_FALSE((*m)->empty());
        ASSERT_LE((*m)->size(), 300U);
        got += 4 + (*m)->size();
      }
      ASSERT_EQ(got + reader.held(), fed);
      if (!m) break;
    }
  }
}

}  // namespace
}  // namespace dormouse::control
