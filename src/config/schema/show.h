// The configuration as `show` and `get` print it: attributes in schema order, names in quotes, options and numbers
// bare.
#pragma once
#include <string>
#include <string_view>

#include "config/schema/schema.h"

namespace dormouse::config {

enum class Detail {
  changed,  ///< what differs from its default, as `show` does
  full,     ///< everything that has a meaning, as `show full-configuration` does
};

/// One `set` (or, without a value, `unset`) line's words: "set dpd on-idle", "set comments ''". A secret that was not
/// sealed yet is shown as `ENC *`, which no host accepts back.
[[nodiscard]] std::string show_line(const AttributeSpec& spec, const Entry& entry);
/// `config PATH`, the entry of that key (or, with an empty key of a table, all of them), `end`. Empty if there is
/// nothing to show.
[[nodiscard]] std::string show(const Tree& tree, const TableSpec& table, std::string_view key, Detail detail);
/// All sections of the top, in schema order.
[[nodiscard]] std::string show(const Tree& tree, Detail detail);
/// The statements inside of an entry, nested tables included; indented by `level` times four.
[[nodiscard]] std::string show_inside(const TableSpec& table, const Entry& entry, Detail detail, unsigned level);

/// "name                : value" for every attribute that has a meaning, nested tables as "== [ key ]" blocks. Secrets
/// as "*".
[[nodiscard]] std::string get_entry(const TableSpec& table, const Entry& entry);
/// "== [ key ]" and "name: key   attribute: value ..." for every entry.
[[nodiscard]] std::string get_table(const Section& section, const TableSpec& table);

}  // namespace dormouse::config
