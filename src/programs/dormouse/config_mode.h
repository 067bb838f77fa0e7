// `config ... end` in the shell: statements are checked as they are typed and applied as one change when the outermost
// block ends. Nothing of a block that is refused, aborted or cut off reaches the daemon.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/tree.h"
#include "config/schema/schema.h"
#include "programs/dormouse/session.h"

namespace dormouse::shell {

struct Reply {
  std::string text;
  int code = 0;  ///< FortiOS's return code; 0 = done
};

class ConfigMode {
 public:
  explicit ConfigMode(const Session& session) : session_(session) {}
  [[nodiscard]] bool active() const { return !levels_.empty(); }
  /// What stands in brackets in the prompt: the entry, or the table's last word.
  [[nodiscard]] std::string place() const;
  /// One line inside of, or beginning, a configuration block.
  [[nodiscard]] Reply line(const std::string& text);
  /// What could follow `words` (the last one is incomplete): names with their help.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> complete(const std::vector<std::string>& words) const;
  /// The running configuration, or one section, as `show` prints it; `full` with every default.
  [[nodiscard]] static Outcome<std::string> show(const Session& session, const std::vector<std::string>& path,
                                                 bool full);

 private:
  struct Level {
    std::string path, key;
    const config::TableSpec* table;
    bool in_entry;
  };
  [[nodiscard]] Reply begin(const std::vector<std::string>& words, const std::string& text);
  [[nodiscard]] Reply check_set(const std::vector<std::string>& words) const;
  [[nodiscard]] Reply commit();
  [[nodiscard]] config::Tree candidate() const;
  [[nodiscard]] std::string closings() const;
  const Session& session_;
  config::Tree base_;
  std::uint64_t revision_ = 0;
  std::string lines_;
  std::vector<Level> levels_;
};

}  // namespace dormouse::shell
