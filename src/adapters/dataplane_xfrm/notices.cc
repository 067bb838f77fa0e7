#include "adapters/dataplane_xfrm/notices.h"

#include <cerrno>
#include <sys/socket.h>

namespace dormouse::xfrm {
namespace {

constexpr int kBuffer = 4 << 20;  // ten thousand wake-ups at once
constexpr int kReads = 64;

constexpr unsigned bit(unsigned group) { return 1U << (group - 1); }

template <class T>
void add(std::vector<Notice>& out, std::optional<T> notice) {
  if (notice) out.emplace_back(std::move(*notice));
}

void read_message(const nlmsghdr* m, std::vector<Notice>& out) {
  switch (m->nlmsg_type) {
    case XFRM_MSG_EXPIRE: return add(out, parse_expired(m));
    case XFRM_MSG_NEWAE: return add(out, parse_received(m));
    case XFRM_MSG_MAPPING: return add(out, parse_mapped(m));
    default: return;
  }
}

}  // namespace

Outcome<Notices> Notices::open() {
  TRY_ASSIGN(auto socket, netlink::open_socket(bit(XFRMNLGRP_EXPIRE) | bit(XFRMNLGRP_AEVENTS) | bit(XFRMNLGRP_MAPPING),
                                               SOCK_NONBLOCK, NETLINK_XFRM));
  const int fd = mnl_socket_get_fd(socket.get());
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer) != 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
  return Notices(std::move(socket));
}

std::vector<Notice> Notices::take() {
  std::vector<Notice> out;
  for (int i = 0; i < kReads; ++i) {
    const auto n = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (n < 0 && errno == ENOBUFS) {
      out.emplace_back(NoticesLost{});
      continue;
    }
    if (n <= 0) break;
    int left = static_cast<int>(n);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(m, left);
         m = mnl_nlmsg_next(m, &left))
      read_message(m, out);
  }
  return out;
}

}  // namespace dormouse::xfrm
