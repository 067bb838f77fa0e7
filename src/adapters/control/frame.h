// The framing of the control socket: four octets of length, big-endian, then so many octets of JSON text.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace dormouse::control {

/// `text` with its length in front. `text` must be shorter than 4 GiB.
[[nodiscard]] std::string frame(std::string_view text);

/// Cuts a stream of octets, fed in any pieces, into messages.
class FrameReader {
 public:
  /// A message of more than `max` octets is an error as soon as its length is read; nothing is stored for it.
  explicit FrameReader(std::size_t max) : max_(max) {}
  /// Keeps a copy of `piece`.
  void feed(ByteView piece);
  /// The next whole message, or nothing yet. Error too_large or malformed (length 0): the stream cannot go on.
  [[nodiscard]] Result<std::optional<std::string>> next();
  /// Octets held that no message was made of yet.
  [[nodiscard]] std::size_t held() const { return data_.size() - at_; }

 private:
  std::size_t max_;
  Bytes data_;
  std::size_t at_ = 0;
};

}  // namespace dormouse::control
