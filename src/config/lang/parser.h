// From text to tree. The text may be line by line as FortiOS writes it, or flattened onto one line as web pages quote
// it. Statements apply to the tree given, so the same parser reads a whole file and an administrator's change.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/diagnostic.h"
#include "config/lang/tree.h"

namespace dormouse::config {

/// Tells tables (with `edit`) from singletons, and knows the paths. Supplied by config/schema.
struct Shape {
  enum class Kind {
    unknown,
    foreign,   ///< FortiOS has it, Dormouse has not
    table,     ///< keys are names
    numbered,  ///< a table whose keys are numbers: `edit 0` makes the next free one
    singleton,
  };
  /// `parent` is empty at the top.
  std::function<Kind(const std::string& path, const std::string& parent)> kind;
  /// What to say about an unknown path.
  std::function<std::string(const std::string& path, const std::string& parent)> suggest;
  /// What an attribute holds that was never set, so that `append` adds to it. May be null: nothing.
  std::function<std::vector<std::string>(const std::string& path, const std::string& parent,
                                         const std::string& attribute)>
      defaults = {};
};

/// More errors than this are not reported: the text is something else than a configuration.
inline constexpr std::size_t kMaxErrors = 200;

/// Applies the statements of `text` to `tree`. All errors found are returned, each mistake once: what follows from it
/// is skipped (all of an unknown section, an entry whose `edit` is wrong). The tree is only of use if there are none.
[[nodiscard]] std::vector<Diagnostic> apply(std::string_view text, const Shape& shape, Tree& tree);

}  // namespace dormouse::config
