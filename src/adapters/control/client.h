// The shell's end of the control socket: blocking, with a bound on every wait.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "adapters/control/frame.h"
#include "base/result.h"
#include "base/time.h"

namespace dormouse::control {

class Client {
 public:
  /// Failure names the path and says whether nobody listens, the file is absent or permission is missing.
  [[nodiscard]] static Outcome<Client> connect(const std::string& path);
  Client(Client&& o) noexcept;
  Client& operator=(Client&& o) noexcept;
  ~Client();

  /// Sends one request. Failure: over limits::kMaxControlRequest, or the daemon went away or did not read for `wait`.
  [[nodiscard]] Outcome<void> send(std::string_view json, Duration wait = 10s);
  /// The next message, or nothing when `wait` passed first. Failure: the daemon closed the connection.
  [[nodiscard]] Outcome<std::optional<std::string>> receive(Duration wait);
  /// send() and the next message. Failure also when no answer comes within `wait`.
  [[nodiscard]] Outcome<std::string> call(std::string_view json, Duration wait = 10s);
  /// For poll(): readable when receive() has something to do. Messages already read in are not seen by poll, so call
  /// receive(0s) until it returns nothing before waiting.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit Client(int fd);
  int fd_;
  FrameReader in_;
};

}  // namespace dormouse::control
