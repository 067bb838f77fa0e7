// Sends several messages on one socket.
#pragma once
#include <cstddef>
#include <span>
#include <sys/socket.h>

namespace dormouse::dataplane {

/// After a send that failed: whether another try may do. A full socket buffer is waited for a little: to drop a whole
/// run would cost a TCP stream more than the pause.
[[nodiscard]] bool writable_again(int fd);
/// From message `*sent` on, which it moves. errno, or 0.
[[nodiscard]] int send_all(int fd, std::span<mmsghdr> messages, std::size_t* sent);

}  // namespace dormouse::dataplane
