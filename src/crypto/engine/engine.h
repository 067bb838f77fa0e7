// Picks the engines: OpenSSL for IKE, the fastest that works on this machine for ESP.
#pragma once
#include <memory>

#include "crypto/credential.h"
#include "crypto/esp_suite.h"
#include "crypto/suite.h"

namespace dormouse::crypto {

/// The engine of IKE. Never null.
[[nodiscard]] std::unique_ptr<Provider> make_provider();

/// Whether that engine has a key exchange; ML-KEM depends on the library's version.
[[nodiscard]] bool has_key_exchange(KeId group);

/// The engine of ESP, never null: for each suite intel-ipsec-mb where it was built in, runs here and knows the suite,
/// else OpenSSL. Its name is that of the faster one.
[[nodiscard]] std::unique_ptr<EspProvider> make_esp_provider();

/// X.509 certificates and signatures, by OpenSSL. Never null; keeps nothing, so it may be used from any thread.
[[nodiscard]] std::unique_ptr<CertificateEngine> make_certificate_engine();

/// Randomness for keys, nonces and SPIs. Never null; may be used from any thread.
[[nodiscard]] std::unique_ptr<Rng> make_rng();

}  // namespace dormouse::crypto
