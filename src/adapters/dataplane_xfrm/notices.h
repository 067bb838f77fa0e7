// What the kernel announces of SAs.
#pragma once
#include <variant>
#include <vector>

#include "adapters/dataplane_xfrm/messages.h"
#include "adapters/netlink/channel.h"

namespace dormouse::xfrm {

/// The kernel's queue ran over: look at every SA that is waited for.
struct NoticesLost {};
using Notice = std::variant<Expired, Received, Mapped, NoticesLost>;

class Notices {
 public:
  [[nodiscard]] static Outcome<Notices> open();
  [[nodiscard]] int fd() const { return mnl_socket_get_fd(socket_.get()); }
  /// What has come, in order, up to a bound; empty when there is no more.
  [[nodiscard]] std::vector<Notice> take();

 private:
  explicit Notices(netlink::Socket socket) : socket_(std::move(socket)), buffer_(64 * 1024) {}
  netlink::Socket socket_;
  std::vector<char> buffer_;
};

}  // namespace dormouse::xfrm
