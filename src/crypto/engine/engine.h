// Picks the engines: OpenSSL for IKE, the fastest that works on this machine for ESP.
#pragma once
#include <memory>

#include "crypto/esp_suite.h"
#include "crypto/suite.h"

namespace dormouse::crypto {

[[nodiscard]] std::unique_ptr<Provider> make_provider();
[[nodiscard]] std::unique_ptr<EspProvider> make_esp_provider();
[[nodiscard]] std::unique_ptr<Rng> make_rng();

}  // namespace dormouse::crypto
