// The configuration as an administrator edits it, command by command: checks at once as FortiOS's shell does and
// answers in its words. Nothing here reaches a daemon; who holds the candidate commits `tree()` when `revision()` has
// grown.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/check.h"
#include "config/schema/show.h"

namespace dormouse::config {

/// What a command came to. `text` is ready to be printed (it ends in a newline, or is empty); for an error it has
/// FortiOS's words, what would be accepted, and "Command fail. Return code N".
struct Reply {
  int code = 0;  ///< 0 = done; else FortiOS's number, -61, -3, -651, ...; 1 = an entry was refused as a whole
  std::string text = {};
};

/// One way to go on with a command line.
struct Completion {
  std::string text;  ///< the word; for a placeholder what it stands for, "<1-172800>"
  std::string help;
  bool is_word = true;  ///< false: a placeholder, of use to `?` alone
};

class Candidate {
 public:
  explicit Candidate(Tree running) : tree_(std::move(running)) {}

  /// One command: config, edit, set, unset, append, select, unselect, next, end, abort, delete, purge, rename, clone,
  /// move, show, get. Words, paths and attribute names may be abbreviated as long as they are unambiguous. `words` are
  /// without their quotes.
  [[nodiscard]] Reply run(const std::vector<std::string>& words);
  /// Whether `word` (which may be abbreviated) is a command that run() has something to do for, here and now.
  [[nodiscard]] bool knows(std::string_view word) const;
  /// The words that may stand where `partial` stands, after `words`; those that begin with `partial`, in the order to
  /// be shown.
  [[nodiscard]] std::vector<Completion> complete(const std::vector<std::string>& words, std::string_view partial) const;

  /// What is edited, for the prompt: "" at the top, "phase1-interface" in a table, "toClient" in an entry.
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] bool inside() const { return !frames_.empty(); }
  /// With all entries that were closed by next or end; the one being edited is not in it.
  [[nodiscard]] const Tree& tree() const { return tree_; }
  /// Grows with every change of tree().
  [[nodiscard]] unsigned long revision() const { return revision_; }
  /// Replaces the tree, e.g. by the daemon's after another's commit. What is being edited is dropped.
  void reset(Tree running);

 private:
  /// One `config`; the entry being edited is a copy until next or end.
  struct Frame {
    const TableSpec* table;
    std::optional<Entry> entry = {};
  };

  using Words = std::vector<std::string>;
  Reply config(const Words& args);
  Reply edit(const Words& args);
  Reply set(const Words& args);
  Reply append(const Words& args);
  Reply select(const Words& args);
  Reply unselect(const Words& args);
  Reply unset(const Words& args);
  Reply next(const Words& args);
  Reply end(const Words& args);
  Reply abort(const Words& args);
  Reply remove(const Words& args);
  Reply purge(const Words& args);
  Reply rename(const Words& args);
  Reply clone(const Words& args);
  Reply move(const Words& args);
  Reply show_command(const Words& args);
  Reply get_command(const Words& args);

  struct Command {
    std::string_view word, help;
    bool at_top, in_table, in_entry;
    Reply (Candidate::*run)(const Words&);
  };
  [[nodiscard]] static std::span<const Command> commands();
  [[nodiscard]] bool fits(const Command& c) const;
  [[nodiscard]] const Command* find_command(std::string_view word) const;

  [[nodiscard]] Frame& top() { return frames_.back(); }
  [[nodiscard]] const Frame& top() const { return frames_.back(); }
  [[nodiscard]] bool in_entry() const { return inside() && top().entry.has_value(); }
  [[nodiscard]] std::string parent_path() const { return inside() ? std::string(top().table->path) : ""; }
  /// The entries of the table being edited; null if there are none yet.
  [[nodiscard]] const Section* section() const;
  [[nodiscard]] Section& section_to_change();
  /// The attribute meant by a word: visible ones only, abbreviations allowed.
  [[nodiscard]] const AttributeSpec* attribute(const std::string& word) const;
  [[nodiscard]] Reply refuse_attribute(const std::string& word) const;
  /// Checks values and puts them into the entry.
  Reply assign(const AttributeSpec& spec, const Words& values);
  /// Puts the entry back into the tree if nothing is missing.
  Reply close_entry();
  /// The table that path words (abbreviated or not) name below `parent`; null if none or several. `used` = words taken.
  [[nodiscard]] const TableSpec* resolve_path(const Words& args, const std::string& parent, std::size_t& used) const;
  [[nodiscard]] Reply refuse_path(const Words& args, std::size_t used) const;
  [[nodiscard]] Reply no_entry(const std::string& key) const;
  /// Code -23 if something refers to the entry.
  [[nodiscard]] Reply in_use(const std::string& key) const;
  /// Checks `NAME to NEW`: the one exists, the other does not and is a name.
  [[nodiscard]] Reply check_pair(const Words& args, std::string_view between) const;
  [[nodiscard]] Reply show_here(const Words& args, Detail detail) const;
  void complete_arguments(std::string_view command, const Words& args, std::vector<Completion>& out) const;
  void complete_path(const Words& args, const std::string& parent, std::vector<Completion>& out) const;
  void complete_attribute(std::string_view command, std::vector<Completion>& out) const;
  void complete_value(std::string_view command, const AttributeSpec& spec, std::vector<Completion>& out) const;
  void complete_key(const Section* s, std::vector<Completion>& out) const;
  void complete_show(const Words& args, std::vector<Completion>& out) const;

  Tree tree_;
  std::vector<Frame> frames_;
  unsigned long revision_ = 0;
};

}  // namespace dormouse::config
