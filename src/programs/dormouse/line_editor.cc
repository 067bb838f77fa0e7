#include "programs/dormouse/line_editor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "config/lang/lexer.h"
#include "programs/dormouse/output.h"
#include "programs/dormouse/signals.h"

namespace dormouse::shell {
namespace {

constexpr int kHistoryLines = 1000;

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t") == std::string::npos; }

bool in_quotes(const std::string& text) { return config::lex(text).unterminated.line != 0; }

/// Where the last word of `text` begins, quotes included.
std::string last_word(const std::string& text) {
  const auto lexed = config::lex(text);
  const bool open = !text.empty() && text.back() != ' ' && !lexed.words.empty();
  return open ? lexed.words.back().text : "";
}

/// What all words begin with.
std::string common_beginning(const Suggestions& suggestions) {
  std::string out;
  bool first = true;
  for (const auto& s : suggestions) {
    if (s.placeholder) continue;
    if (first) out = s.word;
    first = false;
    while (!s.word.starts_with(out)) out.pop_back();
  }
  return out;
}

std::string listed(const Suggestions& suggestions) {
  std::size_t width = 0;
  for (const auto& s : suggestions) width = std::max(width, s.word.size());
  std::string out;
  for (const auto& s : suggestions) {
    out += s.word;
    if (!s.help.empty()) out += std::string(width - s.word.size() + 2, ' ') + s.help;
    out += "\n";
  }
  return out.empty() ? "nothing can follow here\n" : out;
}

bool holds_secret(const std::string& line) {
  return line.find("secret") != std::string::npos || line.find("passw") != std::string::npos;
}

}  // namespace

class LineEditor::Impl {
 public:
  Impl(Hooks hooks, std::string history_file);
  ~Impl();
  Read read();
  void above(const std::string& line);

 private:
  static Impl& of(EditLine* line);
  int next_character(wchar_t* out);
  bool serve_signals();
  unsigned char help();
  unsigned char tab();
  std::string up_to_cursor() const;
  void show_below(const std::string& text);
  void clear_edited();
  void remember(const std::string& line);

