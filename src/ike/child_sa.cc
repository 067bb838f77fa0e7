#include "ike/child_sa.h"

namespace dormouse::ike {

const Bytes& lower_nonce(const Bytes& a, const Bytes& b) { return b < a ? b : a; }
bool loses(const Bytes& ours, const Bytes& theirs) { return ours < theirs; }

}  // namespace dormouse::ike
