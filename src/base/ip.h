// Addresses of both families as plain values, comparable and hashable, with text forms.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace dormouse {

enum class Family : std::uint8_t { v4 = 4, v6 = 6 };

/// An IPv4 or IPv6 address. The default is 0.0.0.0.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  [[nodiscard]] static IpAddress v4(std::uint32_t host_order) {
    IpAddress a;
    store32(a.b_.data(), host_order);
    return a;
  }
  [[nodiscard]] static IpAddress v4(ByteView four) { return v4(load32(four.data())); }
  [[nodiscard]] static IpAddress v6(ByteView sixteen) {
    IpAddress a;
    a.family_ = Family::v6;
    std::memcpy(a.b_.data(), sixteen.data(), 16);
    return a;
  }
  [[nodiscard]] static IpAddress any(Family f) {
    IpAddress a;
    a.family_ = f;
    return a;
  }
  /// All ones of the family.
  [[nodiscard]] static IpAddress highest(Family f) {
    IpAddress a = any(f);
    for (std::size_t i = 0; i < a.size(); ++i) a.b_[i] = 0xff;
    return a;
  }
  /// Parses "192.0.2.1" or "2001:db8::1"; nothing else.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] bool is_v4() const { return family_ == Family::v4; }
  [[nodiscard]] std::size_t size() const { return is_v4() ? 4 : 16; }
  [[nodiscard]] unsigned bits() const { return is_v4() ? 32 : 128; }
  [[nodiscard]] ByteView bytes() const { return {b_.data(), size()}; }
  [[nodiscard]] std::uint32_t v4_value() const { return load32(b_.data()); }
  [[nodiscard]] bool is_unspecified() const { return *this == any(family_); }
  /// The address with all but the first `length` bits cleared (or, with `ones`, set).
  [[nodiscard]] IpAddress masked(unsigned length, bool ones = false) const;
  /// The numerically next address; wraps at the end of the family.
  [[nodiscard]] IpAddress next() const;
  [[nodiscard]] std::string text() const;
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::v4;
  std::array<std::uint8_t, 16> b_{};
};

/// Address and UDP port (host order); port 0 where none applies, e.g. plain ESP.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const;  ///< "192.0.2.1:500", "[2001:db8::1]:500"
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// A prefix with the host bits cleared.
struct Prefix {
  IpAddress address;
  unsigned length = 0;
  /// "10.1.0.0/16", or a bare address as a full-length prefix; host bits are cleared.
  [[nodiscard]] static std::optional<Prefix> parse(std::string_view text);
  [[nodiscard]] static Prefix of(IpAddress a, unsigned length) { return {a.masked(length), length}; }
  [[nodiscard]] static Prefix host(IpAddress a) { return {a, a.bits()}; }
  [[nodiscard]] bool contains(const IpAddress& a) const {
    return a.family() == address.family() && a.masked(length) == address;
  }
  [[nodiscard]] IpAddress first() const { return address; }
  [[nodiscard]] IpAddress last() const { return address.masked(length, true); }
  [[nodiscard]] std::string text() const;  ///< "10.1.0.0/16"
  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;
};

/// Inclusive range of one family, first <= last.
struct IpRange {
  IpAddress first;
  IpAddress last;
  [[nodiscard]] bool contains(const IpAddress& a) const {
    return a.family() == first.family() && first <= a && a <= last;
  }
  /// The fewest prefixes that cover exactly this range, lowest first.
  [[nodiscard]] std::vector<Prefix> prefixes() const;
  friend constexpr auto operator<=>(const IpRange&, const IpRange&) = default;
};

/// Dotted mask of a length, "255.255.255.0". `length` 0..32.
[[nodiscard]] IpAddress v4_mask(unsigned length);

}  // namespace dormouse

template <>
struct std::hash<dormouse::IpAddress> {
  std::size_t operator()(const dormouse::IpAddress& a) const noexcept {
    std::size_t h = static_cast<std::size_t>(a.family());
    for (const auto b : a.bytes()) h = h * 1099511628211ULL ^ b;
    return h;
  }
};
template <>
struct std::hash<dormouse::Endpoint> {
  std::size_t operator()(const dormouse::Endpoint& e) const noexcept {
    return std::hash<dormouse::IpAddress>{}(e.address) * 31 + e.port;
  }
};
