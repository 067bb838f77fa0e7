#include "adapters/dataplane_xfrm/probe.h"

#include <cerrno>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/dataplane_tun/fd.h"
#include "adapters/dataplane_xfrm/kernel.h"
#include "adapters/dataplane_xfrm/links.h"
#include "adapters/dataplane_xfrm/underlay.h"

namespace dormouse::xfrm {
namespace {

constexpr std::uint32_t kProbeIfId = kLastIfId;  // the numbers of devices begin at the other end

Outcome<void> try_interface() {
  TRY_ASSIGN(auto links, Links::open());
  TRY_ASSIGN(const int ifindex, links.add("dmp" + std::to_string(getpid()), kProbeIfId, 1400));
  links.remove(ifindex);
  return {};
}

Outcome<void> try_sa(Kernel& kernel, const Suite& suite, Family family) {
  const IpAddress here = family == Family::v4 ? IpAddress::v4(0x7f000001) : *IpAddress::parse("::1");
  const SecretBytes key(suite.key_bits / 8U + 4U);
  SaSpec sa{.source = here, .id = {here, EspSpi(0xfffffff0)}, .reqid = 1, .if_id = kProbeIfId};
  TRY_ASSIGN(sa.algorithms, algorithms_of(suite));
  sa.encr = key.reveal();
  sa.udp = true;
  sa.source_port = sa.destination_port = 4500;
  sa.esn = true;
  sa.replay = ReplayState::fresh(2048);
  kernel.delete_sa(sa.id);
  TRY(kernel.add_sa(sa));
  kernel.delete_sa(sa.id);
  return {};
}

Outcome<void> try_udp() {
  const dataplane::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int espinudp = UDP_ENCAP_ESPINUDP;
  if (!fd.ok() || setsockopt(fd.get(), IPPROTO_UDP, UDP_ENCAP, &espinudp, sizeof espinudp) != 0)
    return failure(std::strerror(errno));
  return {};
}

}  // namespace

Outcome<void> probe() {
  std::string missing;
  const auto need = [&](const char* what, const Outcome<void>& found) {
    if (!found) missing += (missing.empty() ? "" : "; ") + std::string(what) + ": " + found.error().text;
  };
  auto kernel = Kernel::open();
  if (!kernel) return failure("the kernel lacks XFRM (CONFIG_XFRM_USER): " + kernel.error().text);
  need("xfrm interfaces (CONFIG_XFRM_INTERFACE)", try_interface());
  need("ESP with AES-GCM and extended sequence numbers (CONFIG_INET_ESP, CONFIG_CRYPTO_GCM)",
       try_sa(*kernel, {.encr = EncrId::aes_gcm_16, .key_bits = 128}, Family::v4));
  need("ESP in UDP (CONFIG_INET_ESP)", try_udp());
  if (!missing.empty()) return failure("the kernel lacks " + missing);
  return {};
}

void clear_leftovers() {
  if (auto links = Links::open()) links->clear(kFirstIfId, kLastIfId);
  if (auto underlay = Underlay::open()) underlay->clear();
  if (auto kernel = Kernel::open()) kernel->clear(kFirstIfId, kLastIfId);
}

}  // namespace dormouse::xfrm
