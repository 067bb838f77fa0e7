#include "crypto/openssl/kem.h"

#include <openssl/err.h>

#include "crypto/openssl/handles.h"

namespace dormouse::crypto::openssl {
namespace {

using Management = std::unique_ptr<EVP_KEYMGMT, Deleter<EVP_KEYMGMT_free>>;

// Names of OpenSSL 3.5, spelled out because the headers of an older one have none.
constexpr const char* kSeed = "seed";     // OSSL_PKEY_PARAM_ML_KEM_SEED
constexpr const char* kEntropy = "ikme";  // OSSL_KEM_PARAM_IKME
constexpr std::size_t kSecretSize = 32;

const char* name_of(KeId group) {
  switch (group) {
    case KeId::ml_kem_512: return "ML-KEM-512";
    case KeId::ml_kem_768: return "ML-KEM-768";
    case KeId::ml_kem_1024: return "ML-KEM-1024";
    default: return nullptr;
  }
}

bool fetchable(const char* name) {
  const Management found(EVP_KEYMGMT_fetch(nullptr, name, nullptr));
  if (!found) ERR_clear_error();
  return found != nullptr;
}

Result<void> check_group(KeId group) {
  if (!has_kem(group)) return fail(ErrorCode::bad_group, "KE", 0, static_cast<std::uint32_t>(group));
  return {};
}

class Kem final : public KeyExchange {
 public:
  Kem(KeId group, Pkey key, Bytes public_value)
      : group_(group), key_(std::move(key)), public_(std::move(public_value)) {}
  KeId group() const override { return group_; }
  ByteView public_value() const override { return public_; }
  Result<SecretBytes> shared_secret(ByteView ciphertext) override {
    if (ciphertext.size() != ke_answer_size(group_)) return fail(ErrorCode::bad_key_share, "KE");
    const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    SecretBytes out(kSecretSize);
    std::size_t size = out.size();
    if (!ctx || EVP_PKEY_decapsulate_init(ctx.get(), nullptr) <= 0 ||
        EVP_PKEY_decapsulate(ctx.get(), out.reveal_mutable().data(), &size, ciphertext.data(), ciphertext.size()) <=
            0 ||
        size != out.size())
      return fail(ErrorCode::crypto, "KE");
    return out;
  }

 private:
  KeId group_;
  Pkey key_;
  Bytes public_;
};

Result<std::unique_ptr<KeyExchange>> kem_of(KeId group, Pkey key) {
  Bytes octets(ke_public_size(group));
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size(), &size) <= 0 ||
      size != octets.size())
    return fail(ErrorCode::crypto, "KE");
  return std::make_unique<Kem>(group, std::move(key), std::move(octets));
}

Result<Pkey> key_of(KeId group, int selection, const char* param, ByteView octets) {
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, name_of(group), nullptr));
  if (!ctx || EVP_PKEY_fromdata_init(ctx.get()) <= 0) return fail(ErrorCode::crypto, "KE");
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(param, const_cast<std::uint8_t*>(octets.data()), octets.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata(ctx.get(), &raw, selection, params) <= 0) return fail(ErrorCode::bad_key_share, "KE");
  return Pkey(raw);
}

}  // namespace

bool has_kem(KeId group) {
  static const bool k512 = fetchable("ML-KEM-512"), k768 = fetchable("ML-KEM-768"), k1024 = fetchable("ML-KEM-1024");
  return (group == KeId::ml_kem_512 && k512) || (group == KeId::ml_kem_768 && k768) ||
         (group == KeId::ml_kem_1024 && k1024);
}

Result<std::unique_ptr<KeyExchange>> make_kem(KeId group) {
  TRY(check_group(group));
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, name_of(group), nullptr));
  EVP_PKEY* raw = nullptr;
  if (!ctx || EVP_PKEY_keygen_init(ctx.get()) <= 0 || EVP_PKEY_generate(ctx.get(), &raw) <= 0)
    return fail(ErrorCode::crypto, "KE");
  return kem_of(group, Pkey(raw));
}

Result<std::unique_ptr<KeyExchange>> kem_of_seed(KeId group, ByteView seed) {
  TRY(check_group(group));
  TRY_ASSIGN(Pkey key, key_of(group, EVP_PKEY_KEYPAIR, kSeed, seed));
  return kem_of(group, std::move(key));
}

Result<KeyAnswer> encapsulate(KeId group, ByteView key, ByteView entropy) {
  TRY(check_group(group));
  if (key.size() != ke_public_size(group)) return fail(ErrorCode::bad_key_share, "KE");
  TRY_ASSIGN(const Pkey peer, key_of(group, EVP_PKEY_PUBLIC_KEY, OSSL_PKEY_PARAM_PUB_KEY, key));
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, peer.get(), nullptr));
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(kEntropy, const_cast<std::uint8_t*>(entropy.data()), entropy.size()),
      OSSL_PARAM_construct_end()};
  if (!ctx || EVP_PKEY_encapsulate_init(ctx.get(), entropy.empty() ? nullptr : params) <= 0)
    return fail(ErrorCode::crypto, "KE");
  KeyAnswer out{Bytes(ke_answer_size(group)), SecretBytes(kSecretSize)};
  std::size_t size = out.public_value.size(), secret = out.secret.size();
  if (EVP_PKEY_encapsulate(ctx.get(), out.public_value.data(), &size, out.secret.reveal_mutable().data(), &secret) <=
          0 ||
      size != out.public_value.size() || secret != out.secret.size())
    return fail(ErrorCode::crypto, "KE");
  return out;
}

}  // namespace dormouse::crypto::openssl
