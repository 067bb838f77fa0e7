#include "crypto/openssl/chain.h"

#include <algorithm>
#include <openssl/x509_vfy.h>

#include "base/limits.h"
#include "crypto/openssl/certificate.h"
#include "crypto/openssl/revocation_list.h"
#include "crypto/openssl/signature.h"
#include "crypto/openssl/usage.h"

namespace dormouse::crypto::openssl {
namespace {

using Stack = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * s) { sk_X509_pop_free(s, X509_free); })>;
using Crls = std::unique_ptr<STACK_OF(X509_CRL),
                             decltype([](STACK_OF(X509_CRL) * s) { sk_X509_CRL_pop_free(s, X509_CRL_free); })>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreCtx = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

/// OpenSSL's security level of 112 bits: RSA from 2048, curves from 224, no SHA-1 or MD5 below the authority.
constexpr int kSecurityLevel = 2;

/// Everything that one question needs in OpenSSL's form.
struct Question {
  X509Handle own;
  Stack helpers{sk_X509_new_null()};
  Stack authorities{sk_X509_new_null()};
  Crls revocations{sk_X509_CRL_new_null()};
};

void push(STACK_OF(X509) * to, X509Handle x) {
  if (x && sk_X509_push(to, x.get()) > 0) static_cast<void>(x.release());
}

CertificateFault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return CertificateFault::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return CertificateFault::not_yet_valid;
    case X509_V_ERR_CERT_REVOKED: return CertificateFault::revoked;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR: return CertificateFault::stale_crl;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return CertificateFault::unknown_authority;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG: return CertificateFault::too_many;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return CertificateFault::weak_key;
    default: return CertificateFault::bad_chain;
  }
}

/// Whether one of `revocations` was signed by the authority of the certificate that is being looked at.
bool authority_has_list(X509_STORE_CTX* ctx) {
  const auto* chain = X509_STORE_CTX_get0_chain(ctx);
  const int depth = X509_STORE_CTX_get_error_depth(ctx);
  const auto* lists = static_cast<const Question*>(X509_STORE_CTX_get_app_data(ctx))->revocations.get();
  const int above = std::min(depth + 1, sk_X509_num(chain) - 1);
  EVP_PKEY* key = X509_get0_pubkey(sk_X509_value(chain, above));
  const auto* issuer = X509_get_issuer_name(sk_X509_value(chain, depth));
  for (int i = 0; key && i < sk_X509_CRL_num(lists); ++i) {
    auto* list = sk_X509_CRL_value(lists, i);
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), issuer) == 0 && X509_CRL_verify(list, key) == 1) return true;
  }
  return false;
}

/// An authority without a list is not asked for one; one with a list that could not be used is.
int on_step(int ok, X509_STORE_CTX* ctx) {
  if (ok == 1 || X509_STORE_CTX_get_error(ctx) != X509_V_ERR_UNABLE_TO_GET_CRL) return ok;
  if (authority_has_list(ctx)) return 0;
  X509_STORE_CTX_set_error(ctx, X509_V_OK);
  return 1;
}

void set_rules(X509_STORE_CTX* ctx, WallTime now, bool partial) {
  auto* param = X509_STORE_CTX_get0_param(ctx);
  // No purpose is set: OpenSSL's are those of TLS and mail. may_sign_ike has RFC 4945's rules.
  unsigned long flags = X509_V_FLAG_POLICY_CHECK;  // only what a certificate itself demands
  if (partial) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  if (sk_X509_CRL_num(static_cast<const Question*>(X509_STORE_CTX_get_app_data(ctx))->revocations.get()) > 0)
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  X509_VERIFY_PARAM_set_flags(param, flags);
  X509_VERIFY_PARAM_set_time(param, static_cast<std::time_t>(now.seconds));
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(limits::kMaxChain));
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
}

