// Messages of other people's daemons (testdata/): what we read in them, and that we would have written the same octets.
#include <gtest/gtest.h>

#include "wire/dump.h"
#include "wire/sample_messages.h"

namespace dormouse::wire {
namespace {

constexpr const char* kFiles[] = {"strongswan_psk.txt", "strongswan_ecdsa.txt", "openiked_strongswan.txt",
                                  "libreswan_resume.txt"};

Message read(const std::string& file, const std::string& name) {
  const auto m = parse_message(sample::captured(file).at(name));
  EXPECT_TRUE(m) << file << " " << name << ": " << (m ? "" : m.error().field);
  return m ? *m : Message{};
}

TEST(golden, every_captured_message_is_read) {
  std::size_t count = 0;
  for (const auto* file : kFiles)
    for (const auto& [name, octets] : sample::captured(file)) {
      const auto m = parse_message(octets);
      EXPECT_TRUE(m) << file << " " << name << ": " << (m ? "" : m.error().field);
      ++count;
    }
  EXPECT_EQ(count, 20u);
}

TEST(golden, clear_messages_are_written_octet_for_octet) {
  std::size_t count = 0;
  for (const auto* file : kFiles)
    for (const auto& [name, octets] : sample::captured(file)) {
      const auto m = parse_message(octets);
      if (!m || m->encrypted) continue;
      EXPECT_EQ(sample::to_hex(serialize_clear(m->header, m->payloads)), sample::to_hex(octets)) << file << " " << name;
      ++count;
    }
  EXPECT_EQ(count, 10u);
}

TEST(golden, every_captured_message_is_an_error_when_cut) {
  for (const auto* file : kFiles)
    for (const auto& [name, octets] : sample::captured(file))
      for (std::size_t n = 0; n < octets.size(); ++n)
        ASSERT_FALSE(parse_message(ByteView(octets).first(n))) << file << " " << name << " " << n;
}

TEST(golden, a_strongswan_login_begins_with_sa_ke_and_nonce) {
  const auto m = read("strongswan_psk.txt", "sa_init_request");
  EXPECT_EQ(m.header.exchange, ExchangeType::ike_sa_init);
  EXPECT_EQ(m.header.spi_i, IkeSpi(0x8e618bbf12bb05f5));
  EXPECT_EQ(m.header.spi_r, IkeSpi(0));
  EXPECT_TRUE(m.header.initiator);
  ASSERT_GE(m.payloads.size(), 3u);
  const auto* sa = find<SaPayload>(m.payloads);
  ASSERT_TRUE(sa);
  const std::vector<Transform> want{{TransformType::encr, 20, 128}, {TransformType::prf, 5}, {TransformType::ke, 31}};
  ASSERT_EQ(sa->proposals.size(), 1u);
  EXPECT_EQ(sa->proposals[0].transforms, want);
  const auto* ke = find<KePayload>(m.payloads);
  ASSERT_TRUE(ke);
  EXPECT_EQ(ke->group, KeId::x25519);
  EXPECT_EQ(ke->data.size(), 32u);
  EXPECT_EQ(find<NoncePayload>(m.payloads)->data.size(), 32u);
  for (const auto type : {NotifyType::nat_detection_source_ip, NotifyType::nat_detection_destination_ip})
    EXPECT_EQ(find_notify(m.payloads, type)->data.size(), 20u);
  EXPECT_TRUE(find_notify(m.payloads, NotifyType::fragmentation_supported));
}

TEST(golden, a_strongswan_gateway_answers_with_its_spi) {
  const auto m = read("strongswan_psk.txt", "sa_init_response");
  EXPECT_EQ(m.header.spi_r, IkeSpi(0xd452cee4fa7e5203));
  EXPECT_TRUE(m.header.response);
  EXPECT_FALSE(m.header.initiator);
}

TEST(golden, encrypted_messages_tell_what_can_be_told) {
  const auto auth = read("strongswan_psk.txt", "auth_request");
  EXPECT_EQ(auth.header.exchange, ExchangeType::ike_auth);
  EXPECT_EQ(auth.header.message_id, MessageId(1));
  ASSERT_TRUE(auth.encrypted);
  EXPECT_EQ(auth.encrypted->first_inner, PayloadType::id_i);
  EXPECT_EQ(auth.encrypted->body_offset, 32u);
  const auto child = read("strongswan_psk.txt", "create_child_request");
  EXPECT_EQ(child.header.exchange, ExchangeType::create_child_sa);
}

TEST(golden, the_original_initiator_is_told_by_its_flag_and_not_by_who_asks) {
  EXPECT_FALSE(read("strongswan_psk.txt", "peer_request_after_rekey").header.initiator);
  const auto reply = read("strongswan_psk.txt", "peer_reply_after_rekey");
  EXPECT_TRUE(reply.header.initiator);
  EXPECT_TRUE(reply.header.response);
}

TEST(golden, a_certificate_request_comes_with_the_first_answer) {
  const auto m = read("strongswan_ecdsa.txt", "sa_init_response");
  const auto* request = find<CertReqPayload>(m.payloads);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->encoding, 4);
  EXPECT_EQ(request->authorities.size() % 20, 0u);
}

TEST(golden, libreswan_s_fragments_are_numbered) {
  const auto first = read("libreswan_resume.txt", "auth_response_fragment_1");
  EXPECT_EQ(first.encrypted->fragment, 1);
  EXPECT_EQ(first.encrypted->fragments, 3);
  EXPECT_EQ(first.encrypted->first_inner, PayloadType::notify);
  const auto last = read("libreswan_resume.txt", "auth_response_fragment_3");
  EXPECT_EQ(last.encrypted->fragment, 3);
  EXPECT_EQ(last.encrypted->first_inner, PayloadType::none);
}

TEST(golden, a_session_resumption_carries_its_ticket) {
  const auto m = read("libreswan_resume.txt", "session_resume_request");
  EXPECT_EQ(m.header.exchange, ExchangeType::ike_session_resume);
  ASSERT_TRUE(find<NoncePayload>(m.payloads));
  const auto* ticket = find_notify(m.payloads, NotifyType::ticket_opaque);
  ASSERT_TRUE(ticket);
  EXPECT_GT(ticket->data.size(), 800u);
}

}  // namespace
}  // namespace dormouse::wire
