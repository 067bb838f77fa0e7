// The laptop's own link: down, up, and the route that its network gives it.
//
//   link_switch INTERFACE NETWORK NETMASK GATEWAY
//
// Commands: "down"; "up"; "route", from which moment on a packet finds its way out. Each is answered with its moment.
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <net/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "instrument.h"

namespace dormouse::wake {
namespace {

sockaddr address(const char* text) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (inet_pton(AF_INET, text, &in.sin_addr) != 1) die(text);
  sockaddr out{};
  std::memcpy(&out, &in, sizeof in);
  return out;
}

void set_up(int s, const char* name, bool up) {
  ifreq r{};
  std::strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(s, SIOCGIFFLAGS, &r) != 0) die(name);
  r.ifr_flags = static_cast<short>(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
  if (ioctl(s, SIOCSIFFLAGS, &r) != 0) die(name);
}

void add_route(int s, char** argv) {
  rtentry r{};
  r.rt_dst = address(argv[2]);
  r.rt_genmask = address(argv[3]);
  r.rt_gateway = address(argv[4]);
  r.rt_flags = RTF_UP | RTF_GATEWAY;
  if (ioctl(s, SIOCADDRT, &r) != 0 && errno != EEXIST) die("route");
}

}  // namespace
}  // namespace dormouse::wake

int main(int argc, char** argv) {
  using namespace dormouse::wake;
  if (argc != 5) {
    std::fprintf(stderr, "usage: link_switch INTERFACE NETWORK NETMASK GATEWAY\n");
    return 2;
  }
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) die("socket");
  say("ready");
  Commands commands;
  while (true)
    commands.read([&](const std::string& word, Ns) {
      if (word == "route")
        add_route(s, argv);
      else
        set_up(s, argv[1], word == "up");
      say("%s %lld", word.c_str(), static_cast<long long>(now_ns()));
    });
}
