// Every bound of the product, with its reason. A test reaches each.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dormouse::limits {

// --- wire
inline constexpr std::size_t kMaxIkeMessage = 65535;     // a UDP datagram
inline constexpr std::size_t kMaxPayloads = 64;          // a login with certificates has about 25
inline constexpr std::size_t kMaxProposals = 32;         // clients of today send up to 20
inline constexpr std::size_t kMaxTransforms = 255;       // the field is one octet
inline constexpr std::size_t kMaxTrafficSelectors = 64;  // the field is one octet; more is no real peer
inline constexpr std::size_t kMaxDeleteSpis = 256;       // more Child SAs than one IKE SA may have here
inline constexpr std::size_t kMaxConfigAttributes = 64;
inline constexpr std::size_t kMaxInsideDns = 8;       // resolvers read three
inline constexpr std::size_t kMaxInsideSubnets = 32;  // half of what one payload may hold
inline constexpr std::size_t kMaxInsideDomains = 16;
inline constexpr std::size_t kMinNonce = 16, kMaxNonce = 256;  // RFC 7296 3.9
inline constexpr std::size_t kMaxCookie = 64;                  // RFC 7296 2.6

// --- certificates
inline constexpr std::size_t kMaxChain = 8;                 // of one peer: its own and the helpers; real ones have 3
inline constexpr std::size_t kMaxCertificate = 16 * 1024;   // octets; those of users have 1 to 3 KiB
inline constexpr std::size_t kMaxDistinguishedName = 1024;  // octets of a DER Name
inline constexpr std::size_t kMaxAltNames = 64;             // of one certificate
inline constexpr std::size_t kMaxPem = 128 * 1024;          // octets of one value of the configuration
inline constexpr std::size_t kMaxRevocationPem = 4 * 1024 * 1024;  // a CRL of some 60,000 certificates
inline constexpr std::size_t kMaxAuthoritiesAsked = 32;            // named in our CERTREQ: 640 octets of an IKE_SA_INIT
inline constexpr std::size_t kMaxAuthoritiesRead = 256;            // of a peer's CERTREQ; the rest names nobody we know
inline constexpr std::size_t kMaxSignatureHashes = 32;             // in one SIGNATURE_HASH_ALGORITHMS; IANA knows five
inline constexpr std::size_t kCertificateSteps = 3;                // of a peer's chain, remembered by its ticket

// --- ike
inline constexpr std::size_t kMaxHalfOpen = 4096;      // memory an unauthenticated sender can take: about 4 MiB
inline constexpr std::size_t kCookieThreshold = 32;    // half-open SAs from which initiators must return a cookie
inline constexpr std::chrono::seconds kCookieHold{5};  // and do so after the last such moment
inline constexpr std::size_t kMaxChildrenPerIke = 64;  // a phase 1 has as many phase 2 as this, at most
inline constexpr std::size_t kMaxSuites = 512;         // of one phase 1 or 2: proposals x groups x additional ones
inline constexpr std::size_t kMaxQueuedTasks = 128;    // requests waiting for the window of one
inline constexpr unsigned kMaxLostFollowups = 3;       // then the peer forgets faster than we can ask (RFC 9370 2.2.4)
inline constexpr std::size_t kIkeSasPerTunnel = 4;     // FortiOS: "established IKE SA limit 4 reached"
inline constexpr std::size_t kMinQcdToken = 16, kMaxQcdToken = 128;  // RFC 6290 5
inline constexpr std::size_t kQcdTokensRead = 8;                     // in one message: RFC 6290 4.5 asks for four
inline constexpr std::size_t kQcdTokensKept = 4;  // of one IKE SA: as many generations as a maker may have

inline constexpr std::size_t kMaxFragments = 128;          // of one message: kMaxReassembled in packets of 576 octets
inline constexpr std::size_t kMaxReassembled = 48 * 1024;  // a chain of certificates has up to 16 KiB
inline constexpr std::size_t kMaxAdditionalAddresses = 8;  // of a peer beside the one in use; more are not looked at
inline constexpr std::size_t kMinCookie2 = 8, kMaxCookie2 = 64;  // RFC 4555 4.2.5
inline constexpr unsigned kMaxNatRefusals = 3;                   // of an update by UNEXPECTED_NAT_DETECTED, in a row

inline constexpr std::size_t kMaxTicket = 4096;  // RFC 5723 gives none; libreswan's has 856 octets

// --- tunnel
inline constexpr std::size_t kSpentTickets = 65536;  // ids remembered, 16 octets each; older tickets are then refused
inline constexpr std::size_t kMaxTunnels = 65536;    // instances of all phase 1
inline constexpr unsigned kQcdBurst = 8;             // answers for one group of addresses at once, then 4 a second
inline constexpr unsigned kQcdBurstTotal = 1000;     // for all, then 500 a second: ten thousand clients in 20 s
inline constexpr std::size_t kMaxRedirects = 5;      // of a client, within kRedirectPeriod (RFC 5685 7)
inline constexpr std::chrono::seconds kRedirectPeriod{300};
inline constexpr unsigned kHurries = 16;                // a link that comes up is announced by several changes at once
inline constexpr std::size_t kParkedPackets = 32;       // per sleeper: one TCP window's worth of segments
inline constexpr std::size_t kParkedBytes = 64 * 1024;  // per sleeper
inline constexpr std::size_t kParkedBytesTotal = 64 * 1024 * 1024;

// --- packet path
inline constexpr std::chrono::minutes kPathMtuAge{10};  // RFC 1191 6.3: then a wider path is tried again
inline constexpr std::size_t kIndexedPrefixes = 256;    // by which one tunnel is looked up; with more it is asked last
inline constexpr std::uint32_t kReportedPackets = 1U << 20;  // behind the newest one that a router may still report on
inline constexpr unsigned kTooBigBurst = 1000;               // answers to inside senders at once, then as many a second

// --- control socket and log
inline constexpr std::size_t kMaxControlRequest = 4 * 1024 * 1024;  // a whole configuration
inline constexpr std::size_t kMaxControlReply = 64 * 1024 * 1024;   // the status of kMaxTunnels tunnels, 1 KiB each
inline constexpr std::size_t kControlQueueBytes = 1024 * 1024;  // unread by one operator: seconds of a busy debug trail
inline constexpr std::size_t kMaxControlClients = 32;           // shells and monitors at once
inline constexpr std::size_t kEventLogLines = 4096;             // kept in memory for "execute log display"
inline constexpr std::size_t kMaxConfigFile = 8 * 1024 * 1024;

}  // namespace dormouse::limits
