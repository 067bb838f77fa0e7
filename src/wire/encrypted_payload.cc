// RFC 7296 3.14 and RFC 7383 2.5; both name in their generic header the first payload inside:
//
//   SK   | IV | encrypted: payloads, padding, pad length (1 octet) | ICV |
//   SKF  |    fragment number    |   total of fragments  | IV | encrypted | ICV |
//
// How long IV and ICV are, only the negotiated cipher knows; here ends what can be read without it.
#include "wire/encrypted_payload.h"

#include "wire/header.h"
#include "wire/payload_chain.h"

namespace dormouse::wire {
namespace {

Result<void> read_fragment_numbers(Reader& body, EncryptedPart& part) {
  const auto at = body.offset();
  TRY_ASSIGN(part.fragment, body.u16("fragment number"));
  TRY_ASSIGN(part.fragments, body.u16("total fragments"));
  if (part.fragment == 0 || part.fragment > part.fragments)
    return fail(ErrorCode::malformed, "fragment number", at, part.fragment);
  return {};
}

/// Padding, pad length and the room for the ICV behind the plaintext, and all lengths.
void finish_for_seal(Writer& w, std::size_t start, std::size_t plaintext_at, std::size_t block_size,
                     std::size_t icv_size) {
  const auto past_block = block_size > 1 ? (w.size() - plaintext_at + 1) % block_size : 0;
  const auto padding = past_block == 0 ? 0 : block_size - past_block;
  w.zeros(padding);
  w.u8(static_cast<std::uint8_t>(padding));
  w.zeros(icv_size);
  end_link(start, w);
  w.patch_u32(kLengthOffset, static_cast<std::uint32_t>(w.size()));
}

}  // namespace

Result<EncryptedPart> parse_encrypted(PayloadType type, Reader& chain) {
  TRY_ASSIGN(const Link link, read_link(type, chain));
  TRY(chain.finish("after the encrypted payload"));
  EncryptedPart part;
  part.first_inner = link.next;
  Reader body = link.body;
  if (type == PayloadType::encrypted_fragment) TRY(read_fragment_numbers(body, part));
  part.body_offset = body.offset();
  return part;
}

Bytes serialize_for_seal(const Header& header, const std::vector<Payload>& inner, std::size_t iv_size,
                         std::size_t block_size, std::size_t icv_size, std::size_t& header_size) {
  Bytes out;
  Writer w(out);
  write_header(header, PayloadType::encrypted, w);
  const auto start = begin_link(PayloadType::none, w);
  header_size = w.size();
  w.zeros(iv_size);
  const auto plaintext_at = w.size();
  PayloadType first{};
  serialize_payloads(inner, out, first);
  w.patch_u8(start, static_cast<std::uint8_t>(first));
  finish_for_seal(w, start, plaintext_at, block_size, icv_size);
  return out;
}

std::size_t fragment_overhead(std::size_t iv_size, std::size_t icv_size) {
  constexpr std::size_t kNumbers = 4, kPadLength = 1;
  return kHeaderSize + kGenericHeaderSize + kNumbers + iv_size + kPadLength + icv_size;
}

Bytes serialize_fragment_for_seal(const Header& header, const FragmentPart& part, std::size_t iv_size,
                                  std::size_t block_size, std::size_t icv_size, std::size_t& header_size) {
  Bytes out;
  Writer w(out);
  write_header(header, PayloadType::encrypted_fragment, w);
  const auto start = begin_link(part.number == 1 ? part.first : PayloadType::none, w);
  w.u16(part.number);
  w.u16(part.total);
  header_size = w.size();
  w.zeros(iv_size);
  const auto plaintext_at = w.size();
  w.bytes(part.content);
  finish_for_seal(w, start, plaintext_at, block_size, icv_size);
  return out;
}

Result<ByteView> strip_padding(ByteView plaintext) {
  if (plaintext.empty()) return fail(ErrorCode::malformed, "pad length");
  const std::size_t tail = plaintext.back() + std::size_t{1};
  const auto last = static_cast<std::uint32_t>(plaintext.size() - 1);
  if (tail > plaintext.size()) return fail(ErrorCode::malformed, "pad length", last, plaintext.back());
  return plaintext.first(plaintext.size() - tail);
}

}  // namespace dormouse::wire
