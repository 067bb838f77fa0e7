#include "crypto/openssl/private_key.h"

#include <cstring>
#include <openssl/pem.h>

#include "base/limits.h"
#include "crypto/openssl/pem.h"
#include "crypto/openssl/signature.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {
namespace {

struct Password {
  ByteView text;
  bool asked = false;
};

int give_password(char* out, int size, int, void* user) {
  auto& password = *static_cast<Password*>(user);
  password.asked = true;
  if (password.text.empty() || password.text.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(out, password.text.data(), password.text.size());
  return static_cast<int>(password.text.size());
}

bool has(const SecretBytes& text, std::string_view words) {
  return std::string_view(reinterpret_cast<const char*>(text.reveal().data()), text.size()).find(words) !=
         std::string_view::npos;
}

std::string what_is_accepted() {
  return "accepted are RSA from 2048 bits, ECDSA on P-256, P-384 and P-521, and Ed25519";
}

std::string why_unread(const SecretBytes& lines, const Password& password) {
  if (!has(lines, "PRIVATE KEY-----")) return "there is a PEM block, but none of a private key";
  if (!password.asked) return "the private key is damaged or of an unknown kind; " + what_is_accepted();
  if (password.text.empty()) return "the private key is encrypted, and there is no password";
  return "the private key cannot be decrypted: the password is wrong, or the text is damaged";
}

std::string why_refused(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA"))
    return "the private key is RSA of " + std::to_string(EVP_PKEY_get_bits(key)) + " bits, which is too weak; " +
           what_is_accepted();
  if (EVP_PKEY_is_a(key, "RSA-PSS"))
    return "the private key is bound to RSASSA-PSS, which is not supported; a plain RSA key can sign with PSS too";
  return "the private key is of a kind that is not supported; " + what_is_accepted();
}

/// A key whose halves do not belong together would be noticed by peers alone.
bool signs_what_it_verifies(EVP_PKEY* key, KeyKind kind) {
  const SignatureScheme scheme{.key = kind, .hash = kind == KeyKind::ed25519 ? HashId::identity : HashId::sha2_256};
  const Bytes probe(32, 0x5a);
  const ByteView parts[] = {probe};
  const auto signature = sign(key, scheme, parts);
  return signature && verify(key, scheme, parts, *signature).has_value();
}

}  // namespace

Result<Bytes> OpensslPrivateKey::sign(const SignatureScheme& scheme, std::span<const ByteView> parts) const {
  return openssl::sign(key_.get(), scheme, parts);
}

Outcome<std::shared_ptr<const PrivateKey>> read_private_key(const SecretBytes& pem, const SecretBytes& password) {
  const QuietErrors quiet;
  if (pem.size() > limits::kMaxPem) return failure("the private key is longer than any");
  const auto lines = pem_lines(pem.reveal());
  if (lines.empty())
    return failure("there is no PEM block: text from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----");
  Password given{password.reveal()};
  const auto bio = reading(lines.reveal());
  Pkey key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, give_password, &given, nullptr, nullptr));
  if (!key) return failure(why_unread(lines, given));
  const auto kind = kind_of(key.get());
  if (!kind) return failure(why_refused(key.get()));
  if (!signs_what_it_verifies(key.get(), *kind)) return failure("the private key is damaged: it signs nothing valid");
  return std::make_shared<const OpensslPrivateKey>(std::move(key), *kind);
}

}  // namespace dormouse::crypto::openssl
