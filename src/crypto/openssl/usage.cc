#include "crypto/openssl/usage.h"

#include <algorithm>
#include <string_view>

namespace dormouse::crypto::openssl {
namespace {

using Usages = std::unique_ptr<EXTENDED_KEY_USAGE, Deleter<EXTENDED_KEY_USAGE_free>>;

constexpr std::string_view kAccepted[] = {
    "1.3.6.1.5.5.7.3.17",  // id-kp-ipsecIKE
    "2.5.29.37.0",         // anyExtendedKeyUsage
    "1.3.6.1.5.5.8.2.2",   // IKE intermediate
    "1.3.6.1.5.5.7.3.1",   // serverAuth
    "1.3.6.1.5.5.7.3.2",   // clientAuth
};

bool is_accepted(const ASN1_OBJECT* usage) {
  char text[64] = {};
  if (OBJ_obj2txt(text, sizeof text, usage, 1) <= 0) return false;
  return std::ranges::find(kAccepted, std::string_view(text)) != std::end(kAccepted);
}

}  // namespace

bool may_sign_ike(X509* x) {
  const auto usage = X509_get_key_usage(x);  // all bits where the extension is absent
  if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0) return false;
  int critical = 0;
  const Usages extended(static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x, NID_ext_key_usage, &critical, nullptr)));
  if (!extended) return critical == -1;
  for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i)
    if (is_accepted(sk_ASN1_OBJECT_value(extended.get(), i))) return true;
  return false;
}

}  // namespace dormouse::crypto::openssl
