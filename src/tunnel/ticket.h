// A session ticket (RFC 5723) by value: what a gateway must know of an IKE SA to have it back, sealed so that only it
// can read or make one. On the wire:
//
//   version(1) | key id(4) | ticket id(16) | IV(8) | AES-256-GCM{ content } | tag(16)
//
// Each ticket has a key of its own, prf+(ring key, "Dormouse ticket" | ticket id), so that no nonce can ever repeat,
// also not after a restart that lost a counter.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/inside.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"
#include "crypto/suite.h"
#include "tunnel/certificates.h"

namespace dormouse::tunnel {

using TicketId = std::array<std::uint8_t, 16>;
/// Names one login and all that came of it without another: every ticket since carries it, so they can be revoked
/// together.
using SessionId = std::array<std::uint8_t, 16>;

struct TicketContent {
  std::string phase1{};  ///< up to 255 octets
  std::uint32_t index = 0;
  SessionId session{};
  std::uint8_t auth_method = 0;  ///< of the login (RFC 7296 3.8)
  Identity peer{}, local{};
  Instant logged_in{}, issued{}, expires{};
  std::optional<Instant> reauth_deadline{};
  InsideAddresses lease{};  ///< the inside addresses its client was given
  Suite suite{};
  SecretBytes sk_d{};
  std::optional<CertificateFacts> certificate{};  ///< its owner's, if it logged in with one
  std::uint64_t policy = 0;  ///< fingerprint of what the phase 1 asks of a peer: changed, the ticket is void
};

/// The keys tickets are sealed with. Each is used for a day and kept until nothing sealed with it can be valid. It is
/// made an hour before its use, so that it is on disk by then: a machine that loses its last minutes loses no ticket.
class TicketKeys {
 public:
  static constexpr Duration kUseFor = std::chrono::hours(24);
  static constexpr Duration kAhead = std::chrono::hours(1);
  static constexpr Duration kLongestTicket = std::chrono::hours(24 * 7);
  static constexpr std::size_t kKeySize = 32;

  TicketKeys(crypto::Provider& crypto, Rng& rng) : crypto_(crypto), rng_(rng) {}

  /// A new key if there is none young enough, and old ones forgotten; true if anything changed.
  bool rotate(Instant now);
  struct Sealed {
    TicketId id;
    Bytes ticket;
  };
  /// Call rotate() before. Error exhausted / crypto: there is no ticket.
  [[nodiscard]] Result<Sealed> seal(const TicketContent& content);
  struct Opened {
    TicketId id;
    TicketContent content;
  };
  /// Error: short, unknown key, tampered with, of another version, or not begun. Whether it is over yet is for the
  /// caller to see, who can then say whose it was.
  [[nodiscard]] Result<Opened> open(ByteView ticket, Instant now);

  /// For the store: all keys in one secret, and until when each is kept (times are told apart because clocks are the
  /// store's business).
  [[nodiscard]] std::shared_ptr<const SecretBytes> exported() const;
  [[nodiscard]] std::map<std::uint32_t, Instant> kept_until() const;
  void import(const SecretBytes& keys, const std::map<std::uint32_t, Instant>& kept_until, Instant now);

 private:
  struct Key {
    SecretBytes key;
    Instant retire;
  };
  [[nodiscard]] std::uint32_t sealing_key(const TicketContent& content) const;
  [[nodiscard]] Result<std::unique_ptr<crypto::IkeCipher>> cipher(const Key& key, ByteView id);
  crypto::Provider& crypto_;
  Rng& rng_;
  std::map<std::uint32_t, Key> keys_;  // the newest has the latest `retire`
  std::optional<std::uint32_t> newest_;
};

/// The plaintext; times are seconds before `base`. For TicketKeys and the fuzzer.
[[nodiscard]] Bytes serialize(const TicketContent& content, Instant base);
[[nodiscard]] Result<TicketContent> parse_ticket_content(ByteView data, Instant base);

}  // namespace dormouse::tunnel
