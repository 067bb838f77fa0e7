// Which names a certificate speaks for.
#include "ike/credential_choice.h"

#include <gtest/gtest.h>

namespace dormouse::ike {
namespace {

Identity of(IdType type, std::string_view text) { return {type, to_bytes(as_bytes(text))}; }

crypto::Certificate certificate() {
  crypto::Certificate c;
  c.subject = {0x30, 0x03, 1, 2, 3};
  c.common_name = "laptop.example.com";
  c.alt_names = {of(IdType::fqdn, "Laptop.Example.com"), of(IdType::rfc822, "Ann@example.com"),
                 Identity::of(*IpAddress::parse("192.0.2.7")), Identity::of(*IpAddress::parse("2001:db8::7")),
                 of(IdType::fqdn, "*.wild.example")};
  return c;
}

TEST(Certifies, a_distinguished_name_octet_by_octet) {
  EXPECT_TRUE(certifies(certificate(), {IdType::der_asn1_dn, {0x30, 0x03, 1, 2, 3}}));
  EXPECT_FALSE(certifies(certificate(), {IdType::der_asn1_dn, {0x30, 0x03, 1, 2, 4}}));
  EXPECT_FALSE(certifies(certificate(), {IdType::der_asn1_dn, {}}));
}

TEST(Certifies, domain_names_without_regard_to_case) {
  EXPECT_TRUE(certifies(certificate(), of(IdType::fqdn, "laptop.example.COM")));
  EXPECT_FALSE(certifies(certificate(), of(IdType::fqdn, "example.com")));
  EXPECT_FALSE(certifies(certificate(), of(IdType::rfc822, "laptop.example.com")));
}

TEST(Certifies, mail_addresses_with_the_case_of_the_mailbox) {
  EXPECT_TRUE(certifies(certificate(), of(IdType::rfc822, "Ann@EXAMPLE.com")));
  EXPECT_FALSE(certifies(certificate(), of(IdType::rfc822, "ann@example.com")));
  EXPECT_FALSE(certifies(certificate(), of(IdType::rfc822, "Ann")));
}

TEST(Certifies, addresses) {
  EXPECT_TRUE(certifies(certificate(), Identity::of(*IpAddress::parse("192.0.2.7"))));
  EXPECT_TRUE(certifies(certificate(), Identity::of(*IpAddress::parse("2001:db8::7"))));
  EXPECT_FALSE(certifies(certificate(), Identity::of(*IpAddress::parse("192.0.2.8"))));
}

TEST(Certifies, no_common_name_no_wildcard_and_no_key_id) {
  auto c = certificate();
  c.alt_names.erase(c.alt_names.begin());
  EXPECT_FALSE(certifies(c, of(IdType::fqdn, "laptop.example.com"))) << "its CN alone";
  EXPECT_FALSE(certifies(c, of(IdType::fqdn, "a.wild.example")));
  EXPECT_FALSE(certifies(c, of(IdType::key_id, "laptop.example.com")));
}

}  // namespace
}  // namespace dormouse::ike
