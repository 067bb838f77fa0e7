// Secrets wipe themselves, compare in constant time, and cannot be printed or copied by accident.
#pragma once
#include <cstdint>
#include <ostream>
#include <utility>

#include "base/bytes.h"

namespace dormouse {

/// Overwrites memory in a way the optimiser keeps.
inline void wipe(MutableBytes b) {
  volatile std::uint8_t* p = b.data();
  for (std::size_t i = 0; i < b.size(); ++i) p[i] = 0;
}

/// True if equal; time depends on the length alone.
[[nodiscard]] inline bool constant_time_equal(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  unsigned diff = 0;
  for (std::size_t i = 0; i < a.size(); ++i) diff |= static_cast<unsigned>(a[i] ^ b[i]);
  return diff == 0;
}

/// An owned secret of any length. Move-only; `clone` copies on purpose; `reveal` marks every place that reads the
/// octets.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : data_(size) {}
  explicit SecretBytes(ByteView v) : data_(v.begin(), v.end()) {}
  SecretBytes(SecretBytes&& o) noexcept : data_(std::exchange(o.data_, {})) {}
  SecretBytes& operator=(SecretBytes&& o) noexcept {
    if (this != &o) {
      wipe(data_);
      data_ = std::exchange(o.data_, {});
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { wipe(data_); }

  [[nodiscard]] SecretBytes clone() const { return SecretBytes(ByteView(data_)); }
  [[nodiscard]] ByteView reveal() const { return data_; }
  [[nodiscard]] MutableBytes reveal_mutable() { return data_; }
  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] bool empty() const { return data_.empty(); }
  friend bool operator==(const SecretBytes& a, const SecretBytes& b) { return constant_time_equal(a.data_, b.data_); }
  friend std::ostream& operator<<(std::ostream&, const SecretBytes&) = delete;

 private:
  Bytes data_;
};

}  // namespace dormouse
