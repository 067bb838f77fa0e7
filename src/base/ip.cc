#include "base/ip.h"

#include <charconv>
#include <vector>

namespace dormouse {
namespace {

std::optional<IpAddress> parse_v4(std::string_view t) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (t.empty() || t.front() != '.') return std::nullopt;
      t.remove_prefix(1);
    }
    unsigned n = 0;
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), n);
    const auto used = static_cast<std::size_t>(end - t.data());
    if (ec != std::errc{} || n > 255 || used > 3 || (used > 1 && t.front() == '0')) return std::nullopt;
    value = value << 8 | n;
    t.remove_prefix(used);
  }
  if (!t.empty()) return std::nullopt;
  return IpAddress::v4(value);
}

std::optional<IpAddress> parse_v6(std::string_view t) {
  std::array<std::uint8_t, 16> out{};
  std::vector<std::uint16_t> head;
  std::vector<std::uint16_t> tail;
  bool gap = false;
  if (t.starts_with("::")) {
    gap = true;
    t.remove_prefix(2);
  }
  while (!t.empty()) {
    auto& side = gap ? tail : head;
    if (t.find(':') == std::string_view::npos && t.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(t);
      if (!v4) return std::nullopt;
      side.push_back(static_cast<std::uint16_t>(v4->v4_value() >> 16));
      side.push_back(static_cast<std::uint16_t>(v4->v4_value()));
      t = {};
      break;
    }
    std::uint16_t n = 0;
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), n, 16);
    const auto used = static_cast<std::size_t>(end - t.data());
    if (ec != std::errc{} || used > 4) return std::nullopt;
    side.push_back(n);
    t.remove_prefix(used);
    if (t.empty()) break;
    if (t.front() != ':') return std::nullopt;
    t.remove_prefix(1);
    if (t.starts_with(":")) {
      if (gap) return std::nullopt;
      gap = true;
      t.remove_prefix(1);
    } else if (t.empty()) {
      return std::nullopt;
    }
  }
  if (head.size() + tail.size() > (gap ? 7U : 8U) || (!gap && head.size() != 8)) return std::nullopt;
  for (std::size_t i = 0; i < head.size(); ++i) store16(out.data() + 2 * i, head[i]);
  for (std::size_t i = 0; i < tail.size(); ++i) store16(out.data() + 16 - 2 * (tail.size() - i), tail[i]);
  return IpAddress::v6(out);
}

std::string v6_text(ByteView b) {
  // RFC 5952: the longest run of two or more zero groups becomes "::", the first of equals.
  int best = -1;
  int best_len = 1;
  for (int i = 0; i < 8; ++i) {
    int n = 0;
    while (i + n < 8 && load16(b.data() + 2 * (i + n)) == 0) ++n;
    if (n > best_len) {
      best = i;
      best_len = n;
    }
  }
  std::string out;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_len - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char buf[5];
    const auto end = std::to_chars(buf, buf + sizeof buf, load16(b.data() + 2 * i), 16).ptr;
    out.append(buf, end);
  }
  return out;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

IpAddress IpAddress::masked(unsigned length, bool ones) const {
  IpAddress a = *this;
  for (std::size_t i = 0; i < size(); ++i) {
    const unsigned kept = length >= 8 * (i + 1) ? 8 : length > 8 * i ? length - static_cast<unsigned>(8 * i) : 0;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
    a.b_[i] = ones ? static_cast<std::uint8_t>(b_[i] | static_cast<std::uint8_t>(~mask))
                   : static_cast<std::uint8_t>(b_[i] & mask);
  }
  return a;
}

IpAddress IpAddress::next() const {
  IpAddress a = *this;
  for (std::size_t i = size(); i-- > 0;)
    if (++a.b_[i] != 0) break;
  return a;
}

std::string IpAddress::text() const {
  if (!is_v4()) return v6_text(bytes());
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    out += std::to_string(b_[i]);
  }
  return out;
}

std::string Endpoint::text() const {
  return (address.is_v4() ? address.text() : "[" + address.text() + "]") + ":" + std::to_string(port);
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return host(*address);
  const auto digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (ec != std::errc{} || end != digits.data() + digits.size() || length > address->bits()) return std::nullopt;
  return of(*address, length);
}

std::string Prefix::text() const { return address.text() + "/" + std::to_string(length); }

std::vector<Prefix> IpRange::prefixes() const {
  std::vector<Prefix> out;
  IpAddress at = first;
  while (true) {
    unsigned length = at.bits();
    while (length > 0 && at.masked(length - 1) == at && at.masked(length - 1, true) <= last) --length;
    out.push_back({at, length});
    const auto end = at.masked(length, true);
    if (end >= last) return out;
    at = end.next();
  }
}

IpAddress v4_mask(unsigned length) { return IpAddress::highest(Family::v4).masked(length); }

}  // namespace dormouse
