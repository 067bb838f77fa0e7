// What a stranger's AUTH payload and identity hold: ECDSA signatures in both forms, algorithm identifiers, lists of
// hashes and distinguished names. Whatever comes, it is an error or one form for each value.
#include <cstdlib>

#include "base/distinguished_name.h"
#include "ike/auth_scheme.h"
#include "ike/ecdsa_form.h"

using namespace dormouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  for (const std::size_t half : {32U, 48U, 66U}) {
    const auto raw = ike::raw_of_ecdsa_der(input, half);
    if (!raw) continue;
    const auto der = ike::ecdsa_der_of_raw(*raw);
    if (!der || *der != to_bytes(input)) std::abort();  // DER has one form for each signature
  }
  if (const auto der = ike::ecdsa_der_of_raw(input)) {
    const auto raw = ike::raw_of_ecdsa_der(*der, size / 2);
    if (!raw || *raw != to_bytes(input)) std::abort();
  }
  const auto hashes = ike::hashes_of_notify(input);
  if (ike::hashes_of_notify(ike::to_notify(hashes)) != hashes) std::abort();
  using crypto::KeyKind;
  for (const auto method : {1, 2, 3, 9, 10, 11, 14})
    for (const auto key :
         {KeyKind::rsa, KeyKind::ecdsa_p256, KeyKind::ecdsa_p384, KeyKind::ecdsa_p521, KeyKind::ed25519}) {
      const auto read = ike::read_signature(static_cast<wire::AuthMethod>(method), input, key, hashes);
      if (read)
        for (const auto& s : read->schemes)
          if (s.key != key) std::abort();
    }
  if (const auto text = name_text(input))
    for (const char c : *text)
      if (c < 0x20 || c > 0x7e) std::abort();
  return 0;
}
