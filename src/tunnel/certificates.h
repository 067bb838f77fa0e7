// Certificates at the tunnel layer: those of the configuration made into credentials and trust, a peer's checked
// against what its phase 1 asks, and what is remembered of it, so that a ticket or a new revocation list can be held
// against it.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/model/model.h"
#include "crypto/credential.h"
#include "crypto/suite.h"
#include "ike/credential_choice.h"

namespace dormouse::tunnel {

/// The first octets of a SHA-1, enough to find one among those this host has.
using ShortHash = std::array<std::uint8_t, 8>;

/// What a ticket keeps of the certificate that its owner logged in with. A revocation list names a certificate by its
/// issuer and serial number.
struct CertificateFacts {
  struct Step {
    ShortHash issuer{};
    Bytes serial{};  ///< up to 20 octets (RFC 5280 4.1.2.2)
    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step> steps{};  ///< its own first, then those between it and the authority
  ShortHash authority{};      ///< key id of that one
  WallTime not_after{};       ///< the earliest end of the whole chain
  friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

/// A peer's certificate as its tunnel remembers it.
struct PeerCertificate {
  std::string subject{}, authority{};  ///< for people; empty after a restart
  CertificateFacts facts{};
};
using SharedPeerCertificate = std::shared_ptr<const PeerCertificate>;

class Certificates {
 public:
  /// Without an engine no certificate is believed and none can be shown.
  Certificates(crypto::Provider& crypto, crypto::CertificateEngine* engine) : crypto_(crypto), engine_(engine) {}

  /// Takes those of a configuration. Returns what is wrong with them, as sentences; such ones are left out.
  std::vector<std::string> configure(const config::Model& model);

  /// What this phase 1 signs with, in its order, those out of date last.
  [[nodiscard]] std::vector<ike::LocalCredential> credentials_of(const config::Phase1& phase1, WallTime now) const;
  /// For CERTREQ: all authorities of this host.
  [[nodiscard]] std::vector<ike::AuthorityKeyId> authority_ids() const;

  /// A peer's chain that holds, with what will be remembered of it.
  struct Believed {
    crypto::SharedCertificate certificate;
    std::string authority;                 ///< at the root of its chain
    std::vector<std::string> authorities;  ///< all of the configuration in its chain
    SharedPeerCertificate remembered;
  };
  /// Error: why not, for the log.
  [[nodiscard]] std::expected<Believed, const char*> verify(std::span<const Bytes> chain, WallTime now) const;
  /// Whether a remembered certificate would still be believed: null, or why not.
  [[nodiscard]] const char* fault(const CertificateFacts& facts, WallTime now) const;
  /// As fault(), but for a tunnel that stands: that a certificate runs out ends nothing before the next login.
  [[nodiscard]] const char* withdrawn(const CertificateFacts& facts, WallTime now) const;

 private:
  [[nodiscard]] ShortHash short_hash(ByteView octets) const;
  [[nodiscard]] std::expected<void, crypto::CertificateFault> look_up(const CertificateFacts& facts,
                                                                      WallTime now) const;
  [[nodiscard]] bool has_authority(const ShortHash& key_id) const;
  void load_credential(const config::LocalCertificate& local, std::vector<std::string>& problems);
  [[nodiscard]] std::vector<ike::AuthorityKeyId> above(const crypto::Credential& credential) const;
  crypto::Provider& crypto_;
  crypto::CertificateEngine* engine_;
  std::map<std::string, crypto::SharedCredential> credentials_;
  crypto::Trust trust_;
};

/// Why this phase 1 does not accept a certificate that is believed: its identity does not stand in it
/// (cert-id-validation), or none of its `config user peer` fits. Null: it does.
[[nodiscard]] const char* certificate_obstacle(const config::Phase1& phase1, const Identity& peer,
                                               const Certificates::Believed& held, const config::Model& model);

}  // namespace dormouse::tunnel
