#include "esp/open_batch.h"

namespace dormouse::esp {

void OpenBatch::add(InboundSa& sa, MutableBytes esp) {
  const std::size_t around = sa.format.payload_offset() + sa.format.icv;
  const std::size_t body = esp.size() - around;
  if (esp.size() < around + sa.format.block || body % sa.format.block != 0) {
    sa.malformed.add(1);
    return;
  }
  if (lifetime_of(sa.octets.get(), sa.limits) == Lifetime::hard_reached) {  // what its key may protect is used up
    sa.expired.add(1);
    return;
  }
  const std::uint32_t low = load32(esp.data() + 4);
  const SeqNo seq = sa.esn ? sa.window.infer(low) : SeqNo(low);
  if (sa.window.check(seq) != ReplayVerdict::fresh) {
    sa.replayed.add(1);
    return;
  }
  jobs_[count_++] = {esp.data(), static_cast<std::uint32_t>(body), seq.value(), false};
}

std::span<const Opened> OpenBatch::run(InboundSa& sa) { return sa.transport ? run_in<true>(sa) : run_in<false>(sa); }

template <bool kTransport>
std::span<const Opened> OpenBatch::run_in(InboundSa& sa) {
  const auto jobs = std::span(jobs_).first(std::exchange(count_, 0));
  if (jobs.empty()) return {};
  sa.cipher->open(jobs);
  std::size_t good = 0;
  std::uint64_t octets = 0;
  for (const auto& job : jobs) {
    const SeqNo seq(job.seq);
    if (!job.ok) {
      sa.auth_failed.add(1);
      continue;
    }
    if (sa.window.check(seq) != ReplayVerdict::fresh) {  // twice in this batch
      sa.replayed.add(1);
      continue;
    }
    const bool newest = job.seq > sa.window.highest().value();
    sa.window.accept(seq);
    std::uint8_t* const body = job.esp + sa.format.payload_offset();
    const auto inner = kTransport ? payload_of(body, job.body_size) : inner_of(body, job.body_size);
    // Nothing to hand on; that it verified is a sign of life all the same.
    if (inner.empty()) (is_dummy(body, job.body_size) ? sa.dummies : sa.malformed).add(1);
    octets += inner.size();
    Opened& o = opened_[good++];
    o.inner = inner;
    o.newest = newest;
    o.seq = job.seq;
    if constexpr (kTransport) o.next = body[job.body_size - 1];
  }
  sa.packets.add(good);
  sa.octets.add(octets);
  sa.highest.set(sa.window.highest().value());
  return std::span(opened_).first(good);
}

}  // namespace dormouse::esp
