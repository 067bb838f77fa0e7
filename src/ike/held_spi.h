// An inbound ESP SPI between its allocation and its Child SA. An exchange that comes to nothing gives it back.
#pragma once
#include <utility>

#include "ike/owner.h"

namespace dormouse::ike {

class HeldSpi {
 public:
  HeldSpi() = default;
  explicit HeldSpi(Owner& owner) : owner_(&owner), spi_(owner.allocate_esp_spi()) {}
  HeldSpi(HeldSpi&& o) noexcept : owner_(std::exchange(o.owner_, nullptr)), spi_(o.spi_) {}
  HeldSpi& operator=(HeldSpi&& o) noexcept {
    if (this != &o) {
      give_back();
      owner_ = std::exchange(o.owner_, nullptr);
      spi_ = o.spi_;
    }
    return *this;
  }
  HeldSpi(const HeldSpi&) = delete;
  HeldSpi& operator=(const HeldSpi&) = delete;
  ~HeldSpi() { give_back(); }

  [[nodiscard]] EspSpi value() const { return spi_; }
  /// A Child SA has it now, and whoever ends that one gives it back.
  EspSpi hand_over() {
    owner_ = nullptr;
    return spi_;
  }

 private:
  void give_back() {
    if (owner_) owner_->release_esp_spi(spi_);
    owner_ = nullptr;
  }
  Owner* owner_ = nullptr;
  EspSpi spi_{};
};

}  // namespace dormouse::ike
