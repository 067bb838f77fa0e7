// The daemon's end of the control socket: many clients, requests in, answers and pushed messages out.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "adapters/control/fd_watcher.h"
#include "adapters/control/frame.h"
#include "base/result.h"
#include "base/strong.h"

namespace dormouse::control {

using ClientId = Strong<struct ClientIdTag, std::uint64_t>;  ///< one connection; never reused

/// What the server tells its owner. Both may call send() and close().
class Handler {
 public:
  virtual ~Handler() = default;
  /// One request, as its JSON text (not yet parsed, at most limits::kMaxControlRequest octets).
  virtual void on_request(ClientId client, const std::string& json) = 0;
  /// The connection is over, from whichever side; called once per client that ever sent a request or was sent a
  /// message.
  virtual void on_gone(ClientId client) = 0;
};

class Server {
 public:
  /// Listens at `path` with mode 0600. A socket file left by a dead daemon is replaced; one that answers is a Failure.
  /// `watcher` and `handler` must outlive the server.
  [[nodiscard]] static Outcome<std::unique_ptr<Server>> listen(const std::string& path, FdWatcher& watcher,
                                                               Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Closes every client (without on_gone) and removes the socket file.
  ~Server();

  /// Queues one message. False: the client is gone, or is dropped now because it does not read: its queue is over
  /// limits::kControlQueueBytes. A single message may be larger than that, up to limits::kMaxControlReply.
  bool send(ClientId client, std::string_view json);
  /// Ends a connection after what is queued was written.
  void close(ClientId client);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    int fd = -1;
    FrameReader in;
    std::string out{};
    std::size_t written = 0;
    bool known = false;    // the handler has met it
    bool closing = false;  // no more requests; goes when `out` is written
    bool waiting = false;  // for the socket to take more
  };
  Server(int fd, std::string path, FdWatcher& watcher, Handler& handler);
  void accept_clients();
  void ready(ClientId id, bool readable, bool writable);
  void read_from(ClientId id);
  void deliver(ClientId id);
  bool write_to(ClientId id);
  void drop(ClientId id);
  [[nodiscard]] Client* find(ClientId id);

  int fd_;
  std::string path_;
  FdWatcher& watcher_;
  Handler& handler_;
  std::map<ClientId, Client> clients_;
  std::uint64_t next_id_ = 1;
};

}  // namespace dormouse::control
