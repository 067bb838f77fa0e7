// Against the real kernel, in a network namespace of this process's own that ends with it. Routes need no ESP, so every
// kernel will do.
#include "adapters/dataplane_xfrm/underlay.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

namespace dormouse::xfrm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string routes() {
  std::string out;
  FILE* p = popen("ip route show table 52130 2>/dev/null", "r");
  std::array<char, 4096> buffer{};
  while (p != nullptr && fgets(buffer.data(), buffer.size(), p) != nullptr) out += buffer.data();
  if (p != nullptr) pclose(p);
  return out;
}

class XfrmUnderlay : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    inside_ = geteuid() == 0 && unshare(CLONE_NEWNET) == 0 &&
              std::system(
                  "ip link add under type veth peer name other && ip link set other up && ip addr add 192.0.2.1/24 dev "
                  "under && ip link set under up && "
                  "ip route add 198.51.100.0/24 via 192.0.2.254") == 0;
  }
  void SetUp() override {
    if (!inside_) GTEST_SKIP() << "needs root, to make a network namespace with an interface";
    auto opened = Underlay::open();
    ASSERT_TRUE(opened);
    underlay_.emplace(std::move(*opened));
    way_ = {static_cast<int>(if_nametoindex("under")), *IpAddress::parse("198.51.100.7")};
  }
  static inline bool inside_ = false;
  std::optional<Underlay> underlay_;
  Underlay::Way way_;
};

TEST_F(XfrmUnderlay, a_limit_of_the_path_is_the_MTU_of_its_route_as_long_as_it_holds) {
  underlay_->limit(way_, 1280);
  EXPECT_THAT(routes(), IsEmpty()) << "nobody holds it";
  ASSERT_TRUE(underlay_->hold(way_));
  EXPECT_THAT(routes(), AllOf(HasSubstr("198.51.100.7 via 192.0.2.254 dev under"), Not(HasSubstr("mtu"))));
  underlay_->limit(way_, 1280);
  EXPECT_THAT(routes(), HasSubstr("mtu 1280"));
  ASSERT_TRUE(underlay_->hold(way_));
  EXPECT_THAT(routes(), HasSubstr("mtu 1280")) << "routes changed, and it is made anew";
  underlay_->release(way_);
  EXPECT_THAT(routes(), AllOf(HasSubstr("198.51.100.7"), Not(HasSubstr("mtu")))) << "it may have been the other's";
  underlay_->limit(way_, 1280);
  EXPECT_THAT(routes(), HasSubstr("mtu 1280"));
  underlay_->limit(way_, 0);
  EXPECT_THAT(routes(), AllOf(HasSubstr("198.51.100.7"), Not(HasSubstr("mtu"))));
  underlay_->limit(way_, 1280);
  underlay_->release(way_);
  EXPECT_THAT(routes(), IsEmpty());
  ASSERT_TRUE(underlay_->hold(way_));
  EXPECT_THAT(routes(), Not(HasSubstr("mtu"))) << "what was learned went with the last holder";
  underlay_->release(way_);
}

}  // namespace
}  // namespace dormouse::xfrm
