#include "wire/registry.h"

#include <gtest/gtest.h>

namespace dormouse::wire {
namespace {

TEST(registry, exchanges_have_the_names_of_the_log) {
  EXPECT_EQ(exchange_name(ExchangeType::ike_sa_init, false), "SA_INIT");
  EXPECT_EQ(exchange_name(ExchangeType::ike_auth, true), "AUTH_RESPONSE");
  EXPECT_EQ(exchange_name(static_cast<ExchangeType>(99), true), "99_RESPONSE");
}

TEST(registry, unknown_numbers_are_shown_in_decimal) {
  EXPECT_EQ(notify_name(NotifyType::ticket_nack), "TICKET_NACK");
  EXPECT_EQ(notify_name(static_cast<NotifyType>(40960)), "40960");
  EXPECT_EQ(payload_name(PayloadType::encrypted), "SK");
  EXPECT_EQ(payload_name(static_cast<PayloadType>(7)), "7");
}

}  // namespace
}  // namespace dormouse::wire
