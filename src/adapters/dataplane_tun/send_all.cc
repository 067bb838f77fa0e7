#include "adapters/dataplane_tun/send_all.h"

#include <cerrno>
#include <poll.h>

namespace dormouse::dataplane {

bool writable_again(int fd) {
  constexpr int kPause = 5;  // ms: as long as the kernel's own queues hold
  if (errno != EAGAIN && errno != ENOBUFS) return false;
  pollfd p{fd, POLLOUT, 0};
  return poll(&p, 1, kPause) == 1;
}

int send_all(int fd, std::span<mmsghdr> messages, std::size_t* sent) {
  while (*sent < messages.size()) {
    const auto left = messages.subspan(*sent);
    const int n = sendmmsg(fd, left.data(), static_cast<unsigned>(left.size()), 0);
    if (n > 0)
      *sent += static_cast<std::size_t>(n);
    else if (!writable_again(fd))
      return errno;
  }
  return 0;
}

}  // namespace dormouse::dataplane
