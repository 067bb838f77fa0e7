// What was probably meant by a word that is not one.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace dormouse::config {

/// The candidate closest in spelling (edit distance at most 2, or a quarter of the word); empty if none is close.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace dormouse::config
