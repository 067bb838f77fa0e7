// The payloads that are little more than a type octet and data: KE, ID, CERT, CERTREQ, AUTH, Nonce, V, CP, EAP.
#include <gtest/gtest.h>

#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

using sample::parse_body;
using sample::unhex;

/// Reads `hex`, checks that writing gives `canonical` again (`hex` itself if empty), and returns the payload.
template <class T>
T read(PayloadType type, const std::string& hex, const std::string& canonical = "") {
  const auto p = parse_body(type, hex);
  EXPECT_TRUE(p) << hex;
  if (!p) return {};
  EXPECT_EQ(sample::body_hex(*p), canonical.empty() ? hex : canonical);
  EXPECT_EQ(type_of(*p), type);
  return std::get<T>(*p);
}
ErrorCode error_of(PayloadType type, const std::string& hex) { return parse_body(type, hex).error().code; }

TEST(ke_payload, group_and_value_are_read) {
  const auto ke = read<KePayload>(PayloadType::ke, "001fffff0102", "001f00000102");
  EXPECT_EQ(ke.group, KeId::x25519);
  EXPECT_EQ(ke.data, unhex("0102"));
  EXPECT_EQ(error_of(PayloadType::ke, "001f00"), ErrorCode::truncated);
}

TEST(id_payload, initiator_and_responder_are_told_apart) {
  const auto i = read<IdPayload>(PayloadType::id_i, "02ffffff77657374", "0200000077657374");
  EXPECT_FALSE(i.responder);
  EXPECT_EQ(i.id.text(), "west");
  const auto r = read<IdPayload>(PayloadType::id_r, "010000000a090001");
  EXPECT_TRUE(r.responder);
  EXPECT_EQ(r.id, Identity::of(*IpAddress::parse("10.9.0.1")));
}

TEST(id_payload, an_address_has_the_length_of_its_family) {
  EXPECT_EQ(error_of(PayloadType::id_i, "010000000a0900"), ErrorCode::malformed);
  EXPECT_EQ(error_of(PayloadType::id_i, "050000000a090001"), ErrorCode::malformed);
  EXPECT_EQ(error_of(PayloadType::id_i, "0200"), ErrorCode::truncated);
}

TEST(id_payload, the_body_for_auth_begins_at_the_type) {
  EXPECT_EQ(id_body({IdType::fqdn, unhex("77657374")}), unhex("0200000077657374"));
}

TEST(cert_payload, encoding_and_data_are_read) {
  EXPECT_EQ(read<CertPayload>(PayloadType::cert, "043082").data, unhex("3082"));
  EXPECT_EQ(read<CertReqPayload>(PayloadType::cert_req, "04").encoding, 4);
  EXPECT_EQ(error_of(PayloadType::cert, ""), ErrorCode::truncated);
  EXPECT_EQ(error_of(PayloadType::cert_req, ""), ErrorCode::truncated);
}

TEST(auth_payload, method_and_data_are_read) {
  const auto auth = read<AuthPayload>(PayloadType::auth, "0e0102030badcafe", "0e0000000badcafe");
  EXPECT_EQ(auth.method, AuthMethod::digital_signature);
  EXPECT_EQ(auth.data, unhex("0badcafe"));
}

TEST(nonce_payload, sixteen_to_256_octets_are_a_nonce) {
  EXPECT_EQ(error_of(PayloadType::nonce, std::string(2 * 15, '1')), ErrorCode::malformed);
  EXPECT_EQ(read<NoncePayload>(PayloadType::nonce, std::string(2 * 16, '1')).data.size(), 16u);
  EXPECT_EQ(read<NoncePayload>(PayloadType::nonce, std::string(2 * 256, '1')).data.size(), 256u);
  EXPECT_EQ(error_of(PayloadType::nonce, std::string(2 * 257, '1')), ErrorCode::malformed);
}

TEST(vendor_id_payload, the_body_is_the_identifier) {
  EXPECT_EQ(read<VendorIdPayload>(PayloadType::vendor_id, "afcad713").data, unhex("afcad713"));
}

TEST(eap_payload, the_body_is_the_message) {
  EXPECT_EQ(read<EapPayload>(PayloadType::eap, "0101000501").message, unhex("0101000501"));
}

TEST(config_payload, attributes_are_read_and_the_reserved_bit_ignored) {
  const auto cp =
      read<ConfigPayload>(PayloadType::config, "0100000080010000000300040a090001", "0100000000010000000300040a090001");
  ASSERT_EQ(cp.attributes.size(), 2u);
  EXPECT_EQ(cp.attributes[0].type, 1);
  EXPECT_TRUE(cp.attributes[0].value.empty());
  EXPECT_EQ(cp.attributes[1].value, unhex("0a090001"));
}

TEST(config_payload, attributes_may_not_reach_past_the_end) {
  EXPECT_EQ(error_of(PayloadType::config, "01000000000300050a090001"), ErrorCode::truncated);
  EXPECT_EQ(error_of(PayloadType::config, "01000000000300"), ErrorCode::truncated);
}

TEST(config_payload, the_number_of_attributes_is_bounded) {
  ConfigPayload cp{1, std::vector<ConfigAttribute>(limits::kMaxConfigAttributes)};
  EXPECT_TRUE(parse_body(PayloadType::config, sample::body_hex(cp)));
  cp.attributes.emplace_back();
  EXPECT_EQ(error_of(PayloadType::config, sample::body_hex(cp)), ErrorCode::too_large);
}

}  // namespace
}  // namespace dormouse::wire
