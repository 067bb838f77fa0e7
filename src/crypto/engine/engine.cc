#include "crypto/engine/engine.h"

#include "crypto/openssl/provider.h"

namespace dormouse::crypto {

std::unique_ptr<Provider> make_provider() { return std::make_unique<openssl::OpensslProvider>(); }
std::unique_ptr<EspProvider> make_esp_provider() { return std::make_unique<openssl::OpensslEspProvider>(); }
std::unique_ptr<Rng> make_rng() { return std::make_unique<openssl::OpensslRng>(); }

}  // namespace dormouse::crypto
