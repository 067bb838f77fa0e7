// An IKE message as values. parse_* turn hostile octets into these bounded structures once, at the edge; serialize_*
// write them. Each payload's reading and writing stand together in its own file pair (sa_payload, key_exchange, ...).
#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/transform.h"
#include "wire/registry.h"

namespace dormouse::wire {

/// IKE header (RFC 7296 3.1). 28 octets.
struct Header {
  IkeSpi spi_i, spi_r;
  PayloadType next_payload = PayloadType::none;
  ExchangeType exchange = ExchangeType::informational;
  bool initiator = false;  ///< flag I: the sender is the original initiator of this IKE SA
  bool response = false;   ///< flag R
  MessageId message_id;
  std::uint32_t length = 0;  ///< filled on parse; on serialize computed
};
inline constexpr std::size_t kHeaderSize = 28;

struct SaPayload {
  std::vector<Proposal> proposals;
};  // 3.3
struct KePayload {
  KeId group = KeId::none;
  Bytes data;
};  // 3.4
struct IdPayload {
  bool responder = false;
  Identity id;
};  // 3.5 (IDi / IDr by `responder`)
struct CertPayload {
  std::uint8_t encoding = 4;
  Bytes data;
};  // 3.6
struct CertReqPayload {
  std::uint8_t encoding = 4;
  Bytes authorities;
};  // 3.7
struct AuthPayload {
  AuthMethod method = AuthMethod::shared_key;
  Bytes data;
};  // 3.8
struct NoncePayload {
  Bytes data;
};  // 3.9
struct NotifyPayload {
  Protocol protocol = Protocol::none;
  Bytes spi;
  NotifyType type{};
  Bytes data;
};  // 3.10
struct DeletePayload {
  Protocol protocol = Protocol::ike;
  std::vector<EspSpi> spis;
};  // 3.11 (spis empty for IKE)
struct VendorIdPayload {
  Bytes data;
};  // 3.12
struct TsPayload {
  bool responder = false;
  TrafficSelectors selectors;
};  // 3.13 (TSi / TSr); unknown TS types are skipped on parse
struct ConfigAttribute {
  std::uint16_t type = 0;
  Bytes value;
};
struct ConfigPayload {
  std::uint8_t type = 1;
  std::vector<ConfigAttribute> attributes;
};  // 3.15
struct EapPayload {
  Bytes message;
};  // 3.16
/// A payload type this program does not know, with the critical bit clear (set, it is an error, RFC 7296 2.5).
struct UnknownPayload {
  std::uint8_t type = 0;
  Bytes body;
};

using Payload =
    std::variant<SaPayload, KePayload, IdPayload, CertPayload, CertReqPayload, AuthPayload, NoncePayload, NotifyPayload,
                 DeletePayload, VendorIdPayload, TsPayload, ConfigPayload, EapPayload, UnknownPayload>;

/// Where the encrypted part of a message lies (SK, or SKF of RFC 7383).
struct EncryptedPart {
  PayloadType first_inner = PayloadType::none;
  std::uint32_t body_offset = 0;              ///< of the IV, from the start of the message
  std::uint16_t fragment = 0, fragments = 0;  ///< SKF: number and total; 0 for SK
};

struct Message {
  Header header;
  std::vector<Payload> payloads;           ///< clear payloads in order (for SA_INIT: all)
  std::optional<EncryptedPart> encrypted;  ///< always the last payload (RFC 7296 3.14)
};

/// Header alone; checks version (major 2), length against `datagram`, and that flags V/reserved do not matter on
/// receipt.
[[nodiscard]] Result<Header> parse_header(ByteView datagram);
/// Header and clear payloads; stops at SK/SKF. Length in the header must equal the datagram's. Error
/// unsupported_critical (detail = payload type) for unknown payloads with the critical bit.
[[nodiscard]] Result<Message> parse_message(ByteView datagram);
/// A clear message as it would be without the N(COOKIE) in front (RFC 7296 2.6); with none there, the same octets.
[[nodiscard]] Bytes without_cookie(ByteView message);
/// The payload chain inside an opened SK payload; `offset` is for error reports.
[[nodiscard]] Result<std::vector<Payload>> parse_payloads(PayloadType first, ByteView body, std::uint32_t offset = 0);

/// The chain of generic-header payloads; `first` gets the type of the first one.
void serialize_payloads(const std::vector<Payload>& payloads, Bytes& out, PayloadType& first);
/// A whole clear message (IKE_SA_INIT), length patched.
[[nodiscard]] Bytes serialize_clear(const Header& header, const std::vector<Payload>& payloads);
/// A message ready for IkeCipher::seal: header, SK generic header, IV room, inner payloads, padding and pad length, ICV
/// room. `header_size` receives the octets before the IV (the cipher's associated data).
[[nodiscard]] Bytes serialize_for_seal(const Header& header, const std::vector<Payload>& inner, std::size_t iv_size,
                                       std::size_t block_size, std::size_t icv_size, std::size_t& header_size);
/// One fragment of a message (RFC 7383 2.5), likewise: `content` is a piece of the inner payloads, `first` the type of
/// the first of them and meant for fragment 1 alone.
struct FragmentPart {
  std::uint16_t number = 1, total = 1;
  PayloadType first = PayloadType::none;
  ByteView content;
};
[[nodiscard]] Bytes serialize_fragment_for_seal(const Header& header, const FragmentPart& part, std::size_t iv_size,
                                                std::size_t block_size, std::size_t icv_size, std::size_t& header_size);
/// Octets that serialize_fragment_for_seal adds to its content, but for padding.
[[nodiscard]] std::size_t fragment_overhead(std::size_t iv_size, std::size_t icv_size);
/// Strips RFC 7296 3.14 padding from opened plaintext. malformed if pad length exceeds it.
[[nodiscard]] Result<ByteView> strip_padding(ByteView plaintext);

/// The ID payload body from its type octet on (RFC 7296 2.15's RestOfIDPayload).
[[nodiscard]] Bytes id_body(const Identity& id);

[[nodiscard]] PayloadType type_of(const Payload& p);

/// First payload of a kind, or null.
template <class T>
[[nodiscard]] const T* find(const std::vector<Payload>& payloads) {
  for (const auto& p : payloads)
    if (const auto* t = std::get_if<T>(&p)) return t;
  return nullptr;
}
/// First notify of a type, or null.
[[nodiscard]] const NotifyPayload* find_notify(const std::vector<Payload>& payloads, NotifyType type);

}  // namespace dormouse::wire
