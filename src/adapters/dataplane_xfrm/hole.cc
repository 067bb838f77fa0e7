#include "adapters/dataplane_xfrm/hole.h"

#include <cerrno>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/secret.h"

namespace dormouse::xfrm {
namespace {

constexpr int kReads = 256;               // of one drain, then the control thread has its turn
constexpr std::uint32_t kFirstSpi = 256;  // below are the reserved ones; holes end at the loopback alone

Suite suite_of_holes() { return {.encr = EncrId::aes_gcm_16, .key_bits = 128}; }
constexpr std::size_t kKeySize = 16 + 4;

std::uint32_t reqid_of(DeviceId device) { return 0x80000000U | device.value(); }
EspSpi spi_of(DeviceId device) { return EspSpi(kFirstSpi + device.value()); }

const IpAddress kHere = IpAddress::v4(INADDR_LOOPBACK);

}  // namespace

Outcome<Holes> Holes::open(crypto::EspProvider& engine) {
  Holes h(engine);
  h.socket_ = dataplane::Fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  if (!h.socket_.ok() || bind(h.socket_.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      getsockname(h.socket_.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    return failure(std::string("UDP socket of the loopback: ") + std::strerror(errno));
  h.port_ = ntohs(name.sin_port);
  return h;
}

Outcome<Template> Holes::dig(Kernel& kernel, DeviceId device, std::uint32_t if_id) {
  const SaId id{kHere, spi_of(device)};
  SecretBytes key(kKeySize);
  if (getrandom(key.reveal_mutable().data(), kKeySize, 0) != static_cast<ssize_t>(kKeySize))
    return failure(std::string("randomness: ") + std::strerror(errno));
  auto cipher = engine_->cipher(suite_of_holes(), key.reveal(), {}, true);
  if (!cipher) return failure("no engine for " + token_of(suite_of_holes(), Protocol::esp));
  TRY_ASSIGN(const auto algorithms, algorithms_of(suite_of_holes()));
  const SaSpec sa{.source = kHere,
                  .id = id,
                  .udp = true,
                  .source_port = port_,
                  .destination_port = port_,
                  .reqid = reqid_of(device),
                  .if_id = if_id,
                  .algorithms = algorithms,
                  .encr = key.reveal(),
                  .replay = ReplayState::fresh(1)};
  TRY(kernel.add_sa(sa));
  holes_[id.spi.value()] = {device, id,
                            std::make_unique<esp::InboundSa>(std::move(*cipher), id.spi, false, 0, esp::ByteLimits{})};
  return Template{kHere, kHere, id.spi, reqid_of(device)};
}

void Holes::fill(Kernel& kernel, DeviceId device) {
  const auto it = holes_.find(spi_of(device).value());
  if (it == holes_.end()) return;
  kernel.delete_sa(it->second.id);
  holes_.erase(it);
}

void Holes::drain(const std::function<void(DeviceId, MutableBytes)>& each) {
  for (int i = 0; i < kReads; ++i) {
    const auto n = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (n < 0) break;
    if (n < 8) continue;
    const auto it = holes_.find(load32(buffer_.data()));
    if (it == holes_.end()) continue;
    esp::OpenBatch batch;
    batch.add(*it->second.sa, MutableBytes(buffer_).first(static_cast<std::size_t>(n)));
    if (batch.empty()) continue;
    for (const auto& opened : batch.run(*it->second.sa))
      if (!opened.inner.empty()) each(it->second.device, opened.inner);
  }
}

}  // namespace dormouse::xfrm
