// One netlink socket and the exchange of a request for its answers.
#pragma once
#include <functional>
#include <libmnl/libmnl.h>
#include <memory>
#include <string>
#include <vector>

#include "adapters/netlink/message.h"
#include "base/result.h"

namespace dormouse::netlink {

struct CloseSocket {
  void operator()(mnl_socket* s) const { mnl_socket_close(s); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;

/// `groups`: bits of announcements to receive, RTMGRP_ for routes. `flags`: SOCK_NONBLOCK or 0. `protocol`: the netlink
/// family, NETLINK_ROUTE.
[[nodiscard]] Outcome<Socket> open_socket(unsigned groups, int flags, int protocol = 0);

class Channel {
 public:
  /// `protocol`: the netlink family, NETLINK_ROUTE unless told otherwise. With `groups`, what a request makes the
  /// kernel announce comes to its `each` too, before the verdict.
  [[nodiscard]] static Outcome<Channel> open(int protocol = 0, unsigned groups = 0);
  /// Sends `r` and waits for the kernel's verdict, two seconds at most; `each` gets every message that comes before it.
  /// Failure text: `what`, a colon, the kernel's reason. A list that changed while it was read is asked for again;
  /// `restart` then comes before the first message of the new one.
  [[nodiscard]] Outcome<void> request(Request& r, const std::string& what,
                                      const std::function<void(const nlmsghdr*)>& each = {},
                                      const std::function<void()>& restart = {});

 private:
  /// One exchange of request().
  [[nodiscard]] Outcome<void> exchange(Request& r, const std::string& what,
                                       const std::function<void(const nlmsghdr*)>& each);
  explicit Channel(Socket socket) : socket_(std::move(socket)), buffer_(64 * 1024) {}
  /// 0 while more is to come, 1 at the end, a negative errno as verdict.
  [[nodiscard]] int take(std::size_t size, std::uint32_t sequence, const std::function<void(const nlmsghdr*)>& each);
  Socket socket_;
  std::uint32_t sequence_ = 0;
  bool interrupted_ = false;  // the list changed while it was read
  std::string reason_;        // the kernel's own words about the last refusal
  std::vector<char> buffer_;  // a dump comes in pieces of up to 32 KiB
};

}  // namespace dormouse::netlink
