// From text to tree. The text may be line by line as FortiOS writes it, or flattened onto one line as web pages quote it.
// Statements apply to the tree given, so the same parser reads a whole file and an administrator's change.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/tree.h"

namespace dormouse::config {

/// An error with its place and what would be right.
struct Diagnostic {
  bool warning = false;
  Place at;
  std::string path;       ///< "vpn ipsec phase1-interface toClient"
  std::string attribute;
  std::string message;    ///< what is wrong
  std::string accepted;   ///< what would be accepted; may be empty
};
/// "FILE:LINE:COLUMN: error: PATH: ATTRIBUTE: MESSAGE; expected: ACCEPTED", then the source line and a caret if `source` has it.
[[nodiscard]] std::string render(const Diagnostic& d, std::string_view file, std::string_view source);

/// Tells tables (with `edit`) from singletons, and knows the paths. Supplied by config/schema.
struct Shape {
  enum class Kind { unknown, table, singleton };
  std::function<Kind(const std::string& path, const std::string& parent)> kind;  ///< `parent` is empty at the top
  std::function<std::string(const std::string& path)> suggest;                   ///< what to say about an unknown path
};

/// Applies the statements of `text` to `tree`. All errors found are returned; the tree is only of use if there are none.
[[nodiscard]] std::vector<Diagnostic> apply(std::string_view text, const Shape& shape, Tree& tree);

}  // namespace dormouse::config
