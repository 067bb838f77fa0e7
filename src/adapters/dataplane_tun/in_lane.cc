#include "adapters/dataplane_tun/in_lane.h"

#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

#include "adapters/dataplane_tun/clock.h"
#include "esp/ecn.h"

namespace dormouse::dataplane {
namespace {

constexpr std::size_t kSpiAndSeq = 8;
constexpr Duration kUnknownEvery = 1s;

}  // namespace

InLane::InLane(Tables& tables, OuterSockets& sockets, std::uint16_t udp_port)
    : tables_(tables),
      sockets_(sockets),
      port_(udp_port),
      buffer_(kBuffer),
      whole_(esp::kOffloadHeaderSize + esp::kLargestWhole) {}

std::size_t InLane::receive(Outer which) {
  const bool udp = which == Outer::udp4 || which == Outer::udp6;
  const std::size_t room = udp ? kUdpDatagram : kEspDatagram;
  const std::size_t messages = kBuffer / room;
  for (std::size_t i = 0; i < messages; ++i) {
    io_[i] = {buffer_.data() + i * room, room};
    auto& m = messages_[i].msg_hdr;
    m = {};
    m.msg_iov = &io_[i];
    m.msg_iovlen = 1;
    m.msg_name = &names_[i];
    m.msg_namelen = sizeof names_[i];
    m.msg_control = controls_[i].octets.data();
    m.msg_controllen = controls_[i].octets.size();
  }
  const int n = recvmmsg(sockets_.fd(which), messages_.data(), static_cast<unsigned>(messages), MSG_DONTWAIT, nullptr);
  now_ = boottime();
  handled_ = 0;
  for (std::size_t i = 0; n > 0 && i < static_cast<std::size_t>(n); ++i) {
    const auto& m = messages_[i];
    if ((m.msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
    const MutableBytes data(buffer_.data() + i * room, m.msg_len);
    if (udp)
      udp_datagram(data, read_arrival(m.msg_hdr, port_));
    else
      raw_datagram(data, read_arrival(m.msg_hdr, 0));
  }
  open();
  write_joined();
  child_ = nullptr;  // control may remove it before the next batch
  device_ = nullptr;
  return handled_;
}

void InLane::raw_datagram(MutableBytes data, Arrival from) {
  if (from.remote.address.is_v4()) {  // a raw IPv4 socket hands over the IP header too
    const std::size_t header = data.empty() ? 0 : (data[0] & 15U) * 4U;
    if (header < 20 || data.size() < header) return;
    from.traffic_class = data[1];
    data = data.subspan(header);
  }
  esp_packet(data, from, esp::Encap::none);
}

// RFC 3948 2: four zero octets in the place of the SPI mean IKE, one octet 0xff is a NAT keepalive.
void InLane::udp_datagram(MutableBytes data, const Arrival& from) {
  const std::size_t step = from.segment != 0 ? from.segment : data.size();
  while (!data.empty()) {
    const auto part = data.first(std::min(step, data.size()));
    data = data.subspan(part.size());
    if (part.size() == 1) continue;
    if (part.size() > 4 && load32(part.data()) == 0) {
      tables_.events.push(esp::IkeDatagram{from.local, from.remote, from.ifindex, to_bytes(part.subspan(4))});
    } else {
      esp_packet(part, from, esp::Encap::udp);
    }
  }
}

void InLane::esp_packet(MutableBytes packet, const Arrival& from, esp::Encap encap) {
  if (packet.size() < kSpiAndSeq) return;
  ++handled_;
  const EspSpi spi(load32(packet.data()));
  Child* c = child_ != nullptr && child_->in.spi == spi ? child_ : tables_.by_spi.find(spi);
  if (c == nullptr) return tell_unknown(spi, from.remote);
  const bool same_way = c == child_ && from.remote == from_.remote && from.local == from_.local &&
                        from.traffic_class == from_.traffic_class;
  if (!same_way || encap != encap_ || batch_.full()) {
    open();
    child_ = c;
    from_ = from;
    encap_ = encap;
  }
  batch_.add(c->in, packet);
}

void InLane::open() {
  if (batch_.empty()) return;
  Child& c = *child_;
  Tunnel& t = c.tunnel;
  const auto before = c.in.octets.get();
  const auto failed = c.in.auth_failed.get();
  const auto opened = batch_.run(c.in);
  t.in.errors.add(c.in.auth_failed.get() - failed);
  if (opened.empty()) return;
  t.in.packets.add(opened.size());
  t.in.octets.add(c.in.octets.get() - before);
  t.in.last.set(static_cast<std::uint64_t>(now_.since_boot().count()));
  if (c.in.transport) [[unlikely]] {
    take_headerless(c, opened);
  } else {
    for (const auto& packet : opened) {
      note_origin(c, packet);
      if (!packet.inner.empty()) deliver(c, packet.inner);
    }
  }
  const auto reached = esp::lifetime_of(c.in.octets.get(), c.in.limits);
  if (reached > c.in.told) {
    c.in.told = reached;
    tables_.events.push(esp::LifetimeReached{c.id, reached == esp::Lifetime::hard_reached});
  }
}

void InLane::note_origin(Child& c, const esp::Opened& packet) {
  Tunnel& t = c.tunnel;
  if (!std::exchange(c.in.used, true)) tables_.events.push(esp::UsedChild{c.id});
  const bool ports = encap_ == esp::Encap::udp;
  const bool expected = encap_ == t.path.encap && from_.remote.address == t.path.remote.address &&
                        (t.path.local.address.is_unspecified() || from_.local.address == t.path.local.address) &&
                        (!ports || from_.remote.port == t.path.remote.port);
  // An old packet may come late from where the peer was before; only the newest says where it is.
  if (!expected && packet.newest) {
    const OuterOrigin origin{from_.local, from_.remote, encap_};
    if (t.in.move_told != origin) {
      t.in.move_told = origin;
      tables_.events.push(esp::AuthenticatedFrom{t.id, c.id, from_.local, from_.remote, encap_});
    }
  }
  if (t.asleep && packet.seq > c.wake_after && !std::exchange(t.in.wake_told, true))
    tables_.events.push(esp::TrafficWhileAsleep{t.id});
}

void InLane::deliver(Child& c, MutableBytes inner) {
  esp::InnerPacket info;
  if (!esp::parse_inner(inner, info)) {
    c.in.malformed.add(1);
    return;
  }
  if (!c.selectors.fits_inbound(info)) {
    c.in.ts_mismatch.add(1);
    c.tunnel.in.errors.add(1);
    return;
  }
  if (!esp::decapsulate_ecn(inner.data(), from_.traffic_class)) {
    c.tunnel.in.errors.add(1);
    return;
  }
  if (c.headers.dscp_inwards) esp::set_dscp(inner.data(), from_.traffic_class);
  Device& d = c.tunnel.device;
  if (device_ != &d) {
    write_joined();
    device_ = &d;
    joined_.join(d.tun.joins_tcp, d.tun.joins_udp);
  }
  if (joined_.add(inner, info)) return;
  write_joined();
  (void)joined_.add(inner, info);  // an empty one takes any packet
}

/// In transport mode the outer header is the packet's own: one from elsewhere is not of this SA, whoever sent it.
void InLane::take_headerless(Child& c, std::span<const esp::Opened> opened) {
  const bool of_this_sa = from_.remote.address == c.transport->remote && from_.local.address == c.transport->local;
  if (!of_this_sa) {
    c.in.ts_mismatch.add(opened.size());
    c.tunnel.in.errors.add(opened.size());
    return;
  }
  for (const auto& packet : opened) {
    note_origin(c, packet);
    if (!packet.inner.empty()) deliver_headerless(c, packet);
  }
}

/// Its header is made anew elsewhere, since what is before the packet may be another one: a copy, and a write for each.
void InLane::deliver_headerless(Child& c, const esp::Opened& packet) {
  const auto whole = std::span(whole_);
  std::uint8_t* ip = whole.data() + esp::kOffloadHeaderSize;
  const auto size = esp::write_whole(ip, *c.transport, packet.next, from_.traffic_class, packet.inner);
  esp::InnerPacket info;
  if (size == 0 || !esp::parse_inner({ip, size}, info)) {
    c.in.malformed.add(1);
    return;
  }
  if (!c.selectors.fits_inbound(info)) {
    c.in.ts_mismatch.add(1);
    c.tunnel.in.errors.add(1);
    return;
  }
  write_joined();  // those before it come first
  // What the interface does not take is lost, as with any interface.
  if (write(c.tunnel.device.tun.fd.get(), whole.data(), esp::kOffloadHeaderSize + size) < 0) return;
}

void InLane::write_joined() {
  if (joined_.empty()) return;
  joined_.flush([fd = device_->tun.fd.get()](std::span<const ByteView> parts) {
    std::array<iovec, esp::Coalescer::kParts> io;
    for (std::size_t i = 0; i < parts.size(); ++i)
      io[i] = {const_cast<std::uint8_t*>(parts[i].data()), parts[i].size()};
    // What the interface does not take (down, or no memory) is lost, as with any interface; the transport above copes.
    if (writev(fd, io.data(), static_cast<int>(parts.size())) < 0) return;
  });
}

void InLane::tell_unknown(EspSpi spi, const Endpoint& remote) {
  if (unknown_told_ != Instant() && now_ - unknown_told_ < kUnknownEvery) return;
  unknown_told_ = now_;
  tables_.events.push(esp::UnknownSpi{remote, spi});
}

}  // namespace dormouse::dataplane
