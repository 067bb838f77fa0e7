// `config vpn certificate ...` and the certificates that peers may have.
#pragma once
#include "config/schema/rows.h"

namespace dormouse::config::rows {

// Octets of a PEM text: a chain of eight, and a list of some 60,000 revoked certificates.
inline constexpr long long kLongestPem = 128 * 1024, kLongestCrl = 4 * 1024 * 1024;

inline constexpr AttributeSpec kLocalCertificate[] = {
    row("password", Kind::secret, {}, 1, 128, {}, "of an encrypted private key", {}),
    text("comments", 511, "free text"),
    row("private-key", Kind::secret, {}, 64, kLongestPem, {}, "PEM of the key, in quotes", {.mandatory = true}),
    text("certificate", kLongestPem, "PEM of its certificate, then of those between it and the authority",
         {.mandatory = true}),
};
inline constexpr AttributeSpec kAuthority[] = {
    text("ca", kLongestPem, "PEM of the authority's certificate", {.mandatory = true}),
};
inline constexpr AttributeSpec kRevocation[] = {
    text("crl", kLongestCrl, "PEM of an authority's revocation list", {.mandatory = true}),
};

inline constexpr AttributeSpec kPeer[] = {
    toggle("mandatory-ca-verify", "enable", "whether a peer is refused whose authority is not installed"),
    reference("ca", "vpn certificate ca", "the authority that must stand above the certificate; any installed one"),
    text("subject", 255, "what must stand in the certificate's subject"),
    text("cn", 255, "the common name, or the alternative name, that the certificate must have"),
    option("cn-type", "string email FQDN ipv4 ipv6", "string", "what kind of name cn is"),
};
inline constexpr AttributeSpec kPeerGroup[] = {
    references("member", "user peer", "its peers", {.mandatory = true}),
};

}  // namespace dormouse::config::rows
