// Bounded reading and writing of big-endian octets. Every read names its field, so that an error says where and what.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/result.h"

namespace dormouse {

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

[[nodiscard]] inline Bytes to_bytes(ByteView v) { return Bytes(v.begin(), v.end()); }
[[nodiscard]] inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
[[nodiscard]] inline ByteView as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}

[[nodiscard]] constexpr std::uint16_t load16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
[[nodiscard]] constexpr std::uint32_t load32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
[[nodiscard]] constexpr std::uint64_t load64(const std::uint8_t* p) {
  return std::uint64_t{load32(p)} << 32 | load32(p + 4);
}
constexpr void store16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
constexpr void store32(std::uint8_t* p, std::uint32_t v) {
  store16(p, static_cast<std::uint16_t>(v >> 16));
  store16(p + 2, static_cast<std::uint16_t>(v));
}
constexpr void store64(std::uint8_t* p, std::uint64_t v) {
  store32(p, static_cast<std::uint32_t>(v >> 32));
  store32(p + 4, static_cast<std::uint32_t>(v));
}

/// A cursor over borrowed octets. Copying it remembers a place; nothing is owned.
class Reader {
 public:
  explicit Reader(ByteView data, std::uint32_t base_offset = 0) : data_(data), base_(base_offset) {}

  [[nodiscard]] Result<std::uint8_t> u8(const char* field) {
    if (left() < 1) return short_of(field);
    return data_[pos_++];
  }
  [[nodiscard]] Result<std::uint16_t> u16(const char* field) {
    if (left() < 2) return short_of(field);
    const auto v = load16(data_.data() + pos_);
    pos_ += 2;
    return v;
  }
  [[nodiscard]] Result<std::uint32_t> u32(const char* field) {
    if (left() < 4) return short_of(field);
    const auto v = load32(data_.data() + pos_);
    pos_ += 4;
    return v;
  }
  [[nodiscard]] Result<std::uint64_t> u64(const char* field) {
    if (left() < 8) return short_of(field);
    const auto v = load64(data_.data() + pos_);
    pos_ += 8;
    return v;
  }
  /// The next `n` octets, borrowed.
  [[nodiscard]] Result<ByteView> take(std::size_t n, const char* field) {
    if (left() < n) return short_of(field);
    const auto v = data_.subspan(pos_, n);
    pos_ += n;
    return v;
  }
  /// All that is left, borrowed; may be empty.
  [[nodiscard]] ByteView rest() {
    const auto v = data_.subspan(pos_);
    pos_ = data_.size();
    return v;
  }
  /// A reader of the next `n` octets that still reports offsets of the whole input.
  [[nodiscard]] Result<Reader> sub(std::size_t n, const char* field) {
    const auto at = offset();
    TRY_ASSIGN(const auto v, take(n, field));
    return Reader(v, at);
  }
  /// Error `malformed` if anything is left.
  [[nodiscard]] Result<void> finish(const char* field) const {
    if (left() != 0) return fail(ErrorCode::malformed, field, offset());
    return {};
  }
  [[nodiscard]] std::size_t left() const { return data_.size() - pos_; }
  [[nodiscard]] bool empty() const { return left() == 0; }
  /// Place in the whole input, in bytes.
  [[nodiscard]] std::uint32_t offset() const { return base_ + static_cast<std::uint32_t>(pos_); }

 private:
  [[nodiscard]] std::unexpected<Error> short_of(const char* field) const {
    return fail(ErrorCode::truncated, field, offset());
  }
  ByteView data_;
  std::size_t pos_ = 0;
  std::uint32_t base_;
};

/// Appends big-endian values to a vector it borrows.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) {
    grow<2>([v](std::uint8_t* p) { store16(p, v); });
  }
  void u32(std::uint32_t v) {
    grow<4>([v](std::uint8_t* p) { store32(p, v); });
  }
  void u64(std::uint64_t v) {
    grow<8>([v](std::uint8_t* p) { store64(p, v); });
  }
  void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void zeros(std::size_t n) { out_.resize(out_.size() + n); }
  /// Overwrites two octets written before, e.g. a length that is known only at the end.
  void patch_u16(std::size_t at, std::uint16_t v) { store16(out_.data() + at, v); }
  void patch_u32(std::size_t at, std::uint32_t v) { store32(out_.data() + at, v); }
  void patch_u8(std::size_t at, std::uint8_t v) { out_[at] = v; }
  [[nodiscard]] std::size_t size() const { return out_.size(); }

 private:
  template <std::size_t N, class F>
  void grow(F store) {
    const auto at = out_.size();
    out_.resize(at + N);
    store(out_.data() + at);
  }
  Bytes& out_;
};

}  // namespace dormouse
