// Numbers with a meaning: two Strong types never convert into each other, nor from a bare integer.
#pragma once
#include <compare>
#include <cstddef>
#include <functional>

namespace dormouse {

template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;
  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : v_(v) {}
  [[nodiscard]] constexpr Rep value() const { return v_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep v_{};
};

}  // namespace dormouse

template <class Tag, class Rep>
struct std::hash<dormouse::Strong<Tag, Rep>> {
  std::size_t operator()(dormouse::Strong<Tag, Rep> s) const noexcept { return std::hash<Rep>{}(s.value()); }
};
