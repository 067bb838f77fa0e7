#include "programs/reference/manual.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "config/schema/schema.h"
#include "programs/dormouse/shell.h"

namespace dormouse::reference {
namespace {

/// Text as roff has it: no octet of it is a request, an escape, or a hyphen that a copied command would stumble over.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

/// A word as an argument of a macro, where small words are macros themselves and quotes and blanks separate.
std::string argument(std::string_view word) {
  std::string out = "\"";
  for (const char c : roff(word)) out += c == '"' ? std::string("\\(dq") : std::string(1, c);
  return out + "\"";
}

std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out + ".";
}

std::string edit_text(const config::TableSpec& t) {
  if (t.singleton) return "It has no entries: attributes stand between\n.Ic config\nand\n.Ic end .\n";
  std::string takes = "a name of at most " + std::to_string(t.interface_key ? 15U : t.key_length) + " characters" +
                      (t.interface_key ? ", which is also the name of the interface." : ".");
  if (t.highest_key > 0) takes = "a number from 0 to " + std::to_string(t.highest_key) + ".";
  return ".Ic edit\ntakes " + takes + "\n";
}

std::string attribute(const config::AttributeSpec& a) {
  std::string out = ".It Ic set " + argument(a.name) + "\n" + roff(sentence(a.help)) + "\n";
  out += "Takes " + roff(config::accepted_by(a)) + ".\n";
  if (!a.default_value.empty()) out += "The default is " + roff(a.default_value) + ".\n";
  if (a.mandatory) out += "Must be set.\n";
  if (!a.visible.empty()) out += "Has a meaning only where " + roff(config::visibility_text(a)) + ".\n";
  if (a.ours) out += "Not in FortiOS.\n";
  return out;
}

std::string attributes() {
  std::string out;
  for (const auto& t : config::tables()) {
    out += ".Ss config ";
    if (!t.parent.empty()) out += roff(t.parent) + " / ";
    out += roff(t.path) + "\n" + roff(sentence(t.help)) + "\n" + edit_text(t) + ".Bl -tag -width 4n\n";
    for (const auto& a : t.attributes) out += attribute(a);
    out += ".El\n";
  }
  return out;
}

/// There is none: the shell knows its commands without one.
class NoDaemon final : public shell::Daemon {
 public:
  [[nodiscard]] Outcome<shell::Json> request(const shell::Json& /*request*/) override { return failure("no daemon"); }
};

/// From the shell's own `help`: a command in the first column, what it does behind it. The lines that follow have no
/// columns, and are the template's to say.
std::string commands() {
  NoDaemon nobody;
  const auto help = shell::Shell(nobody, false).run("help").text;
  std::string out = ".Bl -tag -width 4n\n";
  for (const auto line : config::split(help, '\n')) {
    const auto gap = line.find("  ");
    if (gap == std::string_view::npos) continue;
    out += ".It Ic " + argument(line.substr(0, gap)) + "\n" +
           roff(sentence(line.substr(line.find_first_not_of(' ', gap)))) + "\n";
  }
  return out + ".El\n";
}

}  // namespace

std::string manual(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (line == "@ATTRIBUTES@")
      out += attributes();
    else if (line == "@COMMANDS@")
      out += commands();
    else
      out += std::string(line) + "\n";
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace dormouse::reference
