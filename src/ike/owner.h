// What an IKE SA asks of the layer above while it works: numbers that must be unique, randomness, the engine of
// cryptography, and the one question "may this peer in, and as whom". Answers are immediate; the core never waits.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/time.h"
#include "crypto/credential.h"
#include "crypto/key_export.h"
#include "crypto/suite.h"
#include "ike/auth_scheme.h"
#include "ike/credential_choice.h"
#include "ike/redirect.h"
#include "wire/inside_config.h"

namespace dormouse::ike {

struct Path;  // actions.h

/// What a peer gets that asks for transport mode; impossible: the data plane has none.
enum class TransportMode : std::uint8_t { refused, granted, impossible };

/// One phase 2 as the engine needs it.
struct ChildPolicy {
  std::string name{};
  std::vector<Suite> suites{};  ///< our order; `ke` counts only in CREATE_CHILD_SA, and is none without `pfs`
  bool pfs = true;
  TrafficSelectors local{}, remote{};  ///< what we would carry; the agreement is the intersection (RFC 7296 2.9)
  Duration lifetime = 43200s;          ///< hard; the soft one is up to a tenth earlier, with jitter
  bool rekey = true;                   ///< whether we start rekeys of it
  TransportMode transport = TransportMode::refused;
};

enum class PpkMode : std::uint8_t { never, allow, require };
/// A post-quantum preshared key (RFC 8784); `secret` is there unless `mode` is never.
struct PpkPolicy {
  PpkMode mode = PpkMode::never;
  std::string identity{};
  std::shared_ptr<const SecretBytes> secret{};
};

enum class NatMode : std::uint8_t { never, when_detected, always };

/// What one phase 1 asks of its IKE SAs.
struct IkePolicy {
  std::string gateway{};        ///< phase 1 name, for logs until the instance is known
  std::vector<Suite> suites{};  ///< our order, complete
  std::vector<Duration> retransmit_schedule{3s, 6s, 12s, 24s, 48s};  ///< wait after each transmission
  Duration negotiate_timeout = 30s;
  Duration lifetime = 86400s;
  bool rekey = true;
  NatMode nat = NatMode::when_detected;
  Duration nat_keepalive = 10s;          ///< used by the layer above
  bool fragmentation = true;             ///< long messages travel in pieces where the peer can (RFC 7383)
  std::size_t fragmentation_mtu = 1200;  ///< of the IP packet, octets
  bool session_resume = false;           ///< asks for session tickets as client, gives them as gateway (RFC 5723)
  bool libreswan_resume = false;  ///< AUTH of a resumed SA covers the message alone, as libreswan (to 5.4) has it
  bool redirect = false;          ///< client: goes where the gateway sends it (RFC 5685)
  bool mobike = false;            ///< addresses may change under the SAs (RFC 4555)
  bool childless = false;         ///< gateway: an IKE_AUTH may come without a Child SA; client: ours does (RFC 6023)
  std::uint32_t lifetime_jitter_permille = 30;  ///< rekey start is spread over this part of the lifetime
  PpkPolicy ppk{};  ///< a responder's says in IKE_SA_INIT that there is some; which one counts, the grant says
  SignaturePolicy signature{};
  std::vector<AuthorityKeyId> authorities{};  ///< whose certificates we ask the peer for; empty: no CERTREQ
};

/// A peer that wants in (responder, IKE_AUTH). Nothing may change before `verify` has said yes to some secret, or
/// `verify_signature` to the key of a certificate that is believed.
struct AuthQuery {
  IkeSaId sa;
  Identity peer;
  std::optional<Identity> wanted_local;  ///< IDr the initiator asked for
  bool initial_contact = false;
  Suite suite;
  std::function<bool(ByteView psk)> verify;                ///< is the peer's AUTH made with this secret?
  std::optional<wire::InsideRequest> inside{};             ///< what it asks by CFG_REQUEST (2.19)
  wire::AuthMethod method = wire::AuthMethod::shared_key;  ///< of its AUTH; `verify` is false for any other
  std::vector<Bytes> certificates{};                       ///< it showed, DER, its own first; with a signature only
  /// Is the peer's AUTH a signature by this key, of a kind that we allow?
  std::function<bool(const crypto::PublicKey& key)> verify_signature{};
  /// To be asked first, for each phase 1 that is tried: whether it may be, by its post-quantum preshared key. `verify`
  /// and `verify_signature` answer for the one that was asked about last.
  std::function<bool(const PpkPolicy& ppk)> choose_ppk{};
  bool follows = false;  ///< it may be sent to another gateway (RFC 5685)
};
/// What the gateway that we log in to shows before its signature is looked at (initiator, IKE_AUTH).
struct CertificateQuery {
  IkeSaId sa;
  Identity peer;
  std::span<const Bytes> certificates;  ///< DER, its own first; hostile
};
/// The answer: who we are to this peer, the secret for our own AUTH, and what it may carry.
struct AuthGrant {
  std::string gateway;  ///< instance name for logs, e.g. "toClient_0"
  Identity local;       ///< empty with credentials: the subject of the one that is taken
  SecretBytes psk;
  IkePolicy policy;  ///< of the phase 1 that matched; suites are not looked at again
  std::vector<ChildPolicy> children;
  std::optional<wire::InsideConfig> inside{};  ///< the CFG_REPLY
  /// The peer is who it says, but may not stay, e.g. INTERNAL_ADDRESS_FAILURE: it is told so in our AUTH message, and
  /// the IKE SA is deleted. There is no Established then.
  std::optional<wire::NotifyType> turned_away{};
  /// It is told to log in there instead, and the IKE SA ends. There is no Established then either.
  std::optional<OtherGateway> redirect_to{};
  std::optional<Duration> auth_lifetime{};     ///< it must log in again before that (RFC 4478)
  std::vector<LocalCredential> credentials{};  ///< we sign with one of these; none: the shared key proves us
};

/// What a session ticket is asked for: an authenticated IKE SA of ours as gateway.
struct TicketSubject {
  IkeSaId sa;        ///< the one the peer asked on
  IkeSaId given_to;  ///< the one the ticket is of: in a rekey, the successor
  Identity peer, local;
  Suite suite;
  ByteView sk_d;
  Instant hard;  ///< end of the IKE SA; no ticket outlives it
};
struct GivenTicket {
  Bytes ticket;
  Duration lifetime{};  ///< whole seconds, at least one
};
/// A ticket that came back and is good: the state of the SA it was given for.
struct OpenTicket {
  Suite suite;
  SecretBytes sk_d;
  Identity peer, local;
  IkePolicy policy;
};
/// The holder of a ticket has proved that it has the old SK_d too.
struct ResumeQuery {
  IkeSaId sa;
  Identity peer;
  std::optional<wire::InsideRequest> inside{};  ///< as in AuthQuery
  bool follows = false;                         ///< as in AuthQuery
};

class Owner {
 public:
  virtual ~Owner() = default;
  [[nodiscard]] virtual Rng& rng() = 0;
  [[nodiscard]] virtual crypto::Provider& crypto() = 0;
  /// Who is told the keys of SAs. Nobody, unless the program was started to tell them.
  [[nodiscard]] virtual crypto::KeyExport* key_export() { return nullptr; }
  [[nodiscard]] virtual IkeSaId next_ike_id() = 0;
  [[nodiscard]] virtual ChildId next_child_id() = 0;
  /// An inbound SPI no Child SA of this host uses, > 255.
  [[nodiscard]] virtual EspSpi allocate_esp_spi() = 0;
  /// One that was allocated and that no Child SA came to use.
  virtual void release_esp_spi(EspSpi /*spi*/) {}
  /// A local IKE SPI no SA of this host uses, non-zero.
  [[nodiscard]] virtual IkeSpi allocate_ike_spi() = 0;
  /// The quick crash detection token for an IKE SA that this host began (`initiator`) or answered (RFC 6290). None:
  /// switched off, then peers' tokens count for nothing too.
  [[nodiscard]] virtual std::optional<Bytes> qcd_token(bool /*initiator*/, IkeSpi /*i*/, IkeSpi /*r*/) {
    return std::nullopt;
  }
  /// A new ticket for an SA whose peer asked for one. None: it gets TICKET_NACK.
  [[nodiscard]] virtual std::optional<GivenTicket> give_ticket(const TicketSubject& /*subject*/, Instant /*now*/) {
    return std::nullopt;
  }
  /// A ticket of IKE_SESSION_RESUME. Nothing is changed by it: the sender has proved nothing yet.
  [[nodiscard]] virtual Result<OpenTicket> open_ticket(IkeSaId /*sa*/, ByteView /*ticket*/, Instant /*now*/,
                                                       std::vector<LogEvent>& /*log*/) {
    return fail(ErrorCode::refused, "ticket");
  }
  /// As authorize(), for the SA of an opened ticket after its peer's AUTH has verified; no secret in the grant.
  [[nodiscard]] virtual Result<AuthGrant> authorize_resumed(const ResumeQuery& /*query*/, Instant /*now*/,
                                                            std::vector<LogEvent>& /*log*/) {
    return fail(ErrorCode::refused, "ticket");
  }
  /// The certificate of the gateway that we log in to, if it is believed and `peer` stands in it. Error refused: why is
  /// in `log`.
  [[nodiscard]] virtual Result<crypto::SharedCertificate> believe(const CertificateQuery& /*query*/,
                                                                  std::vector<LogEvent>& /*log*/) {
    return fail(ErrorCode::refused, "certificate");
  }
  /// By which other addresses of ours the peer may reach an IKE SA that travels `path` (RFC 4555 3.4).
  [[nodiscard]] virtual std::vector<IpAddress> other_addresses(IkeSaId /*sa*/, const Path& /*path*/) { return {}; }
  /// Whether the peer, which decides, may move this IKE SA to `path` (RFC 4555 3.5).
  [[nodiscard]] virtual bool may_move(IkeSaId /*sa*/, const Path& /*path*/) { return true; }
  /// Error refused / auth_failed: the peer gets AUTHENTICATION_FAILED and nothing else.
  [[nodiscard]] virtual Result<AuthGrant> authorize(const AuthQuery& query, std::vector<LogEvent>& log) = 0;
};

}  // namespace dormouse::ike