  Hooks hooks_;
  std::string file_, prompt_;
  EditLine* line_;
  History* history_;
  HistEvent event_{};
  Signals signals_{SIGINT, SIGTERM, SIGHUP, SIGWINCH};
  bool editing_ = false, interrupted_ = false, ended_ = false;
};

LineEditor::Impl& LineEditor::Impl::of(EditLine* line) {
  Impl* impl = nullptr;
  el_get(line, EL_CLIENTDATA, &impl);
  return *impl;
}

LineEditor::Impl::Impl(Hooks hooks, std::string history_file)
    : hooks_(std::move(hooks)), file_(std::move(history_file)) {
  // Names may hold any letters; without a locale that has them, libedit would cut octets.
  if (setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) static_cast<void>(setlocale(LC_CTYPE, "C.UTF-8"));
  line_ = el_init("dormouse", stdin, stdout, stderr);
  history_ = history_init();
  history(history_, &event_, H_SETSIZE, kHistoryLines);
  history(history_, &event_, H_SETUNIQUE, 1);
  if (!file_.empty()) history(history_, &event_, H_LOAD, file_.c_str());
  el_set(line_, EL_CLIENTDATA, this);
  el_set(line_, EL_EDITOR, "emacs");
  el_set(line_, EL_HIST, ::history, history_);
  el_set(
      line_, EL_PROMPT, +[](EditLine* e) {
        auto& impl = of(e);
        impl.prompt_ = impl.hooks_.prompt();
        return impl.prompt_.data();
      });
  el_set(line_, EL_GETCFN, +[](EditLine* e, wchar_t* out) { return of(e).next_character(out); });
  el_set(line_, EL_ADDFN, "dormouse-help", "what can follow", +[](EditLine* e, int) { return of(e).help(); });
  el_set(line_, EL_ADDFN, "dormouse-complete", "complete the word", +[](EditLine* e, int) { return of(e).tab(); });
  el_set(line_, EL_BIND, "?", "dormouse-help", nullptr);
  el_set(line_, EL_BIND, "^I", "dormouse-complete", nullptr);
  el_set(line_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::Impl::~Impl() {
  if (!file_.empty()) {
    const auto mask = umask(077);
    history(history_, &event_, H_SAVE, file_.c_str());
    umask(mask);
  }
  history_end(history_);
  el_end(line_);
}

/// False: the line cannot go on.
bool LineEditor::Impl::serve_signals() {
  while (const auto signal = signals_.take()) {
    if (*signal == SIGWINCH)
      el_resize(line_);
    else if (*signal == SIGINT)
      interrupted_ = true;
    else
      ended_ = true;
  }
  return !interrupted_ && !ended_;
}

/// libedit's source of characters: 1 = one in `out`, 0 = end of input, -1 = broken off.
int LineEditor::Impl::next_character(wchar_t* out) {
  mbstate_t state{};
  for (;;) {
    std::array<pollfd, 3> ready{{{STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {hooks_.watched(), POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return -1;
    if (!serve_signals()) return -1;
    if (ready[2].revents != 0) hooks_.ready();
    if (ready[0].revents == 0) continue;
    char octet = 0;
    const auto n = ::read(STDIN_FILENO, &octet, 1);
    if (n <= 0) return n < 0 && errno == EINTR ? -1 : 0;
    const auto used = mbrtowc(out, &octet, 1, &state);
    if (used == static_cast<std::size_t>(-2)) continue;  // the first octets of a longer character
    if (used == static_cast<std::size_t>(-1)) *out = L'\uFFFD';
    return 1;
  }
}

std::string LineEditor::Impl::up_to_cursor() const {
  const auto* info = el_line(line_);
  return {info->buffer, static_cast<std::size_t>(info->cursor - info->buffer)};
}

/// Takes the edited line off the screen; el_set(EL_REFRESH) puts it back.
void LineEditor::Impl::clear_edited() {
  winsize size{};
  const std::size_t columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
  const auto rows = (prompt_.size() + up_to_cursor().size()) / columns;
  print((rows != 0 ? "\033[" + std::to_string(rows) + "A" : std::string()) + "\r\033[J");
}

void LineEditor::Impl::above(const std::string& line) {
  if (!editing_) return print(line + "\n");
  clear_edited();
  print(line + "\n");
  el_set(line_, EL_REFRESH);
}

void LineEditor::Impl::show_below(const std::string& text) {
  print("\n" + text);
  el_set(line_, EL_REFRESH);
}

unsigned char LineEditor::Impl::help() {
  const auto text = up_to_cursor();
  if (in_quotes(text)) {  // there it can only be meant as a character
    el_insertstr(line_, "?");
    return CC_REFRESH;
  }
  show_below(listed(hooks_.complete(text)));
  return CC_NORM;
}

unsigned char LineEditor::Impl::tab() {
  const auto text = up_to_cursor();
  if (is_blank(text)) return CC_NORM;  // so that indented text can be pasted
  const auto found = hooks_.complete(text);
  const auto typed = last_word(text);
  const auto words = std::ranges::count_if(found, [](const Suggestion& s) { return !s.placeholder; });
  const auto common = common_beginning(found);
  // What has to be quoted is only shown: its beginning cannot stand in the line alone.
  const bool plain = common.find_first_of(" \"\\'#") == std::string::npos;
  if (words >= 1 && plain && (common.size() > typed.size() || words == 1)) {
    const auto rest =
        common.substr(std::min(typed.size(), common.size())) + (words == 1 && !in_quotes(text) ? " " : "");
    if (!rest.empty()) {
      el_insertstr(line_, rest.c_str());
      return CC_REFRESH;
    }
  }
  if (!found.empty()) show_below(listed(found));
  return CC_NORM;
}

void LineEditor::Impl::remember(const std::string& line) {
  if (!is_blank(line) && !holds_secret(line)) history(history_, &event_, H_ENTER, line.c_str());
}

LineEditor::Read LineEditor::Impl::read() {
  interrupted_ = false;
  editing_ = true;
  int n = 0;
  const char* text = el_gets(line_, &n);
  editing_ = false;
  if (interrupted_) {
    print("^C\n");
    return {Event::abandoned};
  }
  if (ended_ || text == nullptr || n <= 0) return {Event::end};
  std::string out(text, static_cast<std::size_t>(n));
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
  remember(out);
  return {Event::line, out};
}

LineEditor::LineEditor(Hooks hooks, std::string history_file)
    : impl_(std::make_unique<Impl>(std::move(hooks), std::move(history_file))) {}
LineEditor::~LineEditor() = default;
LineEditor::Read LineEditor::read() { return impl_->read(); }
void LineEditor::above(const std::string& line) { impl_->above(line); }

}  // namespace dormouse::shell
