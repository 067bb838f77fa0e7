// What is built is held against what iproute2 sends for the same; what is read, against what the kernel's headers say.
#include "adapters/dataplane_xfrm/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/secret.h"

namespace dormouse::xfrm {
namespace {

// The payloads of iproute2 6.1, as strace shows them.
// ip xfrm state add src 192.0.2.1 dst 198.51.100.2 proto esp spi 0xc0ffee01 reqid 7 mode tunnel replay-window 64 flag
// af-unspec flag nopmtudisc flag esn aead rfc4106(gcm(aes)) 0x0102030405060708090a0b0c0d0e0f1011121314 128 encap
// espinudp 4500 20001 0.0.0.0 if_id 0x444d0003
constexpr const char* kIpStateAdd =
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "c6336402000000000000000000000000c0ffee0132000000c0000201000000000000000000000000ffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffff00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000700000002000100a400000000000000"
    "60001200726663343130362867636d2861657329290000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000a0000000800000000102030405060708090a0b0c0d0e0f10111213141c000400020011944e21000000000000"
    "0000000000000000000000001c00170002000000000000000000000000000000000000004000000008001f0003004d44";
// ip xfrm state add src 2001:db8::1 dst 2001:db8::2 proto esp spi 0xc0ffee02 reqid 7 mode tunnel flag af-unspec flag
// nopmtudisc enc cbc(aes) 0x0102030405060708090a0b0c0d0e0f10 auth-trunc hmac(sha256)
// 0x2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40 128 if_id 0x444d0003
constexpr const char* kIpStateAddCbc =
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "20010db8000000000000000000000002c0ffee023200000020010db8000000000000000000000001ffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffff00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000070000000a0001002400000000000000"
    "5800020063626328616573290000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000800000000102030405060708090a0b0c0d0e0f106c001400686d616328736861323536290000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100008000000021222324"
    "25262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4008001f0003004d44";
// ip xfrm policy update src 192.168.5.0/24 dst 10.1.100.11/32 proto udp sport 53 dir out priority 9000 if_id 0x444d0003
// tmpl src 192.0.2.1 dst 198.51.100.2 proto esp spi 0xc0ffee01 reqid 7 mode tunnel
constexpr const char* kIpPolicyAdd =
    "0a01640b000000000000000000000000c0a80500000000000000000000000000000000000035ffff02002018110000000000000000000000"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000028230000000000000100000000000000"
    "44000500c6336402000000000000000000000000c0ffee013200000002000000c00002010000000000000000000000000700000001000000"
    "ffffffffffffffffffffffff08001f0003004d44";
// ip xfrm policy delete src 192.168.5.0/24 dst 10.1.100.11/32 proto udp sport 53 dir out if_id 0x444d0003
constexpr const char* kIpPolicyDelete =
    "0a01640b000000000000000000000000c0a80500000000000000000000000000000000000035ffff02002018110000000000000000000000"
    "000000000100000008001f0003004d44";
// ip xfrm state get src 192.0.2.1 dst 198.51.100.2 proto esp spi 0xc0ffee01
constexpr const char* kIpStateGet =
    "c6336402000000000000000000000000c0ffee010200320014000d00c0000201000000000000000000000000";

IpAddress ip(const char* text) { return *IpAddress::parse(text); }
Prefix prefix(const char* text) { return *Prefix::parse(text); }

Bytes octets_of(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

Bytes payload_of(Request& r) {
  const auto* p = static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(r.head()));
  return Bytes(p, p + mnl_nlmsg_get_payload_len(r.head()));
}

/// The fixed part, and the attributes by number; their order is free.
struct Parts {
  Bytes fixed;
  std::map<int, Bytes> attributes;
  Parts(const Bytes& payload, std::size_t size) : fixed(payload.begin(), payload.begin() + static_cast<long>(size)) {
    for (std::size_t at = size; at + sizeof(nlattr) <= payload.size();) {
      nlattr a{};
      std::memcpy(&a, payload.data() + at, sizeof a);
      const auto value = payload.begin() + static_cast<long>(at + sizeof a);
      attributes[a.nla_type] = Bytes(value, value + static_cast<long>(a.nla_len - sizeof a));
      at += (a.nla_len + 3U) & ~3U;
    }
  }
};

const Bytes kKey = octets_of("0102030405060708090a0b0c0d0e0f1011121314");

SaSpec example() {
  SaSpec sa{.source = ip("192.0.2.1"), .id = {ip("198.51.100.2"), EspSpi(0xc0ffee01)}, .udp = true};
  sa.source_port = 4500;
  sa.destination_port = 20001;
  sa.reqid = 7;
  sa.if_id = 0x444d0003;
  sa.algorithms = *algorithms_of({.encr = EncrId::aes_gcm_16, .key_bits = 128});
  sa.encr = kKey;
  sa.esn = true;
  sa.replay = ReplayState::fresh(64);
  return sa;
}

TEST(XfrmMessages, an_SA_is_built_as_iproute2_builds_it) {
  Request r(XFRM_MSG_NEWSA, 0);
  put_new_sa(r, example());
  const Parts ours(payload_of(r), sizeof(xfrm_usersa_info)), theirs(octets_of(kIpStateAdd), sizeof(xfrm_usersa_info));
  EXPECT_EQ(ours.fixed, theirs.fixed);
  for (const int type : {XFRMA_ALG_AEAD, XFRMA_ENCAP, XFRMA_IF_ID})
    EXPECT_EQ(ours.attributes.at(type), theirs.attributes.at(type)) << type;
  // iproute2 leaves the bitmap out, which stands for one of zeros.
  auto replay = ours.attributes.at(XFRMA_REPLAY_ESN_VAL);
  ASSERT_EQ(replay.size(), sizeof(xfrm_replay_state_esn) + 8);
  replay.resize(sizeof(xfrm_replay_state_esn));
  EXPECT_EQ(replay, theirs.attributes.at(XFRMA_REPLAY_ESN_VAL));
}

TEST(XfrmMessages, what_the_operator_chose_for_the_headers_is_in_the_flags) {
  struct Row {
    int line;
    esp::HeaderRules rules;
    unsigned flags, extra;
  };
  constexpr unsigned kAlways = XFRM_STATE_AF_UNSPEC | XFRM_STATE_ESN;
  const Row rows[] = {
      {__LINE__, {}, kAlways | XFRM_STATE_NOPMTUDISC, 0},
      {__LINE__, {.outer_df = esp::OuterDf::copy}, kAlways, 0},
      {__LINE__, {.outer_df = esp::OuterDf::set}, kAlways, 0},
      {__LINE__, {.dscp = 8}, kAlways | XFRM_STATE_NOPMTUDISC, XFRM_SA_XFLAG_DONT_ENCAP_DSCP},
      {__LINE__, {.dscp_inwards = true}, kAlways | XFRM_STATE_NOPMTUDISC | XFRM_STATE_DECAP_DSCP, 0},
  };
  for (const auto& row : rows) {
    auto sa = example();
    sa.headers = header_flags(row.rules);
    Request r(XFRM_MSG_NEWSA, 0);
    put_new_sa(r, sa);
    const Parts ours(payload_of(r), sizeof(xfrm_usersa_info));
    xfrm_usersa_info info{};
    std::memcpy(&info, ours.fixed.data(), sizeof info);
    EXPECT_EQ(info.flags, row.flags) << row.line;
    const auto extra = ours.attributes.find(XFRMA_SA_EXTRA_FLAGS);
    std::uint32_t value = 0;
    if (extra != ours.attributes.end()) std::memcpy(&value, extra->second.data(), sizeof value);
    EXPECT_EQ(value, row.extra) << row.line;
  }
}

TEST(XfrmMessages, an_SA_with_a_cipher_and_a_mac_over_IPv6_is_built_as_iproute2_builds_it) {
  auto sa = example();
  const Bytes mac = octets_of("2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40");
  sa.source = ip("2001:db8::1");
  sa.id = {ip("2001:db8::2"), EspSpi(0xc0ffee02)};
  sa.udp = sa.esn = false;
  sa.algorithms = *algorithms_of({.encr = EncrId::aes_cbc, .key_bits = 128, .integ = IntegId::hmac_sha2_256_128});
  sa.encr = ByteView(kKey).first(16);
  sa.integ = mac;
  Request r(XFRM_MSG_NEWSA, 0);
  put_new_sa(r, sa);
  const Parts ours(payload_of(r), sizeof(xfrm_usersa_info)),
      theirs(octets_of(kIpStateAddCbc), sizeof(xfrm_usersa_info));
  EXPECT_EQ(ours.fixed, theirs.fixed);
  EXPECT_FALSE(ours.attributes.contains(XFRMA_ENCAP));
  for (const int type : {XFRMA_ALG_CRYPT, XFRMA_ALG_AUTH_TRUNC, XFRMA_IF_ID})
    EXPECT_EQ(ours.attributes.at(type), theirs.attributes.at(type)) << type;
}

TEST(XfrmMessages, an_SA_that_goes_on_keeps_its_numbers_and_its_counters) {
  auto sa = example();
  Bytes state(sizeof(xfrm_replay_state_esn) + 4);
  xfrm_replay_state_esn head{};
  head.bmp_len = 1;
  head.oseq = 5;
  head.oseq_hi = 1;
  std::memcpy(state.data(), &head, sizeof head);
  sa.replay = ReplayState::of(state);
  sa.usage = {.packets = 3, .bytes = 300, .added = 1000, .first_used = 1001};
  EXPECT_EQ(sa.replay.sent(), 0x100000005U);
  Request r(XFRM_MSG_NEWSA, 0);
  put_new_sa(r, sa);
  const Parts parts(payload_of(r), sizeof(xfrm_usersa_info));
  EXPECT_EQ(parts.attributes.at(XFRMA_REPLAY_ESN_VAL), state);
  xfrm_lifetime_cur cur{};
  ASSERT_EQ(parts.attributes.at(XFRMA_LTIME_VAL).size(), sizeof cur);
  std::memcpy(&cur, parts.attributes.at(XFRMA_LTIME_VAL).data(), sizeof cur);
  EXPECT_EQ(cur.bytes, 300U);
  EXPECT_EQ(cur.use_time, 1001U);
}

TEST(XfrmMessages, policies_and_names_are_built_as_iproute2_builds_them) {
  const PolicyKey key{Direction::out,
                      {prefix("192.168.5.0/24"), prefix("10.1.100.11/32"), IPPROTO_UDP, {53, 0xffff}, {}}};
  Request add(XFRM_MSG_UPDPOLICY, 0), remove(XFRM_MSG_DELPOLICY, 0), get(XFRM_MSG_GETSA, 0);
  put_policy(add, {key, 0x444d0003, 9000, {ip("192.0.2.1"), ip("198.51.100.2"), EspSpi(0xc0ffee01), 7}});
  put_policy_id(remove, key, 0x444d0003);
  put_sa_id(get, example().id);
  EXPECT_EQ(payload_of(add), octets_of(kIpPolicyAdd));
  EXPECT_EQ(payload_of(remove), octets_of(kIpPolicyDelete));
  EXPECT_EQ(Parts(payload_of(get), sizeof(xfrm_usersa_id)).fixed,
            Parts(octets_of(kIpStateGet), sizeof(xfrm_usersa_id)).fixed);
}

TEST(XfrmMessages, an_SA_that_was_deleted_tells_its_last_numbers) {
  Request r(XFRM_MSG_DELSA, 0);
  put_sa_id(r, example().id);
  xfrm_usersa_info info{};
  info.curlft.packets = 9;
  info.stats.replay = 2;
  r.put(XFRMA_SA, info);
  r.put_octets(XFRMA_REPLAY_ESN_VAL, ReplayState::fresh(32).octets());
  r.put_u32(XFRMA_IF_ID, 5);
  const auto sa = parse_deleted_sa(r.head());
  ASSERT_TRUE(sa);
  EXPECT_EQ(sa->id, example().id);
  EXPECT_EQ(sa->status.usage.packets, 9U);
  EXPECT_EQ(sa->status.replayed, 2U);
  EXPECT_EQ(sa->status.if_id, 5U);
  EXPECT_FALSE(sa->status.replay.empty());
}

TEST(XfrmMessages, our_own_change_of_a_threshold_is_no_packet) {
  for (const auto& [cause, is_packet] : {std::pair{XFRM_AE_CR, true}, std::pair{XFRM_AE_CU, false}}) {
    Request r(XFRM_MSG_NEWAE, 0);
    put_tell_packets(r, example().id, true);
    static_cast<xfrm_aevent_id*>(mnl_nlmsg_get_payload(r.head()))->flags = cause;
    EXPECT_EQ(parse_received(r.head()).has_value(), is_packet);
  }
}

TEST(XfrmMessages, expiry_and_mapping_name_the_SA) {
  Request e(XFRM_MSG_EXPIRE, 0);
  auto& expire = e.header<xfrm_user_expire>();
  expire.state.family = AF_INET;
  expire.state.id.proto = IPPROTO_ESP;
  expire.state.id.spi = htonl(0xc0ffee01);
  std::memcpy(&expire.state.id.daddr, example().id.destination.bytes().data(), 4);
  expire.hard = 1;
  const auto expired = parse_expired(e.head());
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->id, example().id);
  EXPECT_TRUE(expired->hard);

  Request m(XFRM_MSG_MAPPING, 0);
  auto& mapping = m.header<xfrm_user_mapping>();
  mapping.id.family = AF_INET;
  mapping.id.proto = IPPROTO_ESP;
  mapping.id.spi = htonl(0xc0ffee01);
  mapping.id.daddr = expire.state.id.daddr;
  std::memcpy(&mapping.new_saddr, ip("203.0.113.9").bytes().data(), 4);
  mapping.new_sport = htons(20002);
  const auto mapped = parse_mapped(m.head());
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->id, example().id);
  EXPECT_EQ(mapped->remote.text(), "203.0.113.9:20002");
}

TEST(XfrmMessages, a_message_that_is_cut_short_says_nothing) {
  Request r(XFRM_MSG_EXPIRE, 0);
  static_cast<void>(r.header<std::uint32_t>());
  EXPECT_FALSE(parse_sa(r.head()) || parse_deleted_sa(r.head()) || parse_policy(r.head()) || parse_expired(r.head()) ||
               parse_received(r.head()) || parse_mapped(r.head()));
}

}  // namespace
}  // namespace dormouse::xfrm
