// The two forms of an ECDSA signature: DER, a SEQUENCE of the INTEGERs r and s (RFC 7427 A.3, and what engines speak),
// and r and s one after the other, each as long as the curve's order (RFC 4754 7, methods 9, 10 and 11).
#pragma once
#include "base/bytes.h"

namespace dormouse::ike {

/// `der` as r | s of `half` octets each. Error malformed: it is not exactly that DER; too_large: r or s is longer.
[[nodiscard]] Result<Bytes> raw_of_ecdsa_der(ByteView der, std::size_t half);
/// r | s of equal length, up to 66 octets each, as DER. Error malformed: an odd length, or too long.
[[nodiscard]] Result<Bytes> ecdsa_der_of_raw(ByteView raw);

}  // namespace dormouse::ike
