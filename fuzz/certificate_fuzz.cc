// Certificates, revocation lists and keys from strangers: whatever comes is refused with a word or read within bounds,
// and nobody is believed without an authority.
#include <cstdlib>

#include "base/limits.h"
#include "crypto/engine/engine.h"

using namespace dormouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto engine = crypto::make_certificate_engine();
  const ByteView input(data, size);
  const std::string text(reinterpret_cast<const char*>(data), size);
  constexpr WallTime kNow{1'800'000'000};

  // A peer's CERT payloads: the input alone, and cut in two.
  const Bytes whole = to_bytes(input);
  const std::vector<Bytes> chain{whole, to_bytes(input.subspan(size / 2)), whole};
  for (std::size_t n = 0; n <= chain.size(); ++n)
    if (engine->verify(std::span(chain).first(n), crypto::Trust{}, kNow)) std::abort();

  // An administrator's PEM. What was read as an authority vouches for nobody but whom it has signed.
  crypto::Trust trust;
  if (const auto read = engine->certificates(text))
    for (const auto& c : *read) {
      if (c->alt_names.size() > limits::kMaxAltNames) std::abort();
      trust.authorities.emplace_back("fuzz", c);
    }
  if (const auto list = engine->revocation_list(text)) trust.revocations.push_back(*list);
  for (const auto& [name, c] : trust.authorities) {
    const std::vector<Bytes> alone{c->der};
    (void)engine->verify(alone, trust, kNow);
    (void)engine->still_good(*c, trust, kNow);
  }
  (void)engine->private_key(SecretBytes(input), SecretBytes());
  return 0;
}
