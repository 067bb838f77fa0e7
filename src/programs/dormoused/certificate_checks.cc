#include "programs/dormoused/certificate_checks.h"

namespace dormouse::daemon {
namespace {

using Findings = std::vector<config::PemFinding>;

Findings wrong(const char* attribute, std::string message) { return {{false, attribute, std::move(message)}}; }

/// Warnings: certificates run out while the daemon runs too, and the rest of the configuration is worth having.
void check_dates(const crypto::Certificate& c, WallTime now, const char* attribute, Findings& out) {
  if (c.not_after < now) out.push_back({true, attribute, "the certificate of " + c.subject_text + " has expired"});
  if (now < c.not_before)
    out.push_back({true, attribute, "the certificate of " + c.subject_text + " is not valid yet"});
}

Findings check_local(crypto::CertificateEngine& engine, const config::LocalCertificate& c, WallTime now) {
  static const SecretBytes none;
  const auto key = engine.private_key(*c.private_key, c.password ? *c.password : none);
  if (!key) return wrong("private-key", key.error().text);
  const auto chain = engine.certificates(c.certificate);
  if (!chain) return wrong("certificate", chain.error().text);
  if (!engine.matches(**key, *chain->front()))
    return wrong("certificate", "the first certificate is not that of the private key");
  Findings out;
  for (const auto& one : *chain) check_dates(*one, now, "certificate", out);
  return out;
}

Findings check_authority(crypto::CertificateEngine& engine, const config::AuthorityCertificate& c, WallTime now) {
  const auto certificates = engine.certificates(c.pem);
  if (!certificates) return wrong("ca", certificates.error().text);
  if (certificates->size() != 1) return wrong("ca", "there are several certificates; each needs an entry of its own");
  const auto& authority = *certificates->front();
  if (!authority.is_authority)
    return wrong("ca", "the certificate of " + authority.subject_text + " is not that of an authority (CA:TRUE)");
  Findings out;
  check_dates(authority, now, "ca", out);
  return out;
}

Findings check_revocation(crypto::CertificateEngine& engine, const config::RevocationList& c, WallTime now) {
  const auto list = engine.revocation_list(c.pem);
  if (!list) return wrong("crl", list.error().text);
  if ((*list)->next_update() < now)
    return {{true, "crl", "the list is out of date, so all certificates of its authority are refused"}};
  return {};
}

}  // namespace

config::CertificateChecks certificate_checks(crypto::CertificateEngine& engine, std::function<WallTime()> now) {
  return {.local = [&engine, now](const auto& c) { return check_local(engine, c, now()); },
          .authority = [&engine, now](const auto& c) { return check_authority(engine, c, now()); },
          .revocation = [&engine, now](const auto& c) { return check_revocation(engine, c, now()); }};
}

}  // namespace dormouse::daemon