/// The chain from the peer's certificate up, each referenced once more.
std::expected<Stack, CertificateFault> build(Question& q, WallTime now, bool partial) {
  const Store store(X509_STORE_new());  // empty: what is believed is handed in as a list
  const StoreCtx ctx(X509_STORE_CTX_new());
  if (!store || !ctx || X509_STORE_CTX_init(ctx.get(), store.get(), q.own.get(), q.helpers.get()) != 1)
    return std::unexpected(CertificateFault::bad_chain);
  X509_STORE_CTX_set0_trusted_stack(ctx.get(), q.authorities.get());
  X509_STORE_CTX_set0_crls(ctx.get(), q.revocations.get());
  X509_STORE_CTX_set_app_data(ctx.get(), &q);
  X509_STORE_CTX_set_verify_cb(ctx.get(), on_step);
  set_rules(ctx.get(), now, partial);
  if (X509_verify_cert(ctx.get()) != 1) return std::unexpected(fault_of(X509_STORE_CTX_get_error(ctx.get())));
  return Stack(X509_STORE_CTX_get1_chain(ctx.get()));
}

/// What OpenSSL lets pass: an authority of version 1, without basicConstraints (RFC 4945 5.1.3.9), and keys of kinds
/// that are not ours.
std::expected<void, CertificateFault> check_links(const STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    auto* x = sk_X509_value(chain, i);
    if (!kind_of(X509_get0_pubkey(x))) return std::unexpected(CertificateFault::weak_key);
    if (i > 0 && (X509_get_extension_flags(x) & EXFLAG_CA) == 0) return std::unexpected(CertificateFault::bad_chain);
  }
  return {};
}

/// What above the peer's own is installed, by name, and what is not, as helpers.
void describe(const STACK_OF(X509) * chain, const Trust& trust, TrustedCertificate& out, std::vector<Bytes>& helpers) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(sk_X509_value(chain, i), &der);
    if (size <= 0) continue;
    const Bytes octets(der, der + size);
    OPENSSL_free(der);
    const auto known = std::ranges::find_if(trust.authorities, [&](const auto& a) { return a.second->der == octets; });
    if (i > 0 && i + 1 < sk_X509_num(chain))
      if (auto between = parse_certificate(octets)) out.between.push_back(std::move(*between));
    if (known != trust.authorities.end()) {
      out.authorities.push_back(known->first);
      out.authority = known->first;
    } else if (i > 0) {
      helpers.push_back(octets);
    }
  }
}

std::expected<Question, CertificateFault> question(std::span<const Bytes> chain, const Certificate& own,
                                                   const Trust& trust) {
  Question q;
  q.own = handle_of(own);
  if (!q.own || !q.helpers || !q.authorities || !q.revocations) return std::unexpected(CertificateFault::malformed);
  for (const auto& der : chain.subspan(1)) {
    if (der.size() > limits::kMaxCertificate) return std::unexpected(CertificateFault::too_many);
    auto x = decode_certificate(der);
    if (!x) return std::unexpected(CertificateFault::malformed);
    push(q.helpers.get(), std::move(x));
  }
  for (const auto& [name, certificate] : trust.authorities) push(q.authorities.get(), handle_of(*certificate));
  for (const auto& list : trust.revocations)
    if (const auto* ours = dynamic_cast<const OpensslRevocationList*>(list.get())) {
      X509_CRL_up_ref(ours->handle());
      sk_X509_CRL_push(q.revocations.get(), ours->handle());
    }
  return q;
}

}  // namespace

std::expected<TrustedCertificate, CertificateFault> verify_chain(std::span<const Bytes> chain, const Trust& trust,
                                                                 WallTime now) {
  const QuietErrors quiet;
  if (chain.empty()) return std::unexpected(CertificateFault::malformed);
  if (chain.size() > limits::kMaxChain) return std::unexpected(CertificateFault::too_many);
  TRY_ASSIGN(const auto own, parse_certificate(chain[0]));
  TRY_ASSIGN(Question q, question(chain, *own, trust));
  auto built = build(q, now, false);
  if (!built && built.error() == CertificateFault::unknown_authority) built = build(q, now, true);
  if (!built) return std::unexpected(built.error());
  TRY(check_links(built->get()));
  if (!may_sign_ike(q.own.get())) return std::unexpected(CertificateFault::wrong_key_usage);
  TrustedCertificate out;
  describe(built->get(), trust, out, own->helpers);
  out.certificate = own;
  return out;
}

}  // namespace dormouse::crypto::openssl
