// One end of a tunnel whose keys are fixed: the data path alone, without IKE. Runs until standard input ends.
#include <cstdio>
#include <cstring>
#include <net/if.h>
#include <string_view>
#include <unistd.h>

#include "adapters/dataplane_tun/tun_data_plane.h"
#include "crypto/engine/engine.h"

namespace {

using namespace dormouse;

struct Cipher {
  std::string_view name;
  Suite suite;
};
const Cipher kCiphers[] = {
    {"aes128gcm", {.encr = EncrId::aes_gcm_16, .key_bits = 128}},
    {"aes256gcm", {.encr = EncrId::aes_gcm_16, .key_bits = 256}},
    {"chacha20poly1305", {.encr = EncrId::chacha20_poly1305, .key_bits = 256}},
    {"aes128-sha256", {.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128}},
};

SecretBytes key(std::size_t size, std::uint8_t fill) { return SecretBytes(Bytes(size, fill)); }

esp::ChildSpec child_of(bool first, const Suite& suite) {
  esp::ChildSpec c{.id = ChildId(1), .tunnel = TunnelId(1), .device = DeviceId(1), .suite = suite};
  const EspSpi to_first(0x1001), to_second(0x1002);
  c.spi_in = first ? to_first : to_second;
  c.spi_out = first ? to_second : to_first;
  const std::uint8_t in = first ? 0x11 : 0x22, out = first ? 0x22 : 0x11;
  c.encr_in = key(crypto::encr_key_size(suite.encr, suite.key_bits), in);
  c.encr_out = key(crypto::encr_key_size(suite.encr, suite.key_bits), out);
  c.integ_in = key(crypto::integ_key_size(suite.integ), in);
  c.integ_out = key(crypto::integ_key_size(suite.integ), out);
  c.local_ts = c.remote_ts = {TrafficSelector::any(Family::v4), TrafficSelector::any(Family::v6)};
  return c;
}

int usage() {
  std::fputs("usage: dataplane_bench first|second DEVICE LOCAL REMOTE OUTER_DEVICE [udp|esp] [CIPHER] [MTU]\n", stderr);
  return 2;
}

int run(int argc, char** argv) {
  if (argc < 6) return usage();
  const bool first = std::strcmp(argv[1], "first") == 0;
  const auto local = IpAddress::parse(argv[3]);
  const auto remote = IpAddress::parse(argv[4]);
  const bool udp = argc < 7 || std::strcmp(argv[6], "udp") == 0;
  const std::string_view wanted = argc < 8 ? "aes128gcm" : argv[7];
  const Cipher* cipher = nullptr;
  for (const auto& c : kCiphers)
    if (c.name == wanted) cipher = &c;
  if (!local || !remote || cipher == nullptr) return usage();

  auto engine = crypto::make_esp_provider();
  std::printf("engine %s\n", engine->name());
  auto plane = dataplane::make_tun_data_plane(std::move(engine));
  if (!plane) return std::fprintf(stderr, "%s\n", plane.error().text.c_str()), 1;
  const auto device =
      (*plane)->add_device({DeviceId(1), argv[2], argc < 9 ? 1400U : static_cast<unsigned>(std::stoi(argv[8]))});
  if (!device) return std::fprintf(stderr, "%s\n", device.error().text.c_str()), 1;
  const std::uint16_t port = udp ? 4500 : 0;
  (*plane)->add_tunnel(TunnelId(1), DeviceId(1),
                       {{*local, port},
                        {*remote, port},
                        udp ? esp::Encap::udp : esp::Encap::none,
                        static_cast<int>(if_nametoindex(argv[5]))});
  if (const auto added = (*plane)->add_child(child_of(first, cipher->suite)); !added) {
    return std::fprintf(stderr, "%s\n", added.error().text.c_str()), 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  char c = 0;
  while (read(0, &c, 1) > 0) {
  }
  const auto n = (*plane)->counters(TunnelId(1));
  std::fprintf(stderr, "in %llu packets, %llu errors; out %llu packets, %llu errors\n",
               static_cast<unsigned long long>(n.packets_in), static_cast<unsigned long long>(n.errors_in),
               static_cast<unsigned long long>(n.packets_out), static_cast<unsigned long long>(n.errors_out));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
