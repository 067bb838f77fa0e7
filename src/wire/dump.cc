#include "wire/dump.h"

#include <algorithm>

namespace dormouse::wire {
namespace {

constexpr std::size_t kHexLimit = 64;  // a key share of the small groups fits; a certificate need not
constexpr char kDigits[] = "0123456789abcdef";

std::string number(std::uint64_t v) { return std::to_string(v); }

std::string hex(ByteView v) {
  if (v.empty()) return "-";
  std::string out;
  for (const auto octet : v.first(std::min(v.size(), kHexLimit))) {
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return v.size() > kHexLimit ? out + "... (" + number(v.size()) + " octets)" : out;
}

std::string spi_text(std::uint64_t v, std::size_t octets) {
  std::string out;
  for (auto shift = octets * 8; shift > 0; shift -= 4) out += kDigits[(v >> (shift - 4)) & 15];
  return out;
}

std::string protocol_name(Protocol p) {
  switch (p) {
    case Protocol::none: return "none";
    case Protocol::ike: return "IKE";
    case Protocol::ah: return "AH";
    case Protocol::esp: return "ESP";
  }
  return number(static_cast<unsigned>(p));
}

std::string transform_type_name(TransformType t) {
  if (const auto i = additional_ke_index(t)) return "ADDKE" + number(*i + 1);
  switch (t) {
    case TransformType::encr: return "ENCR";
    case TransformType::prf: return "PRF";
    case TransformType::integ: return "INTEG";
    case TransformType::ke: return "KE";
    case TransformType::esn: return "ESN";
  }
  return number(static_cast<unsigned>(t));
}

std::string auth_method_name(AuthMethod m) {
  switch (m) {
    case AuthMethod::rsa: return "RSA";
    case AuthMethod::shared_key: return "PSK";
    case AuthMethod::dss: return "DSS";
    case AuthMethod::ecdsa256: return "ECDSA-256";
    case AuthMethod::ecdsa384: return "ECDSA-384";
    case AuthMethod::ecdsa521: return "ECDSA-521";
    case AuthMethod::null: return "NULL";
    case AuthMethod::digital_signature: return "SIGNATURE";
  }
  return number(static_cast<unsigned>(m));
}

/// Prints the inside of one payload: the rest of the first line, and lines below it at a deeper indent.
class BodyPrinter {
 public:
  BodyPrinter(std::string& out, std::string below) : out_(out), below_(std::move(below)) {}

  void operator()(const SaPayload& sa) {
    for (const auto& p : sa.proposals) {
      out_ += "\n" + below_ + "proposal " + number(p.number) + " " + protocol_name(p.protocol) + " spi=" + hex(p.spi);
      for (const auto& t : p.transforms) print(t);
    }
  }
  void operator()(const KePayload& p) {
    out_ +=
        " group=" + name_of(Transform{TransformType::ke, static_cast<std::uint16_t>(p.group)}) + " data=" + hex(p.data);
  }
  void operator()(const IdPayload& p) {
    out_ += " type=" + number(static_cast<unsigned>(p.id.type)) + " id=" + p.id.text();
  }
  void operator()(const CertPayload& p) { out_ += " encoding=" + number(p.encoding) + " data=" + hex(p.data); }
  void operator()(const CertReqPayload& p) {
    out_ += " encoding=" + number(p.encoding) + " authorities=" + hex(p.authorities);
  }
  void operator()(const AuthPayload& p) { out_ += " method=" + auth_method_name(p.method) + " data=" + hex(p.data); }
  void operator()(const NoncePayload& p) { out_ += " data=" + hex(p.data); }
  void operator()(const NotifyPayload& p) {
    out_ += " " + notify_name(p.type);
    if (p.protocol != Protocol::none || !p.spi.empty())
      out_ += " protocol=" + protocol_name(p.protocol) + " spi=" + hex(p.spi);
    if (!p.data.empty()) out_ += " data=" + hex(p.data);
  }
  void operator()(const DeletePayload& p) {
    out_ += " protocol=" + protocol_name(p.protocol);
    for (const auto spi : p.spis) out_ += " spi=" + spi_text(spi.value(), 4);
  }
  void operator()(const VendorIdPayload& p) { out_ += " data=" + hex(p.data); }
  void operator()(const TsPayload& p) {
    for (const auto& ts : p.selectors)
      out_ += "\n" + below_ + "protocol=" + number(ts.protocol) + " ports=" + number(ts.first_port) + "-" +
              number(ts.last_port) + " addresses=" + ts.range.first.text() + "-" + ts.range.last.text();
  }
  void operator()(const ConfigPayload& p) {
    out_ += " type=" + number(p.type);
    for (const auto& a : p.attributes) out_ += "\n" + below_ + "attribute " + number(a.type) + " value=" + hex(a.value);
  }
  void operator()(const EapPayload& p) { out_ += " message=" + hex(p.message); }
  void operator()(const UnknownPayload& p) { out_ += " body=" + hex(p.body); }

 private:
  void print(const Transform& t) {
    out_ += "\n" + below_ + "  " + transform_type_name(t.type) + " " + name_of(t);
    if (t.unknown_attribute) out_ += " with an unknown attribute";
  }

  std::string& out_;
  std::string below_;
};

std::string header_line(const Header& h) {
  return exchange_name(h.exchange, h.response) + " spi_i=" + spi_text(h.spi_i.value(), 8) +
         " spi_r=" + spi_text(h.spi_r.value(), 8) + " from=" + (h.initiator ? "initiator" : "responder") +
         " message_id=" + number(h.message_id.value()) + " length=" + number(h.length) + "\n";
}

std::string encrypted_line(const EncryptedPart& part) {
  std::string out =
      part.fragments == 0 ? "  SK" : "  SKF fragment=" + number(part.fragment) + "/" + number(part.fragments);
  return out + " first=" + payload_name(part.first_inner) + " offset=" + number(part.body_offset) + "\n";
}

}  // namespace

std::string dump(const std::vector<Payload>& payloads, std::size_t indent) {
  std::string out;
  const std::string margin(indent, ' ');
  for (const auto& p : payloads) {
    out += margin + payload_name(type_of(p));
    std::visit(BodyPrinter(out, margin + "  "), p);
    out += "\n";
  }
  return out;
}

std::string dump(const Message& message) {
  auto out = header_line(message.header) + dump(message.payloads, 2);
  if (message.encrypted) out += encrypted_line(*message.encrypted);
  return out;
}

}  // namespace dormouse::wire
