#include "adapters/netlink/monitor.h"

#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "adapters/netlink/channel.h"
#include "adapters/netlink/parse.h"

namespace dormouse::netlink {
namespace {

constexpr unsigned kGroups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

constexpr int kMaxReads = 1024;  // announcements, mostly one each: about a millisecond of work

void append(std::vector<Event>& out, const nlmsghdr* m) {
  switch (m->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      if (auto link = parse_link(m)) out.emplace_back(LinkChanged{std::move(*link), m->nlmsg_type == RTM_DELLINK});
      break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (auto a = parse_address(m)) out.emplace_back(AddressChanged{*a, m->nlmsg_type == RTM_DELADDR});
      break;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      for (auto& r : parse_routes(m)) out.emplace_back(RouteChanged{r, m->nlmsg_type == RTM_DELROUTE});
      break;
    default: break;
  }
}

}  // namespace

struct Monitor::Impl {
  Socket socket;
  std::vector<char> buffer = std::vector<char>(64 * 1024);
};

Monitor::Monitor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;

Outcome<Monitor> Monitor::open() {
  TRY_ASSIGN(auto socket, open_socket(kGroups, SOCK_NONBLOCK));
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(socket);
  return Monitor(std::move(impl));
}

int Monitor::fd() const { return mnl_socket_get_fd(impl_->socket.get()); }

Outcome<std::vector<Event>> Monitor::read() {
  std::vector<Event> out;
  for (int i = 0; i < kMaxReads; ++i) {
    const auto n = mnl_socket_recvfrom(impl_->socket.get(), impl_->buffer.data(), impl_->buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return out;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ENOBUFS) {
      out.emplace_back(EventsLost{});
      continue;
    }
    if (n < 0) return failure(std::string("read network changes: ") + std::strerror(errno));
    int left = static_cast<int>(n);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(impl_->buffer.data()); mnl_nlmsg_ok(m, left);
         m = mnl_nlmsg_next(m, &left))
      append(out, m);
  }
  return out;
}

}  // namespace dormouse::netlink
