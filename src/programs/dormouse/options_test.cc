#include "programs/dormouse/options.h"

#include <gtest/gtest.h>
#include <vector>

namespace dormouse::shell {
namespace {

Outcome<Options> parse(const std::vector<const char*>& words) { return parse_options(words); }

TEST(Options, have_defaults) {
  const auto o = parse({});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->socket(), "/run/dormouse/control.sock");
  EXPECT_FALSE(o->json || o->help || o->command || o->file);
}

TEST(Options, are_read) {
  const auto o = parse({"--run-dir", "/tmp/x", "--json", "-c", "get system status"});
  ASSERT_TRUE(o);
  EXPECT_EQ(o->socket(), "/tmp/x/control.sock");
  EXPECT_TRUE(o->json);
  EXPECT_EQ(o->command, "get system status");
  EXPECT_EQ(parse({"--run-dir=/tmp/y"})->run_dir, "/tmp/y");
  EXPECT_EQ(parse({"-"})->file, "-");
  EXPECT_TRUE(parse({"-h"})->help);
}

TEST(Options, that_make_no_sense_are_refused_by_name) {
  EXPECT_EQ(parse({"--jason"}).error().text, "there is no option --jason");
  EXPECT_EQ(parse({"-c"}).error().text, "-c needs a value");
  EXPECT_FALSE(parse({"a", "b"}));
  EXPECT_FALSE(parse({"-c", "help", "script"}));
}

}  // namespace
}  // namespace dormouse::shell
