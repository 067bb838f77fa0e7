#include "adapters/dataplane_tun/cutter.h"

#include <algorithm>
#include <sys/random.h>

#include "adapters/dataplane_tun/send_all.h"
#include "esp/checksum.h"
#include "esp/fit.h"

namespace dormouse::dataplane {
namespace {

constexpr std::uint8_t kUdp = 17, kEsp = 50;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kLongestPayload = 65535;  // of an IPv6 packet, also of one in fragments

/// To the address, not to a port: fragments have none.
Addressing to_host(esp::OuterPath path) {
  path.encap = esp::Encap::none;
  return Addressing(path);
}

void write_udp_header(std::uint8_t* datagram, std::size_t size, const esp::OuterPath& path, std::uint16_t source_port) {
  store16(datagram, source_port);
  store16(datagram + 2, path.remote.port);
  store16(datagram + 4, static_cast<std::uint16_t>(size));
  store16(datagram + 6, 0);
  std::array<std::uint8_t, 40> ip{};  // of it the addresses count
  std::ranges::copy(path.local.address.bytes(), ip.begin() + 8);
  std::ranges::copy(path.remote.address.bytes(), ip.begin() + 24);
  const auto sum = esp::transport_checksum(ip.data(), true, kUdp, ByteView(datagram, size));
  esp::store_folded(datagram + 6, sum != 0 ? sum : std::uint16_t{0xffff});  // RFC 8200 8.1: zero is sent as ones
}

bool has_address(const Endpoint& e) { return !e.address.is_v4() && !e.address.is_unspecified(); }

}  // namespace

int Cutter::send(Tunnel& tunnel, esp::SealRun& run, std::size_t* sent) {
  const bool needs_source = tunnel.path.encap == esp::Encap::udp;  // for the checksum
  const int fd = sockets_.fragment_sender(tunnel.path);
  if (fd < 0 || (needs_source && !has_address(tunnel.path.local)) || !cut(tunnel, run)) return 0;
  Addressing to = to_host(tunnel.path);
  messages_.assign(pieces_.size(), {});
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    auto& p = pieces_[i];
    p.io = {iovec{p.fragment.header.data(), p.fragment.header.size()},
            iovec{const_cast<std::uint8_t*>(p.fragment.data.data()), p.fragment.data.size()}};
    messages_[i].msg_hdr.msg_iov = p.io.data();
    messages_[i].msg_hdr.msg_iovlen = p.io.size();
    to.apply(messages_[i].msg_hdr, {0, run.mark().traffic_class});
  }
  std::size_t done = 0;
  const int error = send_all(fd, messages_, &done);
  *sent = done < pieces_.size() ? pieces_[done].packet : pieces_.back().packet + 1;
  return error;
}

bool Cutter::cut(const Tunnel& tunnel, esp::SealRun& run) {
  const auto& path = tunnel.path;
  const auto mtu = tunnel.out.mtu.value();
  const auto headers = esp::outer_headers(true, path.encap);
  // Nobody may guess them: with a fragment of the same one a packet could be spoilt.
  std::array<std::uint32_t, esp::SealRun::kPackets> ids;
  if (getrandom(ids.data(), sizeof ids, 0) != static_cast<ssize_t>(sizeof ids)) return false;
  pieces_.clear();
  datagrams_.resize(run.octets().size() + run.count() * kUdpHeader);
  for (std::size_t i = 0; i < run.count() && headers + run.size_of(i) > mtu; ++i) {
    const auto whole = payload(path, run, i);
    if (whole.size() > kLongestPayload) return false;
    esp::Ipv6Fragmenter pieces(whole, path.encap == esp::Encap::udp ? kUdp : kEsp, mtu, ids[i]);
    while (const auto piece = pieces.next()) pieces_.push_back({*piece, {}, i});
  }
  return !pieces_.empty();
}

ByteView Cutter::payload(const esp::OuterPath& path, esp::SealRun& run, std::size_t i) {
  const auto esp = ByteView(run.octets()).subspan(i * run.segment(), run.size_of(i));
  if (path.encap != esp::Encap::udp) return esp;
  const auto datagram = std::span(datagrams_).subspan(i * (run.segment() + kUdpHeader), esp.size() + kUdpHeader);
  std::ranges::copy(esp, datagram.begin() + kUdpHeader);
  write_udp_header(datagram.data(), datagram.size(), path, sockets_.udp_port());
  return datagram;
}

}  // namespace dormouse::dataplane
