#include "esp/replay_window.h"

#include <algorithm>
#include <bit>

namespace dormouse::esp {

// One word more than the window, so that the word being filled never holds live bits of the far end.
ReplayWindow::ReplayWindow(std::uint32_t size) : size_((std::uint64_t{size} + 63) / 64 * 64) {
  if (size_ != 0) words_.resize(std::bit_ceil(size_ / 64 + 1));
}

ReplayVerdict ReplayWindow::check(SeqNo seq) const {
  const auto s = seq.value();
  if (words_.empty()) return ReplayVerdict::fresh;
  if (s == 0) return ReplayVerdict::too_old;  // the first packet of an SA has number 1
  if (s > highest_) return ReplayVerdict::fresh;
  if (highest_ - s >= size_) return ReplayVerdict::too_old;
  const auto word = words_[s / 64 & (words_.size() - 1)];
  return word >> (s & 63) & 1 ? ReplayVerdict::replayed : ReplayVerdict::fresh;
}

void ReplayWindow::accept(SeqNo seq) {
  const auto s = seq.value();
  if (words_.empty()) {
    highest_ = std::max(highest_, s);
    return;
  }
  const auto mask = words_.size() - 1;
  if (s > highest_) {
    const auto from = highest_ / 64;
    const auto to = s / 64;
    for (auto w = from + 1; w <= std::min(to, from + words_.size()); ++w) words_[w & mask] = 0;
    highest_ = s;
  }
  words_[s / 64 & mask] |= std::uint64_t{1} << (s & 63);
}

SeqNo ReplayWindow::infer(std::uint32_t low) const {
  const auto top_low = static_cast<std::uint32_t>(highest_);
  auto high = static_cast<std::uint32_t>(highest_ >> 32);
  const auto w = static_cast<std::uint32_t>(std::max<std::uint64_t>(size_, 64));
  if (top_low >= w - 1) {
    if (low < top_low - w + 1) ++high;  // the low half wrapped
  } else if (low >= top_low - w + 1 && high > 0) {
    --high;  // a late packet from before the wrap
  }
  return SeqNo(std::uint64_t{high} << 32 | low);
}

}  // namespace dormouse::esp
