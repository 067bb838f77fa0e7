// Typed access to one checked entry: the value written, or the row's default.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "config/schema/schema.h"

namespace dormouse::config {

class EntryReader {
 public:
  EntryReader(const TableSpec& table, const Entry& entry) : table_(table), entry_(entry) {}
  [[nodiscard]] const TableSpec& table() const { return table_; }
  [[nodiscard]] const Entry& entry() const { return entry_; }
  [[nodiscard]] bool has(std::string_view name) const { return entry_.find(name) != nullptr; }
  /// All values: those set, else the words of the default.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;  ///< first value; empty if none
  [[nodiscard]] bool is(std::string_view name, std::string_view value) const { return text(name) == value; }
  [[nodiscard]] bool enabled(std::string_view name) const { return is(name, "enable"); }
  [[nodiscard]] unsigned number(std::string_view name) const;
  [[nodiscard]] unsigned key_number() const;                                    ///< of a table whose keys are numbers
  [[nodiscard]] std::optional<IpAddress> address(std::string_view name) const;  ///< none if unset or unspecified
  [[nodiscard]] std::optional<Prefix> subnet(std::string_view name) const;
  /// Address and prefix length, host bits kept.
  [[nodiscard]] std::optional<std::pair<IpAddress, unsigned>> interface_address(std::string_view name) const;
  [[nodiscard]] Place place(std::string_view name) const;  ///< of the attribute, else of the entry

 private:
  const TableSpec& table_;
  const Entry& entry_;
};

}  // namespace dormouse::config
