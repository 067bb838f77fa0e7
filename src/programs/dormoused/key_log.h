// dormoused --key-log DIR: the keys of all SAs in the tables that Wireshark reads, for the debugging of tunnels.
#pragma once
#include <string>

#include "base/result.h"
#include "crypto/key_export.h"

namespace dormouse::daemon {

/// Appends to DIR/ikev2_decryption_table and DIR/esp_sa, both for the owner alone. DIR may serve as Wireshark's
/// configuration folder. Algorithms that Wireshark before 4.2 cannot name are comments there.
class KeyLog final : public crypto::KeyExport {
 public:
  /// Makes the folder (0700) and the files (0600) as needed. Failure if one of them is a link, not a plain file or
  /// somebody else's.
  [[nodiscard]] static Outcome<KeyLog> open(const std::string& folder);
  KeyLog(KeyLog&& o) noexcept;
  KeyLog& operator=(KeyLog&&) = delete;
  ~KeyLog() override;

  void ike_keys(IkeSpi i, IkeSpi r, const Suite& suite, const crypto::IkeKeys& keys) override;
  void child_keys(EspSpi to_responder, EspSpi to_initiator, const Suite& suite, const crypto::ChildKeys& keys) override;

 private:
  KeyLog(int ike, int esp) : ike_(ike), esp_(esp) {}
  void esp_lines(EspSpi spi, const Suite& suite, const SecretBytes& encr, const SecretBytes& integ) const;
  int ike_, esp_;
};

}  // namespace dormouse::daemon
