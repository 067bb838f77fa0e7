// Each status of golden/*.json, in every view, against the text in golden/NAME.VIEW.txt. A changed view is written
// there by DORMOUSE_UPDATE_GOLDEN=1; what git then shows is the review.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "programs/status_view/details_view.h"
#include "programs/status_view/gateway_view.h"
#include "programs/status_view/summary_view.h"
#include "programs/status_view/tunnel_view.h"

namespace dormouse::status_view {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kFolder = fs::path(DORMOUSE_SOURCE_DIR) / "src/programs/status_view/golden";

std::string read(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

Json status(const std::string& name) { return Json::parse(read(kFolder / (name + ".json"))); }

struct View {
  const char* name;
  std::string (*text)(const Json&);
};
const View kViews[] = {
    {"gateway_list", [](const Json& s) { return gateway_list(s, ""); }},
    {"gateway_get", [](const Json& s) { return gateway_get(s, ""); }},
    {"tunnel_list", [](const Json& s) { return tunnel_list(s, ""); }},
    {"details", [](const Json& s) { return tunnel_details(s, ""); }},
    {"summary", tunnel_summary},
    {"stats", tunnel_stats},
    {"ike_status", ike_status},
};

class Golden : public ::testing::TestWithParam<const char*> {};

TEST_P(Golden, prints_what_the_file_says) {
  const auto s = status(GetParam());
  for (const auto& view : kViews) {
    const auto file = kFolder / (std::string(GetParam()) + "." + view.name + ".txt");
    const auto got = view.text(s);
    if (std::getenv("DORMOUSE_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << got;
    EXPECT_EQ(got, read(file)) << file;
  }
}
INSTANTIATE_TEST_SUITE_P(every_status, Golden, ::testing::Values("up", "asleep", "instances", "nat", "ipv6", "nothing"),
                         [](const auto& chosen) { return std::string(chosen.param); });

TEST(GatewayList, is_limited_to_a_tunnel_or_to_the_instances_of_a_phase_1) {
  const auto s = status("instances");
  EXPECT_THAT(gateway_list(s, "toClient_1"), Not(HasSubstr("name: toClient_0")));
  EXPECT_THAT(gateway_list(s, "toClient_1"), HasSubstr("name: toClient_1"));
  const auto both = gateway_list(s, "toClient");
  EXPECT_THAT(both, HasSubstr("name: toClient_0"));
  EXPECT_THAT(both, HasSubstr("name: toClient_1"));
  EXPECT_THAT(both, Not(HasSubstr("name: toBranch")));
  EXPECT_EQ(gateway_list(s, "nosuch"), "");
}

TEST(GatewayList, shows_the_inside_address_of_either_end) {
  auto s = status("up");
  s["tunnels"][0]["dynamic"] = true;
  s["tunnels"][0]["inside"] = Json::parse(R"({"addresses":["10.9.0.5","2001:db8::5"],"dns":[],"domains":[]})");
  EXPECT_THAT(gateway_list(s, ""), HasSubstr("assigned address: 10.9.0.5 2001:db8::5\n"));
  s["tunnels"][0]["dynamic"] = false;
  s["tunnels"][0]["inside"]["dns"] = {"10.9.0.53"};
  EXPECT_THAT(gateway_get(s, ""), HasSubstr("inside address: 10.9.0.5 2001:db8::5\ndns: 10.9.0.53\n"));
}

TEST(TunnelList, by_name_says_so_and_shows_no_other) {
  const auto s = status("instances");
  EXPECT_TRUE(tunnel_list(s, "toClient_1").starts_with("list ipsec tunnel by names in vd 0\n"));
  EXPECT_THAT(tunnel_list(s, "toClient_1"), Not(HasSubstr("name=toClient ")));
  EXPECT_THAT(tunnel_list(s, "toClient"), HasSubstr("name=toClient ver=2 tun=intf mode=dialup/2"));
}

TEST(Views, read_a_status_of_another_version_without_failing) {
  const Json odd[] = {
      Json::object(),
      Json::parse(
          R"({"tunnels":[{"name":1,"ike":[{"children":[{}],"suite":null,"path":7}],"path":null,"counters":[]}],"phase1":[{}]})"),
      Json::parse(R"({"tunnels":{},"phase1":null,"now":"soon"})"),
      Json::parse(
          R"({"now":5,"tunnels":[{"state":"asleep","sleep_left":18446744073709551615,"ike":[1,"a",null],"next":{"at":-1}}]})"),
      Json::parse("[1]"),
  };
  for (const auto& s : odd)
    for (const auto& view : kViews) EXPECT_NO_THROW(static_cast<void>(view.text(s))) << view.name << " of " << s;
}

TEST(Certificate, is_shown_behind_the_identity_of_who_logged_in_with_one) {
  auto s = status("up");
  auto& t = s["tunnels"][0];
  t["auth_method"] = "RSA signature";
  EXPECT_THAT(gateway_list(s, ""), HasSubstr("peer-id-auth: no\n"));
  t["certified"] = true;
  EXPECT_THAT(gateway_list(s, ""), HasSubstr("peer-id-auth: yes\nauth-method: RSA signature\n"));
  EXPECT_THAT(gateway_list(s, ""), Not(HasSubstr("peer-cert")));
  t["certificate"] = "C=CA, CN=laptop";
  t["certificate_issuer"] = "Office";
  EXPECT_THAT(gateway_list(s, ""), HasSubstr("peer-cert: C=CA, CN=laptop\npeer-cert-ca: Office\n"));
}

}  // namespace
}  // namespace dormouse::status_view
