#include "programs/dormoused/key_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace dormouse::daemon {
namespace {

std::string hex(const SecretBytes& key) {
  std::string out;
  for (const auto octet : key.reveal()) out += fmt::format("{:02x}", octet);
  return out;
}

// Wireshark's words for algorithms; nullptr where its older versions have none.
const char* ike_cipher(const Suite& s) {
  switch (s.encr) {
    case EncrId::aes_cbc:
      return s.key_bits == 128   ? "AES-CBC-128 [RFC3602]"
             : s.key_bits == 192 ? "AES-CBC-192 [RFC3602]"
                                 : "AES-CBC-256 [RFC3602]";
    case EncrId::aes_gcm_16:
      return s.key_bits == 128   ? "AES-GCM-128 with 16 octet ICV [RFC5282]"
             : s.key_bits == 192 ? "AES-GCM-192 with 16 octet ICV [RFC5282]"
                                 : "AES-GCM-256 with 16 octet ICV [RFC5282]";
    default: return nullptr;
  }
}

const char* ike_integrity(IntegId id) {
  switch (id) {
    case IntegId::hmac_sha1_96: return "HMAC_SHA1_96 [RFC2404]";
    case IntegId::hmac_sha2_256_128: return "HMAC_SHA2_256_128 [RFC4868]";
    case IntegId::hmac_sha2_384_192: return "HMAC_SHA2_384_192 [RFC4868]";
    case IntegId::hmac_sha2_512_256: return "HMAC_SHA2_512_256 [RFC4868]";
    default: return "NONE [RFC4306]";
  }
}

const char* esp_cipher(EncrId id) {
  switch (id) {
    case EncrId::null: return "NULL";
    case EncrId::aes_cbc: return "AES-CBC [RFC3602]";
    case EncrId::aes_gcm_16: return "AES-GCM with 16 octet ICV [RFC4106]";
    default: return nullptr;
  }
}

const char* esp_integrity(IntegId id) {
  switch (id) {
    case IntegId::hmac_sha1_96: return "HMAC-SHA-1-96 [RFC2404]";
    case IntegId::hmac_sha2_256_128: return "HMAC-SHA-256-128 [RFC4868]";
    case IntegId::hmac_sha2_384_192: return "HMAC-SHA-384-192 [RFC4868]";
    case IntegId::hmac_sha2_512_256: return "HMAC-SHA-512-256 [RFC4868]";
    default: return "NULL";
  }
}

void append(int fd, std::string line) {
  const auto whole = write(fd, line.data(), line.size());  // in one call: what reads it meanwhile sees whole lines
  static_cast<void>(whole);                                // a full disk must not stop a tunnel
  wipe({reinterpret_cast<std::uint8_t*>(line.data()), line.size()});
}

Outcome<int> open_table(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0) return failure(path + ": " + std::strerror(errno));
  struct stat st{};
  const bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && fchmod(fd, 0600) == 0;
  if (ours) return fd;
  close(fd);
  return failure(path + ": not a plain file of ours, so no keys are written there");
}

}  // namespace

Outcome<KeyLog> KeyLog::open(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure(folder + ": " + std::strerror(errno));
  TRY_ASSIGN(const int ike, open_table(folder + "/ikev2_decryption_table"));
  KeyLog log(ike, -1);
  TRY_ASSIGN(log.esp_, open_table(folder + "/esp_sa"));
  return log;
}

KeyLog::KeyLog(KeyLog&& o) noexcept : ike_(std::exchange(o.ike_, -1)), esp_(std::exchange(o.esp_, -1)) {}

KeyLog::~KeyLog() {
  for (const int fd : {ike_, esp_})
    if (fd >= 0) close(fd);
}

void KeyLog::ike_keys(IkeSpi i, IkeSpi r, const Suite& suite, const crypto::IkeKeys& keys) {
  const auto* cipher = ike_cipher(suite);
  append(ike_, fmt::format("{}{:016x},{:016x},{},{},\"{}\",{},{},\"{}\"\n", cipher ? "" : "# ", i.value(), r.value(),
                           hex(keys.sk_ei), hex(keys.sk_er), cipher ? cipher : "ChaCha20-Poly1305", hex(keys.sk_ai),
                           hex(keys.sk_ar), ike_integrity(suite.integ)));
}

void KeyLog::child_keys(EspSpi to_responder, EspSpi to_initiator, const Suite& suite, const crypto::ChildKeys& keys) {
  esp_lines(to_responder, suite, keys.encr_i, keys.integ_i);
  esp_lines(to_initiator, suite, keys.encr_r, keys.integ_r);
}

// The outer addresses are left open, since a tunnel may move; a table entry has one family, so there are two of each.
void KeyLog::esp_lines(EspSpi spi, const Suite& suite, const SecretBytes& encr, const SecretBytes& integ) const {
  const auto* cipher = esp_cipher(suite.encr);
  const auto key = [](const SecretBytes& k) { return k.empty() ? std::string() : "0x" + hex(k); };
  for (const auto* family : {"IPv4", "IPv6"})
    append(esp_, fmt::format("{}\"{}\",\"*\",\"*\",\"0x{:08x}\",\"{}\",\"{}\",\"{}\",\"{}\"\n", cipher ? "" : "# ",
                             family, spi.value(), cipher ? cipher : "ChaCha20 with Poly1305 [RFC7634]", key(encr),
                             esp_integrity(suite.integ), key(integ)));
}

}  // namespace dormouse::daemon
