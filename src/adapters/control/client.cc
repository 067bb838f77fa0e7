#include "adapters/control/client.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "base/limits.h"

namespace dormouse::control {
namespace {

Instant now() {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &t));
  return Instant::from_ns(std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec);
}

/// False: `until` passed. Also true on error and hang-up, which the next read or write then meets. A signal gives false
/// too, so that a shell gets to see its Ctrl+C.
bool wait_for(int fd, short events, Instant until) {
  pollfd p{fd, events, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
  return poll(&p, 1, left < 0 ? 0 : static_cast<int>(left)) > 0;
}

std::string reason(const std::string& path, int error) {
  if (error == ENOENT) return "no daemon is running (" + path + " does not exist)";
  if (error == ECONNREFUSED) return "no daemon is running (nobody listens at " + path + ")";
  if (error == EACCES || error == EPERM) return "no permission to use " + path;
  return path + ": " + std::strerror(error);
}

}  // namespace

Client::Client(int fd) : fd_(fd), in_(limits::kMaxControlReply) {}
Client::Client(Client&& o) noexcept : fd_(std::exchange(o.fd_, -1)), in_(std::move(o.in_)) {}
Client& Client::operator=(Client&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(in_, o.in_);
  return *this;
}
Client::~Client() {
  if (fd_ >= 0) close(fd_);
}

Outcome<Client> Client::connect(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) return failure(reason(path, ENAMETOOLONG));
  std::memcpy(name.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(reason(path, errno));
  Client client(fd);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return failure(reason(path, errno));
  return client;
}

Outcome<void> Client::send(std::string_view json, Duration wait) {
  if (json.empty() || json.size() > limits::kMaxControlRequest) return failure("the request is empty or too large");
  const auto until = now() + wait;
  const auto text = frame(json);
  for (std::size_t written = 0; written < text.size();) {
    const auto n = ::send(fd_, text.data() + written, text.size() - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      written += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, until)) return failure("the daemon does not read its control socket");
    } else if (errno != EINTR) {
      return failure("the daemon closed the connection");
    }
  }
  return {};
}

Outcome<std::optional<std::string>> Client::receive(Duration wait) {
  const auto until = now() + wait;
  std::array<std::uint8_t, 65536> piece;
  for (;;) {
    auto message = in_.next();
    if (!message) return failure("the daemon sent a message that is empty or too large");
    if (*message) return std::move(*message);
    if (!wait_for(fd_, POLLIN, until)) return std::nullopt;
    const auto n = recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) return failure("the daemon closed the connection");
    in_.feed(ByteView(piece.data(), static_cast<std::size_t>(n)));
  }
}

Outcome<std::string> Client::call(std::string_view json, Duration wait) {
  TRY(send(json, wait));
  TRY_ASSIGN(auto answer, receive(wait));
  if (!answer) return failure("no answer from the daemon");
  return std::move(*answer);
}

}  // namespace dormouse::control
