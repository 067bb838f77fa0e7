// Which signature goes into AUTH, how it is named, and what is believed of a peer's.
#include "ike/auth_scheme.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "ike/ecdsa_form.h"

namespace dormouse::ike {
namespace {

using crypto::HashId;
using crypto::KeyKind;
using wire::AuthMethod;

const SignaturePolicy kClassic{};
const SignaturePolicy kDigital{.digital = true};
const SignaturePolicy kPss{.digital = true, .pss = true};
const HashList kAll{HashId::sha1, HashId::sha2_256, HashId::sha2_384, HashId::sha2_512, HashId::identity};

Bytes from_hex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

TEST(AuthScheme, without_rfc_7427_the_key_alone_decides) {
  const auto of = [](KeyKind k) { return choose_scheme(k, kClassic, std::nullopt); };
  EXPECT_EQ(of(KeyKind::rsa), (AuthScheme{AuthMethod::rsa, {KeyKind::rsa, HashId::sha1}}));
  EXPECT_EQ(of(KeyKind::ecdsa_p256), (AuthScheme{AuthMethod::ecdsa256, {KeyKind::ecdsa_p256, HashId::sha2_256}}));
  EXPECT_EQ(of(KeyKind::ecdsa_p384), (AuthScheme{AuthMethod::ecdsa384, {KeyKind::ecdsa_p384, HashId::sha2_384}}));
  EXPECT_EQ(of(KeyKind::ecdsa_p521), (AuthScheme{AuthMethod::ecdsa521, {KeyKind::ecdsa_p521, HashId::sha2_512}}));
  EXPECT_EQ(of(KeyKind::ed25519), std::nullopt) << "it has no method of its own";
}

TEST(AuthScheme, takes_the_strongest_hash_that_both_ends_allow) {
  const auto hash = [](HashId strongest, HashList peer) {
    return choose_scheme(KeyKind::rsa, {.digital = true, .strongest = strongest}, peer)->signature.hash;
  };
  EXPECT_EQ(hash(HashId::sha2_512, kAll), HashId::sha2_512);
  EXPECT_EQ(hash(HashId::sha2_384, kAll), HashId::sha2_384);
  EXPECT_EQ(hash(HashId::sha2_512, {HashId::sha2_256}), HashId::sha2_256);
  EXPECT_EQ(hash(HashId::sha1, kAll), HashId::sha1);
  EXPECT_EQ(choose_scheme(KeyKind::ed25519, kDigital, kAll)->signature.hash, HashId::identity);
}

TEST(AuthScheme, falls_back_to_the_method_of_the_key_without_a_common_hash) {
  EXPECT_EQ(choose_scheme(KeyKind::rsa, kDigital, HashList{HashId::sha1})->method, AuthMethod::rsa);
  EXPECT_EQ(choose_scheme(KeyKind::ecdsa_p384, kDigital, HashList{HashId::sha1})->method, AuthMethod::ecdsa384);
  EXPECT_EQ(choose_scheme(KeyKind::ed25519, kDigital, HashList{HashId::sha2_512}), std::nullopt);
}

TEST(AuthScheme, offers_sha1_only_where_it_was_configured) {
  EXPECT_EQ(offered_hashes(kDigital),
            (HashList{HashId::sha2_512, HashId::sha2_384, HashId::sha2_256, HashId::identity}));
  EXPECT_EQ(offered_hashes({.digital = true, .strongest = HashId::sha1}), (HashList{HashId::sha1, HashId::identity}));
  EXPECT_TRUE(offered_hashes(kClassic).empty());
}

TEST(AuthScheme, reads_a_list_of_hashes_and_passes_over_what_it_does_not_know) {
  EXPECT_EQ(hashes_of_notify(to_notify(kAll)), kAll);
  EXPECT_EQ(hashes_of_notify(from_hex("0000000200070002ffff05")), (HashList{HashId::sha2_256}));
  Bytes long_list;
  for (std::size_t i = 0; i < limits::kMaxSignatureHashes; ++i) long_list.insert(long_list.end(), {0x00, 0x09});
  long_list.insert(long_list.end(), {0x00, 0x02});
  EXPECT_TRUE(hashes_of_notify(long_list).empty()) << "behind the bound";
}

// RFC 7427 A, RFC 8420 A.
TEST(AuthScheme, names_algorithms_as_the_rfcs_do) {
  const auto name = [](crypto::SignatureScheme s) { return to_bytes(algorithm_identifier(s)); };
  EXPECT_EQ(name({KeyKind::rsa, HashId::sha1}), from_hex("300d06092a864886f70d0101050500"));
  EXPECT_EQ(name({KeyKind::rsa, HashId::sha2_256}), from_hex("300d06092a864886f70d01010b0500"));
  EXPECT_EQ(name({KeyKind::rsa, HashId::sha2_384}), from_hex("300d06092a864886f70d01010c0500"));
  EXPECT_EQ(name({KeyKind::rsa, HashId::sha2_512}), from_hex("300d06092a864886f70d01010d0500"));
  EXPECT_EQ(name({KeyKind::ecdsa_p256, HashId::sha2_256}), from_hex("300a06082a8648ce3d040302"));
  EXPECT_EQ(name({KeyKind::ecdsa_p521, HashId::sha2_512}), from_hex("300a06082a8648ce3d040304"));
  EXPECT_EQ(name({KeyKind::ed25519, HashId::identity}), from_hex("300506032b6570"));
  EXPECT_TRUE(name({KeyKind::rsa, HashId::sha1, true}).empty());
}

Bytes digital(ByteView name, std::string_view signature = "signature") {
  Bytes out;
  Writer w(out);
  w.u8(static_cast<std::uint8_t>(name.size()));
  w.bytes(name);
  w.bytes(as_bytes(signature));
  return out;
}

TEST(AuthScheme, reads_pss_with_and_without_the_default_trailer) {
  const auto rfc = from_hex(
      "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165"
      "030402010500a203020120a303020101");
  const auto der = from_hex(
      "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165"
      "030402010500a203020120");
  const crypto::SignatureScheme pss{KeyKind::rsa, HashId::sha2_256, true};
  EXPECT_EQ(to_bytes(algorithm_identifier(pss)), der);
  for (const auto& name : {rfc, der}) {
    const auto read = read_signature(AuthMethod::digital_signature, digital(name), KeyKind::rsa, kAll);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->schemes, std::vector{pss});
    EXPECT_EQ(read->signature, to_bytes(as_bytes("signature")));
  }
  EXPECT_EQ(choose_scheme(KeyKind::rsa, kPss, kAll)->signature,
            (crypto::SignatureScheme{KeyKind::rsa, HashId::sha2_512, true}));
}

TEST(AuthScheme, believes_no_algorithm_that_was_not_offered_or_is_not_the_keys) {
  const auto read = [](ByteView name, KeyKind key, std::optional<HashList> offered) {
    return read_signature(AuthMethod::digital_signature, digital(name), key, offered);
  };
  const auto rsa512 = algorithm_identifier({KeyKind::rsa, HashId::sha2_512});
  EXPECT_TRUE(read(rsa512, KeyKind::rsa, kAll));
  EXPECT_FALSE(read(rsa512, KeyKind::rsa, HashList{HashId::sha2_256}));
  EXPECT_FALSE(read(rsa512, KeyKind::rsa, std::nullopt)) << "we never said that we can";
  EXPECT_FALSE(read(rsa512, KeyKind::ecdsa_p256, kAll));
  EXPECT_FALSE(read(algorithm_identifier({KeyKind::ed25519, HashId::identity}), KeyKind::rsa, kAll));
  auto spoilt = to_bytes(rsa512);
  spoilt[14] = 1;
  EXPECT_FALSE(read(spoilt, KeyKind::rsa, kAll)) << "not octet by octet one that is known";
  EXPECT_FALSE(read_signature(AuthMethod::digital_signature, {}, KeyKind::rsa, kAll));
  EXPECT_FALSE(read_signature(AuthMethod::digital_signature, Bytes{200, 1, 2}, KeyKind::rsa, kAll));
}

TEST(AuthScheme, method_1_leaves_the_hash_open_unless_hashes_were_spoken_of) {
  const auto hashes = [](std::optional<HashList> offered) {
    HashList out;
    const auto read = read_signature(AuthMethod::rsa, Bytes(256), KeyKind::rsa, offered);
    for (const auto& s : read->schemes) out.push_back(s.hash);
    return out;
  };
  EXPECT_EQ(hashes(std::nullopt), (HashList{HashId::sha1, HashId::sha2_256, HashId::sha2_384, HashId::sha2_512}));
  EXPECT_EQ(hashes(HashList{HashId::sha2_512, HashId::identity}), (HashList{HashId::sha2_512}));
  EXPECT_FALSE(read_signature(AuthMethod::rsa, Bytes(256), KeyKind::ecdsa_p256, std::nullopt));
  EXPECT_FALSE(read_signature(AuthMethod::shared_key, Bytes(32), KeyKind::rsa, std::nullopt));
}

TEST(AuthScheme, the_old_ecdsa_methods_have_a_fixed_size_and_one_curve) {
  const auto der = ecdsa_der_of_raw(Bytes(64, 0x11));
  const auto scheme = choose_scheme(KeyKind::ecdsa_p256, kClassic, std::nullopt);
  const auto data = auth_data(*scheme, *der);
  ASSERT_TRUE(data);
  EXPECT_EQ(*data, Bytes(64, 0x11));
  const auto read = read_signature(AuthMethod::ecdsa256, *data, KeyKind::ecdsa_p256, std::nullopt);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->signature, *der);
  EXPECT_EQ(read->schemes, std::vector{scheme->signature});
  EXPECT_FALSE(read_signature(AuthMethod::ecdsa256, Bytes(63, 1), KeyKind::ecdsa_p256, std::nullopt));
  EXPECT_FALSE(read_signature(AuthMethod::ecdsa384, Bytes(96, 1), KeyKind::ecdsa_p256, std::nullopt));
}

}  // namespace
}  // namespace dormouse::ike
