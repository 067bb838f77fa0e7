// A handle to something the loop watches. Destroying it stops the watching, also from inside its own callback.
#pragma once
#include <memory>

namespace dormouse::loop {

struct Slot;

/// Owns one registration with a Loop; must not outlive that Loop. Move-only; an empty one does nothing.
class Source {
 public:
  Source() = default;
  explicit Source(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
  Source(Source&& o) noexcept = default;
  Source& operator=(Source&& o) noexcept;
  ~Source() { reset(); }
  /// Ends the registration; its callback is not called again.
  void reset();
  [[nodiscard]] explicit operator bool() const { return slot_ != nullptr; }
  [[nodiscard]] Slot* slot() const { return slot_.get(); }

 private:
  std::shared_ptr<Slot> slot_;
};

}  // namespace dormouse::loop
