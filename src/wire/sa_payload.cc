// RFC 7296 3.3: an SA payload is a list of proposals, each a list of transforms, each with a list of attributes.
//
//   proposal  | last 0/2  | reserved  |        length         |
//             | number    | protocol  | SPI size  | count     |
//             | SPI (0, 4 or 8 octets), then transforms       |
//
//   transform | last 0/3  | reserved  |        length         |
//             | type      | reserved  |          id           |
//             | attributes                                    |
//
//   attribute |1|    type (15 bits)   |        value          |   short form; the Key Length (14) is always one
//             |0|    type (15 bits)   |        length         |   long form, `length` octets of value follow
#include "wire/sa_payload.h"

namespace dormouse::wire {
namespace {

constexpr std::uint8_t kLast = 0, kMoreProposals = 2, kMoreTransforms = 3;
constexpr std::uint16_t kShortForm = 0x8000, kKeyLength = 14;
constexpr std::size_t kTransformHeader = 8;

/// A substructure's reader after its "last" octet, reserved octet and length, and whether more were announced.
struct Substructure {
  bool more;
  Reader body;
};

Result<Substructure> read_substructure(Reader& list, std::uint8_t more_marker) {
  const auto at = list.offset();
  TRY_ASSIGN(const std::uint8_t marker, list.u8("last substructure"));
  if (marker != kLast && marker != more_marker) return fail(ErrorCode::malformed, "last substructure", at, marker);
  TRY(list.u8("reserved"));
  TRY_ASSIGN(const std::uint16_t length, list.u16("substructure length"));
  if (length < 4) return fail(ErrorCode::malformed, "substructure length", at + 2, length);
  TRY_ASSIGN(const Reader body, list.sub(length - 4u, "substructure"));
  // The marker and the length of the list around it must tell the same story.
  if ((marker == kLast) != list.empty()) return fail(ErrorCode::malformed, "last substructure", at, marker);
  return Substructure{marker != kLast, body};
}

Result<void> read_attribute(Reader& r, Transform& t, bool& key_length_seen) {
  const auto at = r.offset();
  TRY_ASSIGN(const std::uint16_t head, r.u16("attribute type"));
  TRY_ASSIGN(const std::uint16_t value, r.u16("attribute value"));
  const bool short_form = (head & kShortForm) != 0;
  if (!short_form) TRY(r.take(value, "attribute value"));
  if ((head & ~kShortForm) != kKeyLength) {
    t.unknown_attribute = true;
    return {};
  }
  if (!short_form || key_length_seen) return fail(ErrorCode::malformed, "key length attribute", at);
  key_length_seen = true;
  t.key_bits = value;
  // 0 means "absent" in a Transform; said aloud, it must not pass for a cipher of fixed key length.
  if (value == 0) t.unknown_attribute = true;
  return {};
}

Result<Transform> read_transform(Reader r) {
  Transform t;
  TRY_ASSIGN(const std::uint8_t type, r.u8("transform type"));
  t.type = static_cast<TransformType>(type);
  TRY(r.u8("reserved"));
  TRY_ASSIGN(t.id, r.u16("transform id"));
  bool key_length_seen = false;
  while (!r.empty()) TRY(read_attribute(r, t, key_length_seen));
  return t;
}

bool spi_size_fits(Protocol protocol, std::size_t size) {
  switch (protocol) {
    case Protocol::ike: return size == 0 || size == 8;
    case Protocol::ah:
    case Protocol::esp: return size == 4;
    case Protocol::none: break;
  }
  return true;  // a protocol this program does not know never matches; its SPI is its own affair
}

Result<Proposal> read_proposal(Reader r) {
  Proposal p;
  TRY_ASSIGN(p.number, r.u8("proposal number"));
  TRY_ASSIGN(const std::uint8_t protocol, r.u8("protocol"));
  p.protocol = static_cast<Protocol>(protocol);
  const auto spi_at = r.offset();
  TRY_ASSIGN(const std::uint8_t spi_size, r.u8("SPI size"));
  if (!spi_size_fits(p.protocol, spi_size)) return fail(ErrorCode::malformed, "SPI size", spi_at, spi_size);
  const auto count_at = r.offset();
  TRY_ASSIGN(const std::uint8_t count, r.u8("transform count"));
  TRY_ASSIGN(const ByteView spi, r.take(spi_size, "SPI"));
  p.spi = to_bytes(spi);
  bool more = count != 0;
  while (more) {
    if (p.transforms.size() == count) return fail(ErrorCode::malformed, "transform count", count_at, count);
    TRY_ASSIGN(const Substructure sub, read_substructure(r, kMoreTransforms));
    TRY_ASSIGN(const Transform t, read_transform(sub.body));
    p.transforms.push_back(t);
    more = sub.more;
  }
  if (p.transforms.size() != count) return fail(ErrorCode::malformed, "transform count", count_at, count);
  TRY(r.finish("transforms"));
  return p;
}

void write_transform(const Transform& t, bool last, Writer& w) {
  w.u8(last ? kLast : kMoreTransforms);
  w.u8(0);
  w.u16(static_cast<std::uint16_t>(kTransformHeader + (t.key_bits != 0 ? 4 : 0)));
  w.u8(static_cast<std::uint8_t>(t.type));
  w.u8(0);
  w.u16(t.id);
  if (t.key_bits == 0) return;
  w.u16(kShortForm | kKeyLength);
  w.u16(t.key_bits);
}

void write_proposal(const Proposal& p, bool last, Writer& w) {
  const auto start = w.size();
  w.u8(last ? kLast : kMoreProposals);
  w.u8(0);
  w.u16(0);
  w.u8(p.number);
  w.u8(static_cast<std::uint8_t>(p.protocol));
  w.u8(static_cast<std::uint8_t>(p.spi.size()));
  w.u8(static_cast<std::uint8_t>(p.transforms.size()));
  w.bytes(p.spi);
  for (const auto& t : p.transforms) write_transform(t, &t == &p.transforms.back(), w);
  w.patch_u16(start + 2, static_cast<std::uint16_t>(w.size() - start));
}

}  // namespace

Result<SaPayload> parse_sa(Reader body) {
  SaPayload sa;
  bool more = true;
  while (more) {
    if (sa.proposals.size() == limits::kMaxProposals) return fail(ErrorCode::too_large, "proposals", body.offset());
    TRY_ASSIGN(const Substructure sub, read_substructure(body, kMoreProposals));
    TRY_ASSIGN(Proposal p, read_proposal(sub.body));
    sa.proposals.push_back(std::move(p));
    more = sub.more;
  }
  return sa;
}

void write_body(const SaPayload& payload, Writer& out) {
  for (const auto& p : payload.proposals) write_proposal(p, &p == &payload.proposals.back(), out);
}

}  // namespace dormouse::wire
