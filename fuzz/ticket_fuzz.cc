// Session tickets from strangers: whatever comes, opening one is an error or gives back what was sealed; and what is
// behind the seal is parsed within bounds.
#include <cstdlib>

#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/toy_provider.h"
#include "tunnel/ticket.h"

using namespace dormouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto now = Instant::from_ns(50'000'000'000'000);
  const auto content = tunnel::parse_ticket_content(input, now);
  if (content && tunnel::serialize(*content, now) != to_bytes(input)) std::abort();  // one form for each ticket
  crypto::testing::SeededRng rng(1);
  crypto::testing::ToyProvider engine;
  tunnel::TicketKeys keys(engine, rng);
  keys.rotate(now);
  if (keys.open(input, now)) std::abort();  // nobody guesses a key
  // A good one, spoiled at a place and by a value that the input chooses.
  tunnel::TicketContent mine{.phase1 = "toClient"};
  mine.issued = now;
  mine.expires = now + Duration(std::chrono::hours(1));
  mine.sk_d = SecretBytes(32);
  auto sealed = keys.seal(mine);
  if (!sealed || !keys.open(sealed->ticket, now)) std::abort();
  if (size < 2 || input[1] == 0) return 0;
  auto& t = sealed->ticket;
  t[input[0] % t.size()] ^= input[1];
  if (keys.open(t, now)) std::abort();
  return 0;
}
