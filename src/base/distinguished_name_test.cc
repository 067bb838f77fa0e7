// A DER Name as text.
#include "base/distinguished_name.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/transform.h"

namespace dormouse {
namespace {

Bytes element(std::uint8_t tag, const Bytes& value) {
  Bytes out{tag};
  if (value.size() >= 0x80) out.push_back(0x81);
  out.push_back(static_cast<std::uint8_t>(value.size()));
  out.insert(out.end(), value.begin(), value.end());
  return out;
}
Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const auto& p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}
Bytes pair(const Bytes& oid, std::string_view value, std::uint8_t tag = 0x0c) {
  return element(0x30, joined({element(0x06, oid), element(tag, to_bytes(as_bytes(value)))}));
}
Bytes name(const std::vector<Bytes>& sets) {
  std::vector<Bytes> wrapped;
  for (const auto& s : sets) wrapped.push_back(element(0x31, s));
  return element(0x30, joined(wrapped));
}
const Bytes kCountry{0x55, 4, 6}, kOrganization{0x55, 4, 10}, kCommonName{0x55, 4, 3};

TEST(DistinguishedName, is_read_in_the_certificates_order) {
  const auto der = name({pair(kCountry, "CA", 0x13), pair(kOrganization, "Example"), pair(kCommonName, "gateway")});
  EXPECT_EQ(name_text(der), "C=CA, O=Example, CN=gateway");
  EXPECT_EQ((Identity{IdType::der_asn1_dn, der}.text()), "C=CA, O=Example, CN=gateway");
}

TEST(DistinguishedName, escapes_what_would_read_as_another_name) {
  EXPECT_EQ(name_text(name({pair(kOrganization, "Example, CN=boss")})), "O=Example\\, CN\\=boss");
  EXPECT_EQ(name_text(name({pair(kCommonName, " a\\b ")})), "CN=\\ a\\\\b\\ ");
  EXPECT_EQ(name_text(name({pair(kCommonName, "\xc3\xa9")})), "CN=#c3a9");
}

TEST(DistinguishedName, shows_types_without_a_keyword_as_numbers_and_sets_joined) {
  EXPECT_EQ(name_text(name({pair({0x2b, 6, 1, 4, 1, 0x82, 0x37, 1}, "x")})), "1.3.6.1.4.1.311.1=x");
  EXPECT_EQ(name_text(name({joined({pair(kCommonName, "a"), pair(kOrganization, "b")})})), "CN=a + O=b");
}

TEST(DistinguishedName, is_none_when_it_is_not_one) {
  const auto good = name({pair(kCommonName, "gateway")});
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(name_text(ByteView(good).first(n)));
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(name_text(longer));
  EXPECT_FALSE(name_text({}));
  EXPECT_FALSE(name_text(Bytes{0x30, 0x80, 0x00, 0x00}));
  EXPECT_EQ((Identity{IdType::der_asn1_dn, {0xde, 0xad}}.text()), "dead");
  Bytes long_name(limits::kMaxDistinguishedName + 1);
  EXPECT_FALSE(name_text(long_name));
}

}  // namespace
}  // namespace dormouse
