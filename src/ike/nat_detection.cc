#include "ike/nat_detection.h"

namespace dormouse::ike {
namespace {

Bytes hash_of(crypto::Provider& engine, IkeSpi i, IkeSpi r, const Endpoint& e) {
  Bytes in;
  Writer w(in);
  w.u64(i.value());
  w.u64(r.value());
  w.bytes(e.address.bytes());
  w.u16(e.port);
  const std::array parts{ByteView(in)};
  const auto digest = engine.sha1(parts);
  return Bytes(digest.begin(), digest.end());
}

}  // namespace

std::vector<wire::Payload> nat_notifies(crypto::Provider& engine, NatMode mode, IkeSpi i, IkeSpi r, const Path& path) {
  if (mode == NatMode::never) return {};
  Bytes source = hash_of(engine, i, r, path.local);
  if (mode == NatMode::always) source[0] = static_cast<std::uint8_t>(~source[0]);
  return {wire::NotifyPayload{.type = wire::NotifyType::nat_detection_source_ip, .data = std::move(source)},
          wire::NotifyPayload{.type = wire::NotifyType::nat_detection_destination_ip,
                              .data = hash_of(engine, i, r, path.remote)}};
}

std::optional<NatFindings> find_nat(crypto::Provider& engine, const std::vector<wire::Payload>& payloads, IkeSpi i,
                                    IkeSpi r, const Path& path) {
  bool any_source = false, source_fits = false, any_destination = false, destination_fits = false;
  const Bytes theirs = hash_of(engine, i, r, path.remote);
  const Bytes ours = hash_of(engine, i, r, path.local);
  for (const auto& p : payloads) {
    const auto* n = std::get_if<wire::NotifyPayload>(&p);
    if (!n) continue;
    if (n->type == wire::NotifyType::nat_detection_source_ip) {  // several are allowed; one must fit
      any_source = true;
      source_fits = source_fits || equal(n->data, theirs);
    } else if (n->type == wire::NotifyType::nat_detection_destination_ip) {
      any_destination = true;
      destination_fits = destination_fits || equal(n->data, ours);
    }
  }
  if (!any_source || !any_destination) return std::nullopt;
  return NatFindings{.local = !destination_fits, .remote = !source_fits};
}

}  // namespace dormouse::ike
