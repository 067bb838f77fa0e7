// What may be configured, as data: tables, attributes, types, ranges, defaults, help. From these rows come the checks,
// the error texts, completion, `show full-configuration` and the reference in docs/.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/parser.h"
#include "config/lang/spelling.h"

namespace dormouse::config {

enum class Kind : std::uint8_t {
  option,    ///< one of `choices`
  options,   ///< several of `choices`
  integer,   ///< low..high
  integers,  ///< several, low..high each
  string,    ///< at most `high` octets
  ipv4,
  ipv6,
  address,  ///< one address (address: either family)
  subnet,   ///< "a.b.c.d/len", "a.b.c.d m.m.m.m", "2001:db8::/len"
  subnet4,
  subnet6,     ///< the same of one family
  reference,   ///< the name of an entry of one of the tables `choices`
  references,  ///< several
  secret,      ///< text of at least `low` octets, 0x hex, or ENC base64
  proposal1,   ///< phase 1 proposal tokens
  proposal2,   ///< phase 2 proposal tokens
  ports,       ///< "80", "1-1023", "53:1024-65535", several
};

struct AttributeSpec {
  std::string_view name;
  Kind kind;
  std::string_view choices = {};  ///< separated by blanks (options), or table paths separated by commas (references)
  long long low = 0, high = 0;
  std::string_view default_value = {};  ///< as written after `set`; empty = none
  std::string_view help = {};
  std::string_view visible = {};  ///< "type=static&ip-version=4,6|mtu=9": has a meaning only then; empty = always
  std::string_view foreign = {};  ///< choices that FortiOS has and Dormouse has not
  bool mandatory = false;         ///< where visible
  bool ours = false;              ///< not of FortiOS
  bool always_shown = false;      ///< by `show`, even when it is the default
};

struct TableSpec {
  std::string_view path;
  std::string_view parent = {};  ///< path of the table it is nested in, or empty
  bool singleton = false;
  bool interface_key = false;  ///< the key becomes the name of a network interface
  long long highest_key = 0;   ///< of keys that are numbers; 0 = they are names
  unsigned key_length = 0;     ///< of names, at most
  std::string_view help = {};
  std::span<const AttributeSpec> attributes = {};
};

/// All tables, in the order of `show`.
[[nodiscard]] std::span<const TableSpec> tables();
[[nodiscard]] const TableSpec* find_table(std::string_view path, std::string_view parent = {});
[[nodiscard]] const AttributeSpec* find_attribute(const TableSpec& table, std::string_view name);
/// For config/lang's parser.
[[nodiscard]] Shape shape();

/// Whether FortiOS has an attribute of that name there (also one that Dormouse has not).
[[nodiscard]] bool is_fortios_attribute(const TableSpec& table, std::string_view name);
/// Whether FortiOS has a section of that path which Dormouse has not.
[[nodiscard]] bool is_foreign_section(std::string_view path, std::string_view parent);

/// Names that exist without being configured, separated by blanks: addresses "all" and "none", service "ALL", schedule
/// "always", ...
[[nodiscard]] std::string_view predefined(std::string_view table);
[[nodiscard]] bool is_predefined(std::string_view table, std::string_view name);

/// The values of an attribute: those set, else its default's words.
[[nodiscard]] std::vector<std::string> values_of(const AttributeSpec& spec, const Entry& entry);
/// Whether `spec.visible` holds for the entry.
[[nodiscard]] bool is_visible(const TableSpec& table, const AttributeSpec& spec, const Entry& entry);
[[nodiscard]] bool is_list(Kind kind);
[[nodiscard]] bool is_reference(Kind kind);
/// "client-resume is enable", "type is static and ip-version is 4": what `spec.visible` asks for.
[[nodiscard]] std::string visibility_text(const AttributeSpec& spec);

/// What would be accepted, for an error or for help: "one of a, b", "a number from 1 to 300", ...
[[nodiscard]] std::string accepted_by(const AttributeSpec& a);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator = ' ');

/// A proposal token, in parts; none if it is not one we have.
struct ProposalToken {
  std::string_view cipher;  ///< "aes128", "aes256gcm", "chacha20poly1305"
  std::string_view hash;    ///< "sha256"; empty for phase 2 AEADs
};
[[nodiscard]] std::optional<ProposalToken> parse_proposal(std::string_view token, bool phase1);
/// Every token that parse_proposal knows.
[[nodiscard]] std::vector<std::string> all_proposals(bool phase1);

}  // namespace dormouse::config
