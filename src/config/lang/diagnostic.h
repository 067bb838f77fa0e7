// An error or a warning about a configuration text: where it is, what is wrong, and what would be right.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/tree.h"

namespace dormouse::config {

struct Diagnostic {
  bool warning = false;
  Place at = {};
  std::string path = {};  ///< "vpn ipsec phase1-interface "toClient""
  std::string attribute = {};
  std::string message = {};   ///< what is wrong
  std::string accepted = {};  ///< what would be accepted; may be empty
};

/// "FILE:LINE:COLUMN: error: PATH: ATTRIBUTE: MESSAGE; expected: ACCEPTED", then the source line and a caret if
/// `source` has it.
[[nodiscard]] std::string render(const Diagnostic& d, std::string_view file, std::string_view source);

/// Puts them into the order of the text.
void sort_by_place(std::vector<Diagnostic>& all);

}  // namespace dormouse::config
