// The key schedule of IKEv2, each step by its RFC name (RFC 7296 2.13-2.18). Pure: the engine is handed in.
#pragma once
#include "crypto/suite.h"

namespace dormouse::crypto {

/// prf+ (RFC 7296 2.13). Error exhausted if more than 255 blocks are asked for.
[[nodiscard]] Result<SecretBytes> prf_plus(Provider& engine, PrfId alg, ByteView key, std::span<const ByteView> seed,
                                           std::size_t size);

/// The seven keys of an IKE SA (RFC 7296 2.14).
struct IkeKeys {
  SecretBytes sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};
/// SKEYSEED of a first exchange: prf(Ni | Nr, g^ir).
[[nodiscard]] Result<SecretBytes> skeyseed_initial(Provider& engine, PrfId alg, ByteView ni, ByteView nr,
                                                   ByteView g_ir);
/// SKEYSEED of an IKE SA rekey: prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (RFC 7296 2.18).
/// `more`: the secrets of further key exchanges, joined (RFC 9370 2.2.4).
[[nodiscard]] Result<SecretBytes> skeyseed_rekey(Provider& engine, PrfId old_alg, ByteView sk_d_old, ByteView g_ir,
                                                 ByteView ni, ByteView nr, ByteView more = {});
/// SKEYSEED after an additional key exchange in IKE_INTERMEDIATE: prf(SK_d, secret | Ni | Nr) with the nonces of
/// IKE_SA_INIT (RFC 9370 2.2.2).
[[nodiscard]] Result<SecretBytes> skeyseed_additional(Provider& engine, PrfId alg, ByteView sk_d, ByteView secret,
                                                      ByteView ni, ByteView nr);
/// SKEYSEED of a resumed IKE SA: prf(SK_d (old), "Resumption" | Ni | Nr), with the old SA's prf (RFC 5723 5.1).
[[nodiscard]] Result<SecretBytes> skeyseed_resume(Provider& engine, PrfId alg, ByteView sk_d_old, ByteView ni,
                                                  ByteView nr);
[[nodiscard]] Result<IkeKeys> derive_ike_keys(Provider& engine, const Suite& suite, ByteView skeyseed, ByteView ni,
                                              ByteView nr, IkeSpi spi_i, IkeSpi spi_r);

/// SK_d, SK_pi and SK_pr of `keys` with a post-quantum preshared key mixed in (RFC 8784 3); the others are empty.
[[nodiscard]] Result<IkeKeys> mix_ppk(Provider& engine, PrfId alg, ByteView ppk, const IkeKeys& keys);

/// Keys of a Child SA (RFC 7296 2.17): initiator to responder first, encryption before integrity.
struct ChildKeys {
  SecretBytes encr_i, integ_i, encr_r, integ_r;
};
/// `g_ir` empty without PFS; `more`: the secrets of further key exchanges, joined (RFC 9370 2.2.4).
[[nodiscard]] Result<ChildKeys> derive_child_keys(Provider& engine, PrfId alg, const Suite& child, ByteView sk_d,
                                                  ByteView g_ir, ByteView ni, ByteView nr, ByteView more = {});

/// AUTH data for a shared key (RFC 7296 2.15): prf(prf(secret, "Key Pad for IKEv2"), message | nonce | prf(sk_p,
/// id_body)). `message` is this end's first message as sent, `peer_nonce` the other's nonce data, `id_body` the ID
/// payload body from its type octet on (type, three reserved octets, data). `int_auth` comes last (RFC 9242 3.3.2).
[[nodiscard]] Result<SecretBytes> psk_auth(Provider& engine, PrfId alg, ByteView secret, ByteView message,
                                           ByteView peer_nonce, ByteView sk_p, ByteView id_body,
                                           ByteView int_auth = {});

/// AUTH data of a resumed IKE SA (RFC 5723 5.1 with the octets of RFC 7296 2.15): prf(sk_p, message | nonce |
/// prf(sk_p, id_body)). No shared secret and no key pad: who has SK_d of the old SA is who it was.
[[nodiscard]] Result<SecretBytes> resume_auth(Provider& engine, PrfId alg, ByteView message, ByteView peer_nonce,
                                              ByteView sk_p, ByteView id_body);

}  // namespace dormouse::crypto
