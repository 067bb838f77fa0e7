#include "esp/spi_table.h"

#include <gtest/gtest.h>
#include <map>

namespace dormouse::esp {
namespace {

struct Sa {
  std::uint32_t spi;
};

TEST(SpiTable, agrees_with_a_map_over_many_changes) {
  SpiTable<Sa> table;
  std::map<std::uint32_t, Sa> map;
  std::uint32_t state = 7;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525 + 1013904223;
    const std::uint32_t spi = 256 + (state >> 12) % 3000;
    if ((state >> 8 & 3) != 0) {
      auto& sa = map[spi];
      sa.spi = spi;
      table.insert(EspSpi(spi), &sa);
    } else {
      table.erase(EspSpi(spi));
      map.erase(spi);
    }
    if (i % 1000 != 0) continue;
    ASSERT_EQ(table.size(), map.size());
    for (std::uint32_t s = 256; s < 3256; ++s) {
      const auto it = map.find(s);
      ASSERT_EQ(table.find(EspSpi(s)), it == map.end() ? nullptr : &it->second) << s;
    }
  }
}

TEST(SpiTable, replaces_the_sa_of_an_spi) {
  SpiTable<Sa> table;
  Sa a{1}, b{1};
  table.insert(EspSpi(1), &a);
  table.insert(EspSpi(1), &b);
  EXPECT_EQ(table.find(EspSpi(1)), &b);
  EXPECT_EQ(table.size(), 1U);
  table.erase(EspSpi(1));
  table.erase(EspSpi(1));
  EXPECT_EQ(table.find(EspSpi(1)), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace dormouse::esp
