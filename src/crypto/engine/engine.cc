#include "crypto/engine/engine.h"

#include "crypto/openssl/certificates.h"
#include "crypto/openssl/kem.h"
#include "crypto/openssl/provider.h"
#ifdef DORMOUSE_IPSEC_MB
#include "crypto/ipsecmb/esp_provider.h"
#endif

namespace dormouse::crypto {
namespace {

/// `fast` for the suites it knows, `general` for the rest.
class TwoEngines final : public EspProvider {
 public:
  TwoEngines(std::unique_ptr<EspProvider> fast, std::unique_ptr<EspProvider> general)
      : fast_(std::move(fast)), general_(std::move(general)) {}
  const char* name() const override { return fast_->name(); }
  bool supports(const Suite& s) const override { return fast_->supports(s) || general_->supports(s); }
  Result<std::unique_ptr<EspCipher>> cipher(const Suite& s, ByteView encr_key, ByteView integ_key,
                                            bool inbound) override {
    auto& engine = fast_->supports(s) ? *fast_ : *general_;
    return engine.cipher(s, encr_key, integ_key, inbound);
  }

 private:
  std::unique_ptr<EspProvider> fast_, general_;
};

}  // namespace

bool has_key_exchange(KeId group) { return is_kem(group) ? openssl::has_kem(group) : ke_public_size(group) != 0; }

std::unique_ptr<Provider> make_provider() { return std::make_unique<openssl::OpensslProvider>(); }

std::unique_ptr<EspProvider> make_esp_provider() {
  auto general = std::make_unique<openssl::OpensslEspProvider>();
#ifdef DORMOUSE_IPSEC_MB
  if (auto fast = ipsecmb::make_ipsec_mb_esp_provider())
    return std::make_unique<TwoEngines>(std::move(fast), std::move(general));
#endif
  return general;
}

std::unique_ptr<CertificateEngine> make_certificate_engine() {
  return std::make_unique<openssl::OpensslCertificates>();
}

std::unique_ptr<Rng> make_rng() { return std::make_unique<openssl::OpensslRng>(); }

}  // namespace dormouse::crypto
