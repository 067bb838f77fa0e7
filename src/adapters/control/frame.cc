#include "adapters/control/frame.h"

namespace dormouse::control {

std::string frame(std::string_view text) {
  std::string out(4, '\0');
  store32(reinterpret_cast<std::uint8_t*>(out.data()), static_cast<std::uint32_t>(text.size()));
  out += text;
  return out;
}

void FrameReader::feed(ByteView piece) {
  // What was given out is dropped here, once per piece, not once per message.
  data_.erase(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  data_.insert(data_.end(), piece.begin(), piece.end());
}

Result<std::optional<std::string>> FrameReader::next() {
  if (held() < 4) return std::nullopt;
  const std::size_t length = load32(data_.data() + at_);
  if (length == 0) return fail(ErrorCode::malformed, "length");
  if (length > max_) return fail(ErrorCode::too_large, "length", 0, static_cast<std::uint32_t>(length));
  if (held() - 4 < length) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(data_.data()) + at_ + 4, length);
  at_ += 4 + length;
  return text;
}

}  // namespace dormouse::control
