// Against the real kernel, in a network namespace of this process's own that ends with it. Policies need no cipher, so
// most kernels will do.
#include "adapters/dataplane_xfrm/policies.h"

#include <array>
#include <cstdio>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "adapters/dataplane_xfrm/links.h"

namespace dormouse::xfrm {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::uint32_t kIfId = kFirstIfId + 7;

std::string kernel_says() {
  std::string out;
  FILE* p = popen("ip xfrm policy 2>/dev/null", "r");
  std::array<char, 4096> buffer{};
  while (p != nullptr && fgets(buffer.data(), buffer.size(), p) != nullptr) out += buffer.data();
  if (p != nullptr) pclose(p);
  return out;
}

PolicyKey key(const char* from, const char* to) {
  return {Direction::out, {*Prefix::parse(from), *Prefix::parse(to), 0, {}, {}}};
}
Template through(std::uint32_t spi) {
  return {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("198.51.100.2"), EspSpi(spi), 7};
}

class XfrmPolicies : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { inside_ = geteuid() == 0 && unshare(CLONE_NEWNET) == 0; }
  void SetUp() override {
    if (!inside_) GTEST_SKIP() << "needs root, to make a network namespace";
    if (auto k = Kernel::open()) kernel_.emplace(std::move(*k));
    if (!kernel_) GTEST_SKIP() << "this kernel has no XFRM";
  }
  void TearDown() override {
    if (!kernel_) return;
    policies_.clear(*kernel_);
    EXPECT_THAT(kernel_says(), IsEmpty());
  }
  void claim(std::uint32_t tunnel, const Policies::Claims& wanted) {
    const auto done = policies_.claim(*kernel_, TunnelId(tunnel), wanted);
    EXPECT_TRUE(done) << done.error().text;
  }
  static inline bool inside_ = false;
  std::optional<Kernel> kernel_;
  Policies policies_{kIfId};
};

TEST_F(XfrmPolicies, the_newest_of_two_that_claim_the_same_has_it_and_leaves_it_to_the_other) {
  const auto same = key("0.0.0.0/0", "10.1.0.0/16");
  claim(1, {{same, through(0x1111)}});
  claim(2, {{same, through(0x2222)}});
  EXPECT_THAT(kernel_says(), HasSubstr("0x00002222"));
  EXPECT_THAT(kernel_says(), Not(HasSubstr("0x00001111")));
  claim(2, {});
  EXPECT_THAT(kernel_says(), HasSubstr("0x00001111"));
  claim(1, {});
  EXPECT_THAT(kernel_says(), IsEmpty());
}

TEST_F(XfrmPolicies, a_rekey_points_the_policy_to_the_new_SA) {
  const auto same = key("0.0.0.0/0", "10.1.0.0/16");
  claim(1, {{same, through(0x1111)}});
  claim(1, {{same, through(0x3333)}});
  EXPECT_THAT(kernel_says(), HasSubstr("0x00003333"));
  EXPECT_THAT(kernel_says(), Not(HasSubstr("0x00001111")));
}

TEST_F(XfrmPolicies, what_nobody_claims_goes_into_the_hole_also_after_a_claim_for_everything) {
  ASSERT_TRUE(policies_.set_last(*kernel_, through(0x9999)));
  EXPECT_THAT(kernel_says(), HasSubstr("0x00009999"));
  const auto everything = key("0.0.0.0/0", "0.0.0.0/0");
  claim(1, {{everything, through(0x1111)}});
  EXPECT_THAT(kernel_says(), HasSubstr("0x00001111"));
  ASSERT_TRUE(policies_.set_last(*kernel_, through(0xaaaa)));
  EXPECT_THAT(kernel_says(), HasSubstr("0x00001111")) << "a new hole takes nothing from a tunnel";
  claim(1, {});
  const auto says = kernel_says();
  EXPECT_THAT(says, Not(HasSubstr("0x00001111")));
  EXPECT_THAT(says, HasSubstr("src 0.0.0.0/0 dst 0.0.0.0/0"));
  EXPECT_THAT(says, HasSubstr("0x0000aaaa"));
}

TEST_F(XfrmPolicies, what_a_killed_daemon_left_is_cleared_and_others_stay) {
  claim(1, {{key("0.0.0.0/0", "10.1.0.0/16"), through(0x1111)}});
  Policies others(5);
  ASSERT_TRUE(others.claim(*kernel_, TunnelId(1), {{key("0.0.0.0/0", "10.2.0.0/16"), through(0x5555)}}));
  kernel_->clear(kFirstIfId, kLastIfId);
  EXPECT_THAT(kernel_says(), Not(HasSubstr("0x00001111")));
  EXPECT_THAT(kernel_says(), HasSubstr("0x00005555"));
  others.clear(*kernel_);
}

}  // namespace
}  // namespace dormouse::xfrm
