// Pieces of IKE messages (RFC 7383) in whatever order, number and size: what comes out whole is one piece of each
// number of one set, in their order, and nothing grows beyond its bound.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "base/limits.h"
#include "ike/fragmentation.h"

using namespace dormouse;

namespace {

using Key = std::tuple<std::uint32_t, std::uint16_t, std::uint16_t>;  // id, total, number
using Seen = std::map<Key, std::vector<Bytes>>;

/// Can `whole` be laid out from pieces that were seen, number by number?
bool is_made_of(const Bytes& whole, const Seen& seen, std::uint32_t id, std::uint16_t total) {
  std::set<std::size_t> ends{0};
  for (std::uint16_t n = 1; n <= total; ++n) {
    std::set<std::size_t> next;
    const auto pieces = seen.find({id, total, n});
    if (pieces == seen.end()) return false;
    for (const auto at : ends)
      for (const auto& piece : pieces->second)
        if (piece.size() <= whole.size() - at &&
            std::equal(piece.begin(), piece.end(), whole.begin() + static_cast<std::ptrdiff_t>(at)))
          next.insert(at + piece.size());
    ends = std::move(next);
  }
  return ends.contains(whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView in(data, std::min<std::size_t>(size, 4096));
  ike::Reassembler pieces;
  Seen seen;
  while (in.size() >= 4) {
    ike::Fragment f{.id = MessageId(in[0] & 3U), .number = in[1], .total = in[2]};
    const std::size_t length = std::min<std::size_t>(in[3], in.size() - 4);
    f.content = to_bytes(in.subspan(4, length));
    f.datagram = in.first(4 + length);
    in = in.subspan(4 + length);
    const auto id = f.id.value();
    const auto total = f.total;
    seen[{id, total, f.number}].push_back(f.content);
    const auto whole = pieces.add(std::move(f));
    if (pieces.octets() > limits::kMaxReassembled) std::abort();
    if (whole && !is_made_of(whole->content, seen, id, total)) std::abort();
  }
  return 0;
}
