// Choosing a suite from an offer (RFC 7296 2.7, 3.3). Pure.
#pragma once
#include <span>

#include "base/result.h"
#include "base/transform.h"

namespace dormouse::crypto {

/// The first offered proposal (in the initiator's order) of which some combination equals an entry of `allowed`, with
/// the suite chosen and the offer's number and SPI. `allowed` is in our order and each entry is one complete suite;
/// within one offered proposal our order decides. With Protocol::esp a KE transform is compared only if `want_ke`, and
/// so are the Additional Key Exchanges (RFC 9370 2.2.1).
struct Choice {
  Suite suite;
  std::uint8_t number = 1;
  std::vector<std::uint8_t> spi;
  std::size_t allowed_index = 0;
  bool chacha_key_len =
      false;  ///< the offer put a Key Length on ChaCha20-Poly1305 (FortiOS does); the answer must echo it
  std::uint8_t skipped = 0;  ///< bit i: Additional Key Exchange i + 1 was offered, and NONE of it was chosen
};
[[nodiscard]] Result<Choice> choose(std::span<const Proposal> offered, std::span<const Suite> allowed,
                                    Protocol protocol, bool want_ke = true);

/// The offer for a list of suites as FortiOS sends it: one numbered proposal per cipher token, each with all its
/// groups. `suites` grouped by everything but `ke`, order kept. `spi` is repeated in each. ESP offers always carry an
/// ESN transform; KE transforms appear only with `with_ke`. Suites with Additional Key Exchanges stand in proposals of
/// their own: whoever does not know them takes no proposal that has any.
[[nodiscard]] std::vector<Proposal> offer(std::span<const Suite> suites, Protocol protocol, ByteView spi, bool with_ke);

/// Without the proposals that have an Additional Key Exchange: what is left for an end that has not agreed to
/// IKE_INTERMEDIATE (RFC 9370 2.2.1).
[[nodiscard]] std::vector<Proposal> without_additional(std::span<const Proposal> offered);

/// The answer: exactly the chosen transforms under the chosen number (RFC 7296 3.3.1).
[[nodiscard]] Proposal answer(const Choice& choice, Protocol protocol, ByteView spi, bool with_ke);

/// Initiator's check of an answer: exactly one proposal, one transform of each type, and it is among `sent`.
/// no_proposal if not.
[[nodiscard]] Result<Choice> verify_answer(std::span<const Proposal> answer, std::span<const Suite> sent,
                                           Protocol protocol, bool with_ke);

}  // namespace dormouse::crypto
