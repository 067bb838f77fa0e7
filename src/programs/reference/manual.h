// Manual pages: the template of docs/man, with what the programs' tables know filled in.
#pragma once
#include <string>
#include <string_view>

namespace dormouse::reference {

/// `text` in mdoc: lines that are "@ATTRIBUTES@" or "@COMMANDS@" become the tables of the configuration and the
/// commands of the shell. Everything else stays as it is.
[[nodiscard]] std::string manual(std::string_view text);

}  // namespace dormouse::reference
