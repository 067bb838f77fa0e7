// What may be configured, as data: tables, attributes, types, ranges, defaults, help. From these rows come the checks, the error
// texts, completion, `show full-configuration` and the reference in docs/.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/parser.h"

namespace dormouse::config {

enum class Kind : std::uint8_t {
  option,       ///< one of `choices`
  options,      ///< several of `choices`
  integer,      ///< low..high
  integers,     ///< several, low..high each
  string,       ///< at most `high` characters
  ipv4, ipv6, address,  ///< one address (address: either family)
  subnet,       ///< "a.b.c.d/len", "a.b.c.d m.m.m.m"
  reference,    ///< the name of an entry of one of the tables `choices`
  references,   ///< several
  secret,       ///< text, 0x hex, or ENC base64
  proposal1,    ///< phase 1 proposal tokens
  proposal2,    ///< phase 2 proposal tokens
  ports,        ///< "80", "1-1023", several
};

struct AttributeSpec {
  std::string_view name;
  Kind kind;
  std::string_view choices;   ///< separated by blanks (options, or table paths separated by commas)
  long long low = 0, high = 0;
  std::string_view default_value;  ///< as written after `set`; empty = none
  std::string_view help;
  bool ours = false;          ///< not of FortiOS
};

struct TableSpec {
  std::string_view path;
  std::string_view parent;    ///< path of the table it is nested in, or empty
  bool singleton = false;
  bool number_key = false;
  unsigned key_length = 35;
  std::string_view help;
  std::span<const AttributeSpec> attributes;
  std::string_view unsupported;  ///< FortiOS's attributes that Dormouse has not, separated by blanks
};

[[nodiscard]] std::span<const TableSpec> tables();
[[nodiscard]] const TableSpec* find_table(std::string_view path, std::string_view parent = {});
[[nodiscard]] const AttributeSpec* find_attribute(const TableSpec& table, std::string_view name);
/// For config/lang's parser.
[[nodiscard]] Shape shape();

/// Names that exist without being configured: addresses "all" and "none", service "ALL", schedule "always", ...
[[nodiscard]] bool is_predefined(std::string_view table, std::string_view name);

/// What would be accepted, for an error or for help: "one of a, b", "a number from 1 to 300", ...
[[nodiscard]] std::string accepted_by(const AttributeSpec& a);
/// The candidate closest in spelling, or empty.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator = ' ');

/// Checks one attribute's values by its row; `tree` for references (null: not checked). Returns what is wrong, placed.
[[nodiscard]] std::optional<Diagnostic> check_attribute(const TableSpec& table, const Attribute& a, const Tree* tree);
/// Checks every attribute of the tree by the rows. Cross-object rules are in config/load.
[[nodiscard]] std::vector<Diagnostic> check_tree(const Tree& tree);

/// A proposal token, in parts; none if it is not one we have.
struct ProposalToken {
  std::string_view cipher;   ///< "aes128", "aes256gcm", "chacha20poly1305"
  std::string_view hash;     ///< "sha256"; empty for phase 2 AEADs
};
[[nodiscard]] std::optional<ProposalToken> parse_proposal(std::string_view token, bool phase1);

}  // namespace dormouse::config
