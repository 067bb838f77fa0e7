#include "esp/seal_run.h"

namespace dormouse::esp {

bool SealRun::room_for(const OutboundSa& sa, std::size_t size, OuterMark mark) const {
  if (count_ == 0) return true;
  const bool all_full = octets_ == count_ * segment_;
  return &sa == sa_ && mark == mark_ && all_full && size <= segment_ && count_ < kPackets && octets_ + size <= kOctets;
}

void SealRun::seal() {
  if (count_ != 0) sa_->cipher->seal(std::span(jobs_).first(count_));
}

}  // namespace dormouse::esp
