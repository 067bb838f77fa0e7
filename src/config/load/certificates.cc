// Certificates, whom they are believed of, and how a phase 1 uses them.
#include <algorithm>

#include "config/load/builder.h"

namespace dormouse::config {
namespace {

SignatureHash hash_of(std::string_view word) {
  return word == "sha1"       ? SignatureHash::sha1
         : word == "sha2-256" ? SignatureHash::sha2_256
         : word == "sha2-384" ? SignatureHash::sha2_384
                              : SignatureHash::sha2_512;
}

CnType cn_type_of(std::string_view word) {
  return word == "email"  ? CnType::email
         : word == "FQDN" ? CnType::fqdn
         : word == "ipv4" ? CnType::ipv4
         : word == "ipv6" ? CnType::ipv6
                          : CnType::string;
}

}  // namespace

void Builder::report(const EntryReader& e, std::vector<PemFinding> findings) {
  for (auto& f : findings) {
    if (f.warning)
      warn(e, f.attribute, std::move(f.message));
    else
      error(e, f.attribute, std::move(f.message), "PEM text in quotes, whole and of the right kind");
  }
}

Secret Builder::secret(const EntryReader& e, std::string_view attribute) {
  const auto values = e.list(attribute);
  if (values.empty()) return nullptr;
  if (values.size() == 1) return std::make_shared<const SecretBytes>(as_bytes(values[0]));
  auto decoded = decode_(values[1]);
  if (decoded) return std::make_shared<const SecretBytes>(std::move(*decoded));
  error(e, attribute, "the ENC value " + decoded.error().text, "a value in clear, or an ENC value of this host");
  return nullptr;
}

void Builder::local_certificate(const EntryReader& e) {
  LocalCertificate c{.name = e.entry().key, .certificate = e.text("certificate")};
  c.private_key = secret(e, "private-key");
  c.password = secret(e, "password");
  const bool readable = c.private_key && !c.certificate.empty() && (c.password || !e.has("password"));
  if (readable && checks_.local) report(e, checks_.local(c));
  model.certificates.push_back(std::move(c));
}

void Builder::authority(const EntryReader& e) {
  AuthorityCertificate c{.name = e.entry().key, .pem = e.text("ca")};
  if (!c.pem.empty() && checks_.authority) report(e, checks_.authority(c));
  model.authorities.push_back(std::move(c));
}

void Builder::revocation(const EntryReader& e) {
  RevocationList c{.name = e.entry().key, .pem = e.text("crl")};
  if (!c.pem.empty() && checks_.revocation) report(e, checks_.revocation(c));
  model.revocations.push_back(std::move(c));
}

CertificatePeer Builder::certificate_peer(const std::string& name) const {
  CertificatePeer out{.name = name};
  const auto* entry = find("user peer", name);
  if (!entry) return out;  // reported by the row
  const EntryReader e(*find_table("user peer"), *entry);
  out.ca = e.text("ca");
  out.mandatory_ca_verify = e.enabled("mandatory-ca-verify");
  out.subject = e.text("subject");
  out.cn = e.text("cn");
  out.cn_type = cn_type_of(e.text("cn-type"));
  return out;
}

void Builder::phase1_peers(const EntryReader& e, Phase1& p) {
  if (p.peertype != PeerType::peer || !e.has("peertype")) return;
  if (p.auth_remote != AuthMethod::signature)
    return error(e, "peertype", "a certificate is wanted of a peer that logs in by pre-shared key",
                 "any, one; or authmethod-remote signature");
  if (e.is("peertype", "peer")) {
    if (e.has("peer")) p.peers.push_back(certificate_peer(e.text("peer")));
    return;
  }
  if (const auto* group = find("user peergrp", e.text("peergrp")))
    for (const auto& name : EntryReader(*find_table("user peergrp"), *group).list("member"))
      p.peers.push_back(certificate_peer(name));
}

void Builder::phase1_auth(const EntryReader& e, Phase1& p) {
  p.auth = e.is("authmethod", "signature") ? AuthMethod::signature : AuthMethod::psk;
  p.auth_remote = !e.has("authmethod-remote")              ? p.auth
                  : e.is("authmethod-remote", "signature") ? AuthMethod::signature
                                                           : AuthMethod::psk;
  if (p.auth == AuthMethod::signature) p.certificates = e.list("certificate");
  p.cert_id_validation = e.enabled("cert-id-validation");
  p.digital_signature_auth = e.enabled("digital-signature-auth");
  p.signature_hash = SignatureHash::sha1;
  for (const auto& word : e.list("signature-hash-alg")) p.signature_hash = std::max(p.signature_hash, hash_of(word));
  p.rsa_pss = e.is("rsa-signature-format", "pss");
  phase1_peers(e, p);
  if (e.is("localid-type", "asn1dn")) {
    if (p.auth != AuthMethod::signature)
      error(e, "localid-type", "asn1dn is the subject of a certificate, and this end has none",
            "auto, fqdn, user-fqdn, keyid, address; or authmethod signature");
    else if (p.localid)
      error(e, "localid", "asn1dn is the certificate's subject, and needs no other identity",
            "unset localid, or another localid-type");
  }
  const bool believes = p.auth_remote != AuthMethod::signature || !model.authorities.empty();
  if (!believes)
    error(e, e.has("authmethod-remote") ? "authmethod-remote" : "authmethod",
          "no authority is installed, so no peer's certificate can be believed",
          "an entry of 'config vpn certificate ca'");
  if (p.peertype == PeerType::any && p.auth_remote == AuthMethod::signature)
    warn(e, "peertype", "admits every certificate of every installed authority");
}

}  // namespace dormouse::config
