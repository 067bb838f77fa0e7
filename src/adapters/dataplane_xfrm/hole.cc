#include "adapters/dataplane_xfrm/hole.h"

#include <cerrno>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/secret.h"

namespace dormouse::xfrm {
namespace {

constexpr int kReads = 256;               // of one drain, then the control thread has its turn
constexpr std::uint32_t kFirstSpi = 256;  // below are the reserved ones; holes end at our own addresses alone

Suite suite_of_holes() { return {.encr = EncrId::aes_gcm_16, .key_bits = 128}; }
constexpr std::size_t kKeySize = 16 + 4;

std::uint32_t reqid_of(DeviceId device) { return 0x80000000U | device.value(); }
EspSpi spi_of(DeviceId device) { return EspSpi(kFirstSpi + device.value()); }

Outcome<dataplane::Fd> open_socket(int family, std::uint16_t& port) {
  dataplane::Fd fd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok()) return failure(std::string("UDP socket: ") + std::strerror(errno));
  const int on = 1;
  if (family == AF_INET6) (void)setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_storage name{};
  name.ss_family = static_cast<sa_family_t>(family);
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return failure(std::string("UDP socket: ") + std::strerror(errno));
  // The port stands at the same place in both kinds of name.
  port = ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
  return fd;
}

}  // namespace

Outcome<Holes> Holes::open(crypto::EspProvider& engine) {
  Holes h(engine);
  TRY_ASSIGN(h.socket4_, open_socket(AF_INET, h.port4_));
  if (auto six = open_socket(AF_INET6, h.port6_)) h.socket6_ = std::move(*six);
  return h;
}

Outcome<Holes::Dug> Holes::dig(Kernel& kernel, DeviceId device, std::uint32_t if_id, const IpAddress& address) {
  const SaId id{address, spi_of(device)};
  Dug dug{{address, address, id.spi, reqid_of(device)}, {}};
  const auto old = holes_.find(id.spi.value());
  if (old != holes_.end() && old->second.id == id) return dug;
  SecretBytes key(kKeySize);
  if (getrandom(key.reveal_mutable().data(), kKeySize, 0) != static_cast<ssize_t>(kKeySize))
    return failure(std::string("randomness: ") + std::strerror(errno));
  auto cipher = engine_->cipher(suite_of_holes(), key.reveal(), {}, true);
  if (!cipher) return failure("no engine for " + token_of(suite_of_holes(), Protocol::esp));
  TRY_ASSIGN(const auto algorithms, algorithms_of(suite_of_holes()));
  const std::uint16_t port = address.is_v4() ? port4_ : port6_;
  const SaSpec sa{.source = address,
                  .id = id,
                  .udp = true,
                  .source_port = port,
                  .destination_port = port,
                  .reqid = reqid_of(device),
                  .if_id = if_id,
                  .algorithms = algorithms,
                  .encr = key.reveal(),
                  .replay = ReplayState::fresh(1)};
  TRY(kernel.add_sa(sa));
  if (old != holes_.end()) dug.before = old->second.id;
  holes_[id.spi.value()] = {device, id,
                            std::make_unique<esp::InboundSa>(std::move(*cipher), id.spi, false, 0, esp::ByteLimits{})};
  return dug;
}

void Holes::fill(Kernel& kernel, DeviceId device) {
  const auto it = holes_.find(spi_of(device).value());
  if (it == holes_.end()) return;
  kernel.delete_sa(it->second.id);
  holes_.erase(it);
}

bool Holes::drain(const std::function<void(DeviceId, MutableBytes)>& each) {
  const bool four = drain_one(socket4_.get(), each), six = drain_one(socket6_.get(), each);
  return four || six;
}

bool Holes::drain_one(int fd, const std::function<void(DeviceId, MutableBytes)>& each) {
  bool any = false;
  for (int i = 0; fd >= 0 && i < kReads; ++i) {
    const auto n = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0) break;
    any = true;
    if (n < 8) continue;
    const auto it = holes_.find(load32(buffer_.data()));
    if (it == holes_.end()) continue;
    esp::OpenBatch batch;
    batch.add(*it->second.sa, MutableBytes(buffer_).first(static_cast<std::size_t>(n)));
    if (batch.empty()) continue;
    for (const auto& opened : batch.run(*it->second.sa))
      if (!opened.inner.empty()) each(it->second.device, opened.inner);
  }
  return any;
}

}  // namespace dormouse::xfrm
