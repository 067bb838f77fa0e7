// Everything in wire that reads octets of strangers. The first octet chooses the door, the rest goes through it. Beyond
// "no crash": what was read can be written, and writing is stable, so that no value exists that only one direction
// knows.
#include <cstdlib>

#include "wire/dump.h"
#include "wire/esp_header.h"
#include "wire/inside_config.h"
#include "wire/message.h"

namespace {

using namespace dormouse;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What a Configuration payload is understood as can be said again, and is then understood the same.
void meaning_is_stable(const std::vector<wire::Payload>& payloads) {
  const auto* p = wire::find<wire::ConfigPayload>(payloads);
  if (!p) return;
  const auto config = wire::read_config(*p);
  require(wire::read_config(wire::to_payload(config)) == config);
  require(config.dns.size() <= limits::kMaxInsideDns && config.subnets.size() <= limits::kMaxInsideSubnets);
  const auto request = wire::read_request(*p);
  require(wire::read_request(wire::to_payload(request)) == request);
}

/// Reads, writes, reads and writes again: the two writings must be the same octets.
void writing_is_stable(const std::vector<wire::Payload>& payloads) {
  meaning_is_stable(payloads);
  Bytes once;
  auto first = wire::PayloadType::none;
  wire::serialize_payloads(payloads, once, first);
  const auto again = wire::parse_payloads(first, once);
  require(again.has_value());
  Bytes twice;
  wire::serialize_payloads(*again, twice, first);
  require(once == twice);
}

void message(ByteView datagram) {
  require(wire::without_cookie(datagram).size() <= datagram.size());
  const auto m = wire::parse_message(datagram);
  if (!m) {
    require(m.error().offset <= datagram.size());
    return;
  }
  require(m->payloads.size() <= limits::kMaxPayloads);
  require(!m->encrypted || m->encrypted->body_offset <= datagram.size());
  require(!wire::dump(*m).empty());
  writing_is_stable(m->payloads);
}

/// A chain as it stands inside SK, padding included.
void inner(ByteView plaintext) {
  if (plaintext.empty()) return;
  const auto stripped = wire::strip_padding(plaintext.subspan(1));
  if (!stripped) return;
  const auto payloads = wire::parse_payloads(static_cast<wire::PayloadType>(plaintext[0]), *stripped);
  if (payloads) writing_is_stable(*payloads);
}

/// The payload chain without a header around it: the quickest way into each payload.
void chain(ByteView octets) {
  if (octets.empty()) return;
  const auto payloads = wire::parse_payloads(static_cast<wire::PayloadType>(octets[0]), octets.subspan(1));
  if (payloads) writing_is_stable(*payloads);
}

void udp_4500(ByteView datagram) {
  switch (wire::classify_udp_4500(datagram)) {
    case wire::NatTraversalKind::ike: return message(wire::strip_non_esp_marker(datagram));
    case wire::NatTraversalKind::esp: return require(datagram.size() >= wire::kEspHeaderSize);
    case wire::NatTraversalKind::keepalive: return require(datagram.size() == 1);
    case wire::NatTraversalKind::noise: return require(!wire::parse_esp_header(datagram));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  switch (data[0] & 3) {
    case 0: message(rest); break;
    case 1: inner(rest); break;
    case 2: chain(rest); break;
    default: udp_4500(rest); break;
  }
  return 0;
}
