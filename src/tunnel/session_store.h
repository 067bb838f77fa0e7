// What of the tunnel layer outlives the daemon: values out as it changes, values in at the next start. Who keeps them,
// and how, is not known here (adapters/store does). Traffic keys and SK_* never pass through here.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/inside.h"
#include "base/ip.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/transform.h"

namespace dormouse::tunnel {

/// The durable part of one dialup tunnel. (phase1, index) names it.
struct SessionRecord {
  std::string phase1;
  unsigned index = 0;
  std::uint8_t auth_method = 0;  ///< how the peer proved its identity: RFC 7296 3.8, Auth Method
  Identity peer, local;
  Endpoint local_end, remote_end;  ///< outside, as last seen by IKE
  bool udp_encap = false, local_behind_nat = false, remote_behind_nat = false;
  InsideAddresses lease{};               ///< given to it by mode-cfg
  std::vector<Prefix> routes;            ///< through its interface
  std::vector<std::string> reported_up;  ///< phase 2 whose "up" was sent to the managers and whose "down" is owed
  Instant created{}, logged_in{};
  bool asleep = false;                       ///< else up
  Instant asleep_since{}, asleep_until{};    ///< meaningful when asleep
  std::optional<Instant> reauth_deadline{};  ///< no sleep lasts longer
  unsigned sleeps = 0;
  friend bool operator==(const SessionRecord&, const SessionRecord&) = default;
};

struct SaveSession {
  SessionRecord record;
};
struct DropSession {
  std::string phase1;
  unsigned index = 0;
};
/// A small named value, e.g. the id of a ticket that was spent. Not for secrets.
struct SaveBlob {
  std::string area, key;
  Bytes value;
  std::optional<Instant> expires{};  ///< it is forgotten then
  friend bool operator==(const SaveBlob&, const SaveBlob&) = default;
};
/// Areas of blobs that belong to one dialup tunnel; the key is its instance_key().
inline constexpr const char* kSessionArea = "ticket-session";  ///< the SessionId of its tickets
inline constexpr const char* kSpiArea = "ike-spi";             ///< of its IKE SA, for RFC 6290
struct DropBlob {
  std::string area, key;
};
/// A secret in a file of its own that nobody else may read. Names are [a-z.-]+, and given by this program alone.
struct SaveSecret {
  std::string name;
  std::shared_ptr<const SecretBytes> value;
};
using StoreChange = std::variant<SaveSession, DropSession, SaveBlob, DropBlob, SaveSecret>;

/// What was kept, times as Instants of now: those before the last boot are negative.
struct StoredState {
  std::vector<SessionRecord> sessions{};
  std::vector<SaveBlob> blobs{};
  std::map<std::string, std::shared_ptr<const SecretBytes>> secrets{};
};

}  // namespace dormouse::tunnel
