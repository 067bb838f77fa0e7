// Whether this machine's kernel can carry the packets.
#pragma once
#include "base/result.h"

namespace dormouse::xfrm {

/// Tries what the data plane needs, and leaves nothing behind. Failure: names all that is missing, and the kernel's
/// option for it.
[[nodiscard]] Outcome<void> probe();

/// Removes the interfaces, SAs and policies that a killed daemon left. Harmless where there are none.
void clear_leftovers();

}  // namespace dormouse::xfrm
