#include "adapters/loop/source.h"

#include "adapters/loop/slot.h"

namespace dormouse::loop {

Source& Source::operator=(Source&& o) noexcept {
  if (this != &o) {
    reset();
    slot_ = std::move(o.slot_);
  }
  return *this;
}

void Source::reset() {
  if (slot_) slot_->disconnect();
  slot_.reset();
}

}  // namespace dormouse::loop
