// Which Child SA an SPI belongs to: open addressing in one flat array, at most half full.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace dormouse::esp {

template <class Sa>
class SpiTable {
 public:
  SpiTable() : slots_(kSmallest) {}
  [[nodiscard]] Sa* find(EspSpi spi) const {
    for (std::size_t i = home(spi);; i = next(i)) {
      if (slots_[i].sa == nullptr || slots_[i].spi == spi) return slots_[i].sa;
    }
  }
  /// An SPI that is there already gets the new SA.
  void insert(EspSpi spi, Sa* sa) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    std::size_t i = home(spi);
    while (slots_[i].sa != nullptr && slots_[i].spi != spi) i = next(i);
    if (slots_[i].sa == nullptr) ++used_;
    slots_[i] = {spi, sa};
  }
  /// Closes the gap by moving back what was pushed past it, so that no tombstones make later searches longer.
  void erase(EspSpi spi) {
    std::size_t gap = home(spi);
    while (slots_[gap].sa != nullptr && slots_[gap].spi != spi) gap = next(gap);
    if (slots_[gap].sa == nullptr) return;
    --used_;
    slots_[gap] = {};
    for (std::size_t i = next(gap); slots_[i].sa != nullptr; i = next(i)) {
      const std::size_t wanted = home(slots_[i].spi);
      const bool stays = gap <= i ? gap < wanted && wanted <= i : gap < wanted || wanted <= i;
      if (stays) continue;
      slots_[gap] = std::exchange(slots_[i], {});
      gap = i;
    }
  }
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  static constexpr std::size_t kSmallest = 64;
  struct Slot {
    EspSpi spi{};
    Sa* sa = nullptr;
  };
  // SPIs are chosen by us, at random; the multiplication is for those that are not.
  [[nodiscard]] std::size_t home(EspSpi spi) const {
    return (std::uint64_t{spi.value()} * 0x9e3779b97f4a7c15U >> 32) & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  void grow() {
    auto old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
    used_ = 0;
    for (const auto& slot : old)
      if (slot.sa != nullptr) insert(slot.spi, slot.sa);
  }
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace dormouse::esp
