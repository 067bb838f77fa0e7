#include "config/lang/spelling.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace dormouse::config {
namespace {

/// Changes of one character (insert, remove, replace, swap of two neighbours) that lead from `a` to `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // Longer than any name there is: not worth the comparison, which costs the product of both lengths.
  constexpr std::size_t kLongest = 80;
  if (word.size() > kLongest) return {};
  // A short word is near to everything: of three letters one may be wrong.
  const std::size_t most = word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 4);
  std::string best;
  std::size_t best_distance = most + 1;
  for (const auto c : candidates) {
    const auto d = distance(word, c);
    if (d >= best_distance) continue;
    best_distance = d;
    best = c;
  }
  return best;
}

}  // namespace dormouse::config
