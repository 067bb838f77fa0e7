// Errors as values. Error is for the core: plain, no allocation, fit for packet paths. Failure is for the outside
// world (kernel, files, programs): it carries a sentence for a person.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace dormouse {

/// What went wrong, seen from the core. The peer learns of it, if at all, only through ike/notify_for_error.
enum class ErrorCode : std::uint8_t {
  truncated,             ///< the input ends inside a field
  malformed,             ///< a field has a value the format forbids
  too_large,             ///< over a bound of base/limits.h
  unsupported_critical,  ///< unknown payload with the critical bit (RFC 7296 2.5)
  unsupported_version,   ///< IKE major version other than 2
  unexpected,            ///< well-formed, but not in this state or exchange
  auth_failed,           ///< MAC, signature or AUTH does not verify
  no_proposal,           ///< no acceptable proposal
  bad_group,             ///< key exchange method differs from the one wanted
  ts_unacceptable,       ///< traffic selectors have nothing in common
  bad_key_share,         ///< the peer's public value is invalid (RFC 6989)
  crypto,                ///< the engine failed
  exhausted,             ///< a sequence, id or table is full
  replayed,              ///< sequence number seen before or too old
  not_found,             ///< no such object
  refused,               ///< policy says no
};

/// `field` names the field or step at fault; it must be a string literal. `offset` is where in the input, in bytes.
/// `detail` carries a number that belongs to the code: payload type, group, notify type.
struct Error {
  ErrorCode code;
  const char* field = "";
  std::uint32_t offset = 0;
  std::uint32_t detail = 0;
};

template <class T>
using Result = std::expected<T, Error>;

/// A failure of the world outside, in words a person can act on.
struct Failure {
  std::string text;
};
template <class T>
using Outcome = std::expected<T, Failure>;

[[nodiscard]] constexpr std::unexpected<Error> fail(ErrorCode code, const char* field, std::uint32_t offset = 0,
                                                    std::uint32_t detail = 0) {
  return std::unexpected(Error{code, field, offset, detail});
}
[[nodiscard]] inline std::unexpected<Failure> failure(std::string text) {
  return std::unexpected(Failure{std::move(text)});
}

/// Enumerator's name, e.g. "truncated".
[[nodiscard]] const char* name_of(ErrorCode code);

}  // namespace dormouse

#define DM_CONCAT_INNER(a, b) a##b
#define DM_CONCAT(a, b) DM_CONCAT_INNER(a, b)
/// TRY(expr): returns the error of `expr` from the calling function.
#define TRY(expr)                                                              \
  do {                                                                         \
    if (auto dm_try = (expr); !dm_try) return std::unexpected(dm_try.error()); \
  } while (0)
/// TRY_ASSIGN(const auto x, expr): declares x with the value of `expr`, or returns its error.
#define TRY_ASSIGN(declaration, expr) TRY_ASSIGN_IMPL(DM_CONCAT(dm_try_, __LINE__), declaration, expr)
#define TRY_ASSIGN_IMPL(tmp, declaration, expr)             \
  auto tmp = (expr);                                        \
  if (!tmp) return std::unexpected(std::move(tmp).error()); \
  declaration = std::move(*tmp)
