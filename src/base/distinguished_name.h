// A DER Name (RFC 5280 4.1.2.4) as people write it. Pure and bounded: an identity of an IKE message may be one.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.h"

namespace dormouse {

/// "C=CA, O=Example, CN=gateway": RFC 4514 keywords and escapes in the certificate's order; a type without a keyword
/// here by its dotted number, a value that is not printable ASCII in hexadecimal. None: not a Name, or too long.
[[nodiscard]] std::optional<std::string> name_text(ByteView der);

}  // namespace dormouse
