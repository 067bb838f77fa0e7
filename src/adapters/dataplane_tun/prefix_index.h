// Which tunnels of a shared device a packet may be for: those whose other side names the longest prefix of its
// destination come first. As many look-ups as there are lengths in use, however many tunnels there are.
#pragma once
#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include "esp/inner_packet.h"

namespace dormouse::dataplane {

template <class Tunnel>
class PrefixIndex {
 public:
  void insert(const Prefix& p, Tunnel* t) {
    auto& there = table_[Key::of(p)];
    there.insert(there.begin(), t);
    auto& side = sides_[p.address.is_v4() ? 0 : 1];
    if (side.count[p.length]++ == 0) {
      side.lengths.push_back(p.length);
      std::ranges::sort(side.lengths, std::greater());
    }
  }
  /// Once for each insert().
  void erase(const Prefix& p, Tunnel* t) {
    const auto at = table_.find(Key::of(p));
    if (at == table_.end()) return;
    const auto it = std::ranges::find(at->second, t);
    if (it == at->second.end()) return;
    at->second.erase(it);
    if (at->second.empty()) table_.erase(at);
    auto& side = sides_[p.address.is_v4() ? 0 : 1];
    if (--side.count[p.length] == 0) std::erase(side.lengths, p.length);
  }
  /// Calls `use(Tunnel&)` for each that names a prefix of the address, longest first, then newest first, until it
  /// returns true. False: none did.
  template <class Use>
  bool visit(const esp::AddressBits& address, bool v6, Use&& use) const {
    for (const unsigned length : sides_[v6 ? 1 : 0].lengths) {
      const auto at = table_.find(Key::of(address, v6, length));
      if (at == table_.end()) continue;
      for (Tunnel* t : at->second)
        if (use(*t)) return true;
    }
    return false;
  }
  [[nodiscard]] bool empty() const { return table_.empty(); }

 private:
  struct Key {
    esp::AddressBits address;
    unsigned length = 0;
    bool v6 = false;
    friend bool operator==(const Key&, const Key&) = default;
    [[nodiscard]] static Key of(const Prefix& p) {
      return of(esp::AddressBits::of(p.address), !p.address.is_v4(), p.length);
    }
    [[nodiscard]] static Key of(esp::AddressBits a, bool v6, unsigned length) {
      const auto first_bits = [](unsigned n) { return n == 0 ? 0 : ~std::uint64_t{0} << (64 - n); };
      if (!v6) return {{0, a.low & first_bits(32 + length) & 0xffffffff}, length, false};
      return {{a.high & first_bits(std::min(length, 64U)), a.low & first_bits(length > 64 ? length - 64 : 0)},
              length,
              true};
    }
  };
  struct Hash {
    std::size_t operator()(const Key& k) const {
      const auto mixed = (k.address.high ^ k.length) * 0x9e3779b97f4a7c15U + k.address.low;
      return static_cast<std::size_t>((mixed ^ mixed >> 32) * 0xff51afd7ed558ccdU >> 16);
    }
  };
  struct Side {
    std::array<std::uint32_t, 129> count{};
    std::vector<unsigned> lengths;  ///< in use, longest first
  };
  std::unordered_map<Key, std::vector<Tunnel*>, Hash> table_;
  std::array<Side, 2> sides_;  ///< IPv4, IPv6
};

}  // namespace dormouse::dataplane
