// Puts packets into an xfrm interface as if the machine had routed them there.
#pragma once
#include "adapters/dataplane_tun/fd.h"
#include "base/bytes.h"
#include "base/result.h"

namespace dormouse::xfrm {

class Injector {
 public:
  [[nodiscard]] static Outcome<Injector> open();
  /// `packet` is a whole IP packet of either family. False: the kernel refused it.
  bool send(int ifindex, ByteView packet);

 private:
  explicit Injector(dataplane::Fd fd) : fd_(std::move(fd)) {}
  dataplane::Fd fd_;
};

}  // namespace dormouse::xfrm
