// PEM (RFC 7468) as administrators paste it: with its lines, or flattened to one line with blanks where they ended.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace dormouse::crypto::openssl {

/// Every block of `text`, each line where it belongs; what stands outside of blocks is left out. Empty: there is no
/// whole block.
[[nodiscard]] SecretBytes pem_lines(ByteView text);

struct PemBlock {
  std::string label;  ///< "CERTIFICATE"
  Bytes der;
};
/// The blocks of a text that holds no secret. Failure: there is none, or one is not base64.
[[nodiscard]] Outcome<std::vector<PemBlock>> pem_blocks(std::string_view text);

}  // namespace dormouse::crypto::openssl
