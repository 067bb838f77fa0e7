// `ENC ...` values of the configuration: AES-256-GCM under a key of this host, kept in the state directory with mode
// 0600.
#pragma once
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace dormouse::daemon {

class SecretFile {
 public:
  /// Reads `state_dir`/config.key, or makes it. Failure: the file is readable by others, of the wrong size, or cannot
  /// be made.
  [[nodiscard]] static Outcome<SecretFile> open(const std::string& state_dir, Rng& rng);
  /// The same without making one: none if there is no key yet.
  [[nodiscard]] static Outcome<SecretFile> open_existing(const std::string& state_dir, Rng& rng);
  /// For --check without a state directory: a key of the moment. Encoded values of a real key do not decode with it.
  [[nodiscard]] static SecretFile ephemeral(Rng& rng);

  /// Base64 of IV, ciphertext and tag; different each time.
  [[nodiscard]] std::string encode(const SecretBytes& secret);
  [[nodiscard]] Outcome<SecretBytes> decode(std::string_view base64) const;

 private:
  SecretFile(SecretBytes key, Rng& rng) : key_(std::move(key)), rng_(&rng) {}
  SecretBytes key_;
  Rng* rng_;
};

}  // namespace dormouse::daemon
