// Secrets of the daemon, each in a file of its own with mode 0600, replaced as a whole or not at all.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace dormouse::store {

using Secrets = std::map<std::string, std::shared_ptr<const SecretBytes>>;

/// Writes `dir`/NAME.secret: a new file is filled, forced to disk, and takes the old one's place.
[[nodiscard]] Outcome<void> write_secret(const std::string& dir, const std::string& name, const SecretBytes& value);

/// Reads all of `dir`/*.secret. One that others can read, or that is too long, is left out: whoever asks for it then
/// makes a new one. `skipped` gets a sentence for each.
[[nodiscard]] Secrets read_secrets(const std::string& dir, std::vector<std::string>& skipped);

/// [a-z.-]+, so that no name leaves the directory.
[[nodiscard]] bool is_secret_name(const std::string& name);

}  // namespace dormouse::store
