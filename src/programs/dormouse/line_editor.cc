#include "programs/dormouse/line_editor.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <histedit.h>
#include <unistd.h>

#include "config/lang/lexer.h"

namespace dormouse::shell {

struct LineEditor::Impl {
  EditLine* line = nullptr;
  History* history = nullptr;
  HistEvent event{};
  std::function<std::string()> prompt;
  std::function<Completions(const std::vector<std::string>&)> complete;
  std::string prompt_text, file;

  /// The words up to the cursor, the last one possibly empty.
  [[nodiscard]] std::vector<std::string> words() const {
    const auto* info = el_line(line);
    const std::string text(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    std::vector<std::string> out;
    for (auto& w : config::lex(text).words) out.push_back(w.text);
    if (text.empty() || text.back() == ' ') out.emplace_back();
    return out;
  }

  unsigned char help() {
    const auto found = complete(words());
    std::fputc('\n', stdout);
    for (const auto& [name, text] : found) std::printf("%-28s %s\n", name.c_str(), text.c_str());
    if (found.empty()) std::puts("<Enter>");
    std::fflush(stdout);
    return CC_REDISPLAY;
  }

  unsigned char tab() {
    const auto typed = words();
    const auto found = complete(typed);
    std::string common;
    bool first = true;
    for (const auto& [name, text] : found) {
      if (name.starts_with("<")) continue;
      if (first) common = name;
      while (!std::string_view(name).starts_with(common)) common.pop_back();
      first = false;
    }
    if (common.size() > typed.back().size()) {
      const auto rest = common.substr(typed.back().size()) + (found.size() == 1 ? " " : "");
      el_insertstr(line, rest.c_str());
      return CC_REFRESH;
    }
    if (found.size() == 1 && !found[0].first.starts_with("<")) {
      el_insertstr(line, " ");
      return CC_REFRESH;
    }
    return help();
  }
};

namespace {

LineEditor::Impl* impl_of(EditLine* line) {
  LineEditor::Impl* impl = nullptr;
  el_get(line, EL_CLIENTDATA, &impl);
  return impl;
}

}  // namespace

LineEditor::LineEditor(std::function<std::string()> prompt,
                       std::function<Completions(const std::vector<std::string>&)> complete)
    : impl_(new Impl) {
  impl_->prompt = std::move(prompt);
  impl_->complete = std::move(complete);
  impl_->line = el_init("dormouse", stdin, stdout, stderr);
  impl_->history = history_init();
  history(impl_->history, &impl_->event, H_SETSIZE, 1000);
  if (const char* home = std::getenv("HOME")) {
    impl_->file = std::string(home) + "/.dormouse_history";
    history(impl_->history, &impl_->event, H_LOAD, impl_->file.c_str());
  }
  EditLine* e = impl_->line;
  el_set(e, EL_CLIENTDATA, impl_);
  el_set(e, EL_SIGNAL, 1);
  el_set(e, EL_EDITOR, "emacs");
  el_set(e, EL_HIST, history, impl_->history);
  el_set(
      e, EL_PROMPT, +[](EditLine* line) -> char* {
        auto* impl = impl_of(line);
        impl->prompt_text = impl->prompt();
        return impl->prompt_text.data();
      });
  el_set(
      e, EL_ADDFN, "dormouse-help", "what can follow",
      +[](EditLine* line, int) -> unsigned char { return impl_of(line)->help(); });
  el_set(
      e, EL_ADDFN, "dormouse-complete", "complete",
      +[](EditLine* line, int) -> unsigned char { return impl_of(line)->tab(); });
  el_set(e, EL_BIND, "?", "dormouse-help", nullptr);
  el_set(e, EL_BIND, "^I", "dormouse-complete", nullptr);
}

LineEditor::~LineEditor() {
  if (!impl_->file.empty()) history(impl_->history, &impl_->event, H_SAVE, impl_->file.c_str());
  history_end(impl_->history);
  el_end(impl_->line);
  delete impl_;
}

std::optional<std::string> LineEditor::read() {
  int n = 0;
  const char* text = el_gets(impl_->line, &n);
  if (!text || n <= 0) return std::nullopt;
  std::string out(text, static_cast<std::size_t>(n));
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
  // Secrets do not belong into a history file.
  if (!out.empty() && out.find("secret") == std::string::npos)
    history(impl_->history, &impl_->event, H_ENTER, out.c_str());
  return out;
}

}  // namespace dormouse::shell
