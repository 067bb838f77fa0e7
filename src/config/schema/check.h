// Checks one value, one attribute, or a whole tree by the rows of the schema. Rules across objects are in config/load.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/schema/schema.h"

namespace dormouse::config {

/// What kind of mistake it is; the shell answers each in FortiOS's words.
enum class Fault : std::uint8_t {
  unknown,            ///< no such attribute
  foreign_attribute,  ///< FortiOS has it, Dormouse has not
  no_value,
  too_many,
  choice,          ///< none of the choices
  foreign_choice,  ///< FortiOS has it, Dormouse has not
  number,
  range,
  address,
  too_long,
  reference,  ///< no entry of that name
  secret,
  missing,  ///< mandatory, and not set
};
struct Finding {
  Fault fault;
  std::size_t value = 0;  ///< index of the value at fault, where one is
  std::string message;
  std::string accepted;
};

/// The first thing wrong with the values of an attribute; `tree` for references (null: they are not checked).
[[nodiscard]] std::optional<Finding> check_values(const AttributeSpec& spec, std::span<const Value> values,
                                                  const Tree* tree);
/// What is wrong with the name of an attribute that the table has not.
[[nodiscard]] Finding check_unknown(const TableSpec& table, std::string_view name);
/// What is wrong with a key, or none.
[[nodiscard]] std::optional<Finding> check_key(const TableSpec& table, std::string_view key);
/// Checks every key and attribute of the tree by the rows, in the order of the text. A warning for each attribute that
/// has no effect beside the others. With `names` false names are not looked up (the tree is not whole, so some would be
/// missing).
[[nodiscard]] std::vector<Diagnostic> check_tree(const Tree& tree, bool names = true);

/// The attributes that the entry must set and does not: those with a meaning here. An address of all zeros counts as
/// not set.
[[nodiscard]] std::vector<const AttributeSpec*> missing(const TableSpec& table, const Entry& entry);
/// Says so about one of them.
[[nodiscard]] Finding check_missing(const AttributeSpec& spec);

/// Names that a reference of this row may hold: configured ones first, then predefined ones.
[[nodiscard]] std::vector<std::string> candidates(const AttributeSpec& spec, const Tree& tree);
/// How many attributes of the tree name entry `key` of `table`.
[[nodiscard]] std::size_t count_references(const Tree& tree, const TableSpec& table, std::string_view key);
/// Makes every attribute that names entry `from` of `table` name `to`.
void rename_references(Tree& tree, const TableSpec& table, std::string_view from, std::string_view to);

}  // namespace dormouse::config
