#include "crypto/openssl/names.h"

#include <algorithm>

#include "base/limits.h"

namespace dormouse::crypto::openssl {
namespace {

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

/// An IA5String of printable characters: a NUL inside has made "gateway.example\0.evil.example" of names before.
bool is_plain(ByteView text) {
  return !text.empty() && std::ranges::all_of(text, [](auto c) { return c > 0x20 && c < 0x7f; });
}

ByteView octets_of(const ASN1_STRING* s) {
  return {ASN1_STRING_get0_data(s), static_cast<std::size_t>(ASN1_STRING_length(s))};
}

std::expected<void, CertificateFault> add_text(IdType type, const ASN1_STRING* s, std::vector<Identity>& out) {
  const auto text = octets_of(s);
  if (!is_plain(text)) return std::unexpected(CertificateFault::malformed);
  out.push_back({type, to_bytes(text)});
  return {};
}

std::expected<void, CertificateFault> add_address(const ASN1_STRING* s, std::vector<Identity>& out) {
  const auto octets = octets_of(s);
  if (octets.size() != 4 && octets.size() != 16) return std::unexpected(CertificateFault::malformed);
  out.push_back({octets.size() == 4 ? IdType::ipv4 : IdType::ipv6, to_bytes(octets)});
  return {};
}

std::expected<void, CertificateFault> add_name(const GENERAL_NAME* name, std::vector<Identity>& out) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  switch (type) {
    case GEN_DNS: return add_text(IdType::fqdn, value, out);
    case GEN_EMAIL: return add_text(IdType::rfc822, value, out);
    case GEN_IPADD: return add_address(value, out);
    default: return {};
  }
}

}  // namespace

std::optional<Bytes> name_der(const X509_NAME* name) {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) != 1 || size > limits::kMaxDistinguishedName) return std::nullopt;
  return Bytes(der, der + size);
}

std::optional<std::string> name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  constexpr unsigned long kForm =
      ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS;
  if (!out || X509_NAME_print_ex(out.get(), name, 0, kForm) < 0) return std::nullopt;
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::optional<std::string> common_name(const X509_NAME* name) {
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return "";
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
  if (size < 0) return std::nullopt;
  std::string text(utf8, utf8 + size);
  OPENSSL_free(utf8);
  if (std::ranges::any_of(text, [](char c) { return is_control(static_cast<unsigned char>(c)); })) return std::nullopt;
  return text;
}

std::expected<void, CertificateFault> read_alt_names(X509* x, std::vector<Identity>& out) {
  int critical = 0;
  const GeneralNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, &critical, nullptr)));
  if (!names) {
    if (critical == -1) return {};  // there is none; -2: there are two, else it does not parse
    return std::unexpected(CertificateFault::malformed);
  }
  const int count = sk_GENERAL_NAME_num(names.get());
  if (count > static_cast<int>(limits::kMaxAltNames)) return std::unexpected(CertificateFault::too_many);
  for (int i = 0; i < count; ++i)
    if (auto added = add_name(sk_GENERAL_NAME_value(names.get(), i), out); !added) return added;
  return {};
}

}  // namespace dormouse::crypto::openssl
