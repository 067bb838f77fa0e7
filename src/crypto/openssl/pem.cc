#include "crypto/openssl/pem.h"

#include <openssl/pem.h>
#include <string_view>

#include "base/limits.h"
#include "crypto/openssl/x509_handles.h"

namespace dormouse::crypto::openssl {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::size_t kLine = 64;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Writes into memory of a fixed size, so that a secret leaves no copies behind in outgrown buffers.
class Lines {
 public:
  explicit Lines(std::size_t capacity) : out_(capacity) {}
  void put(std::string_view text) {
    for (const char c : text) put(c);
  }
  void put(char c) {
    if (size_ < out_.size()) out_.reveal_mutable()[size_++] = static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] SecretBytes take() const { return SecretBytes(out_.reveal().first(size_)); }

 private:
  SecretBytes out_;
  std::size_t size_ = 0;
};

/// Takes the next word off `text`; empty at its end.
std::string_view next_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::size_t n = 0;
  while (n < text.size() && !is_blank(text[n])) ++n;
  const auto word = text.substr(0, n);
  text.remove_prefix(n);
  return word;
}

/// Header lines of the traditional encrypted form: "Proc-Type: 4,ENCRYPTED" and "DEK-Info: AES-256-CBC,HEX".
void copy_headers(std::string_view& body, Lines& out) {
  bool any = false;
  for (;;) {
    auto rest = body;
    const auto name = next_word(rest);
    if (name.empty() || !name.ends_with(':')) break;
    out.put(name);
    out.put(' ');
    out.put(next_word(rest));
    out.put('\n');
    body = rest;
    any = true;
  }
  if (any) out.put('\n');
}

void copy_body(std::string_view body, Lines& out) {
  std::size_t column = 0;
  for (const char c : body) {
    if (is_blank(c)) continue;
    out.put(c);
    if (++column % kLine == 0) out.put('\n');
  }
  if (column % kLine != 0) out.put('\n');
}

void copy_block(std::string_view label, std::string_view body, Lines& out) {
  out.put(kBegin);
  out.put(label);
  out.put(kDashes);
  out.put('\n');
  copy_headers(body, out);
  copy_body(body, out);
  out.put(kEnd);
  out.put(label);
  out.put(kDashes);
  out.put('\n');
}

}  // namespace

SecretBytes pem_lines(ByteView octets) {
  std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  Lines out(2 * text.size() + kLine);
  for (;;) {
    const auto begin = text.find(kBegin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + kBegin.size());
    const auto closed = text.find(kDashes);
    if (closed == std::string_view::npos) break;
    const auto label = text.substr(0, closed);
    text.remove_prefix(closed + kDashes.size());
    const auto end = text.find(kEnd);
    if (end == std::string_view::npos || !text.substr(end + kEnd.size()).starts_with(label)) continue;
    copy_block(label, text.substr(0, end), out);
    text.remove_prefix(end + kEnd.size());
  }
  return out.take();
}

Outcome<std::vector<PemBlock>> pem_blocks(std::string_view text) {
  const QuietErrors quiet;
  const auto lines = pem_lines(as_bytes(text));
  if (lines.empty()) return failure("there is no PEM block: text from -----BEGIN ...----- to -----END ...-----");
  const auto bio = reading(lines.reveal());
  std::vector<PemBlock> out;
  char *label = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (BIO_pending(bio.get()) > 0) {
    if (PEM_read_bio(bio.get(), &label, &header, &data, &size) != 1)
      return failure("block " + std::to_string(out.size() + 1) + " is damaged: it is not base64 throughout");
    out.push_back({label, Bytes(data, data + size)});
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  return out;
}

}  // namespace dormouse::crypto::openssl
