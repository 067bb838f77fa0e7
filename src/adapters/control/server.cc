// Every callback into the handler may close or drop any client, so a client is looked up anew by its id after each.
#include "adapters/control/server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"

namespace dormouse::control {
namespace {

std::unexpected<Failure> refused(const std::string& path, const char* step) {
  return failure("control socket " + path + ": " + step + ": " + std::strerror(errno));
}

Outcome<sockaddr_un> name_of(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    return failure("control socket " + path + ": the path must have 1 to " + std::to_string(sizeof name.sun_path - 1) +
                   " characters");
  std::memcpy(name.sun_path, path.data(), path.size());
  return name;
}

const sockaddr* plain(const sockaddr_un& name) { return reinterpret_cast<const sockaddr*>(&name); }

/// Whether somebody answers at the socket file.
bool answers(const sockaddr_un& name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  // EAGAIN: its queue of connections is full, so it lives.
  const bool alive = connect(fd, plain(name), sizeof name) == 0 || errno == EAGAIN;
  close(fd);
  return alive;
}

Outcome<void> remove_stale(const std::string& path, const sockaddr_un& name) {
  struct stat st{};
  if (lstat(path.c_str(), &st) != 0) return {};
  if (!S_ISSOCK(st.st_mode)) return failure("control socket " + path + ": a file of another kind is there");
  if (answers(name)) return failure("control socket " + path + ": another daemon is using it");
  if (unlink(path.c_str()) != 0) return refused(path, "remove the old one");
  return {};
}

bool may_control(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == geteuid();
}

}  // namespace

Outcome<std::unique_ptr<Server>> Server::listen(const std::string& path, FdWatcher& watcher, Handler& handler) {
  TRY_ASSIGN(const auto name, name_of(path));
  TRY(remove_stale(path, name));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refused(path, "socket");
  // Set on the descriptor before bind, the mode is the file's from its first moment: nobody slips in between.
  if (fchmod(fd, 0600) != 0 || bind(fd, plain(name), sizeof name) != 0) {
    auto f = refused(path, "bind");
    ::close(fd);
    return f;
  }
  std::unique_ptr<Server> server(new Server(fd, path, watcher, handler));
  if (chmod(path.c_str(), 0600) != 0 || ::listen(fd, 16) != 0) return refused(path, "listen");
  TRY(watcher.watch(fd, [raw = server.get()](bool, bool) { raw->accept_clients(); }));
  return server;
}

Server::Server(int fd, std::string path, FdWatcher& watcher, Handler& handler)
    : fd_(fd), path_(std::move(path)), watcher_(watcher), handler_(handler) {}

Server::~Server() {
  for (auto& [id, client] : clients_) {
    watcher_.unwatch(client.fd);
    ::close(client.fd);
  }
  watcher_.unwatch(fd_);
  ::close(fd_);
  unlink(path_.c_str());
}

Server::Client* Server::find(ClientId id) {
  const auto it = clients_.find(id);
  return it == clients_.end() ? nullptr : &it->second;
}

void Server::accept_clients() {
  for (;;) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const ClientId id(next_id_++);
    const bool welcome = clients_.size() < limits::kMaxControlClients && may_control(fd);
    if (!welcome || !watcher_.watch(fd, [this, id](bool r, bool w) { ready(id, r, w); })) {
      ::close(fd);
      continue;
    }
    clients_.emplace(id, Client{.fd = fd, .in = FrameReader(limits::kMaxControlRequest), .out = {}});
  }
}

void Server::ready(ClientId id, bool readable, bool writable) {
  if (writable && !write_to(id)) return;
  if (readable && find(id) != nullptr) read_from(id);
}

void Server::read_from(ClientId id) {
  std::array<std::uint8_t, 65536> piece;
  auto* c = find(id);
  const auto n = recv(c->fd, piece.data(), piece.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return drop(id);
  if (c->closing) return;  // read only to notice its end
  c->in.feed(ByteView(piece.data(), static_cast<std::size_t>(n)));
  deliver(id);
}

void Server::deliver(ClientId id) {
  for (auto* c = find(id); c != nullptr && !c->closing; c = find(id)) {
    auto message = c->in.next();
    if (!message) {
      send(id, R"({"ok":false,"error":"the request is empty or too large"})");
      return close(id);
    }
    if (!*message) return;
    c->known = true;
    handler_.on_request(id, **message);
  }
}

bool Server::send(ClientId id, std::string_view json) {
  auto* c = find(id);
  if (c == nullptr || c->closing || json.size() > limits::kMaxControlReply) return false;
  if (c->out.size() - c->written > limits::kControlQueueBytes) {
    drop(id);
    return false;
  }
  c->known = true;
  c->out += frame(json);
  return c->waiting || write_to(id);
}

bool Server::write_to(ClientId id) {
  auto* c = find(id);
  if (c == nullptr) return false;
  while (c->written < c->out.size()) {
    const auto n = ::send(c->fd, c->out.data() + c->written, c->out.size() - c->written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) {
      drop(id);
      return false;
    }
    if (n < 0) break;
    c->written += static_cast<std::size_t>(n);
  }
  const bool done = c->written == c->out.size();
  if (done && c->closing) {
    drop(id);
    return false;
  }
  // Also in the middle of a backlog, so that a client that is always a little behind does not grow its queue forever.
  if (done || (c->written > limits::kControlQueueBytes && c->written > c->out.size() / 2)) {
    c->out.erase(0, c->written);
    c->written = 0;
  }
  if (done && c->out.capacity() > limits::kControlQueueBytes) c->out.shrink_to_fit();
  if (c->waiting == done) watcher_.want_write(c->fd, !done);
  c->waiting = !done;
  return true;
}

void Server::close(ClientId id) {
  auto* c = find(id);
  if (c == nullptr) return;
  c->closing = true;
  if (c->written == c->out.size()) drop(id);
}

void Server::drop(ClientId id) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  const bool known = it->second.known;
  watcher_.unwatch(it->second.fd);
  ::close(it->second.fd);
  clients_.erase(it);
  if (known) handler_.on_gone(id);
}

}  // namespace dormouse::control
