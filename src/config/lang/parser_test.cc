#include "config/lang/parser.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace dormouse::config {
namespace {

/// A small language: a table with a nested table, a table, a singleton, and a section that only others have.
Shape toy() {
  Shape s;
  s.kind = [](const std::string& path, const std::string& parent) {
    if (parent == "zoo cage" && path == "beasts") return Shape::Kind::numbered;
    if (!parent.empty()) return Shape::Kind::unknown;
    if (path == "zoo cage" || path == "zoo keeper") return Shape::Kind::table;
    if (path == "zoo pond") return Shape::Kind::numbered;
    if (path == "zoo global") return Shape::Kind::singleton;
    return path == "zoo aquarium" ? Shape::Kind::foreign : Shape::Kind::unknown;
  };
  s.suggest = [](const std::string&, const std::string&) { return "zoo cage"; };
  s.defaults = [](const std::string&, const std::string&, const std::string& attribute) {
    return attribute == "food" ? std::vector<std::string>{"hay"} : std::vector<std::string>{};
  };
  return s;
}

Tree parsed(const std::string& text) {
  Tree tree;
  const auto errors = apply(text, toy(), tree);
  for (const auto& e : errors) ADD_FAILURE() << render(e, "text", text);
  return tree;
}

struct Wrong {
  std::vector<Diagnostic> all;
  [[nodiscard]] const Diagnostic& only() const {
    EXPECT_EQ(all.size(), 1u);
    static const Diagnostic none;
    return all.empty() ? none : all[0];
  }
};
Wrong wrong(const std::string& text) {
  Tree tree;
  return {apply(text, toy(), tree)};
}
void expect_at(const Diagnostic& d, unsigned line, unsigned column, const std::string& message) {
  EXPECT_EQ(d.at.line, line) << d.message;
  EXPECT_EQ(d.at.column, column) << d.message;
  EXPECT_NE(d.message.find(message), std::string::npos) << d.message;
}

std::vector<std::string> keys(const Section& s) {
  std::vector<std::string> out;
  for (const auto& e : s.entries) out.push_back(e.key);
  return out;
}
std::vector<std::string> values(const Entry& e, const char* name) {
  std::vector<std::string> out;
  if (const auto* a = e.find(name))
    for (const auto& v : a->values) out.push_back(v.text);
  return out;
}
using Texts = std::vector<std::string>;

constexpr const char* kLines = R"(config zoo cage
    edit "lions"
        set food meat "old meat"
        config beasts
            edit 1
                set name "Leo"
            next
        end
    next
    edit "hares"
    next
end
config zoo global
    set name "Tierpark"
end
)";

TEST(Parser, reads_the_form_that_is_one_statement_a_line) {
  const auto tree = parsed(kLines);
  const auto* cage = tree.find("zoo cage");
  ASSERT_NE(cage, nullptr);
  EXPECT_EQ(keys(*cage), (Texts{"lions", "hares"}));
  EXPECT_EQ(values(cage->entries[0], "food"), (Texts{"meat", "old meat"}));
  ASSERT_NE(cage->entries[0].section("beasts"), nullptr);
  EXPECT_EQ(values(*cage->entries[0].section("beasts")->find("1"), "name"), (Texts{"Leo"}));
  EXPECT_EQ(values(tree.find("zoo global")->entries.at(0), "name"), (Texts{"Tierpark"}));
}

TEST(Parser, reads_the_same_from_text_flattened_onto_one_line) {
  std::string flat = kLines;
  std::ranges::replace(flat, '\n', ' ');
  EXPECT_TRUE(same(parsed(flat), parsed(kLines)));
}

TEST(Parser, takes_a_statement_word_as_a_value_only_in_quotes) {
  const auto tree = parsed("config zoo cage edit \"next\" set food \"end\" 'set' next end");
  EXPECT_EQ(values(tree.find("zoo cage")->entries.at(0), "food"), (Texts{"end", "set"}));
  EXPECT_EQ(tree.find("zoo cage")->entries[0].key, "next");
}

TEST(Parser, prints_what_reads_back_as_the_same) {
  const auto tree = parsed(
      std::string(kLines) +
      "config zoo keeper\nedit 'a \"b\" \\c'\nset food '' \"two\nlines\" '#5' next' \xc3\xa4 ' \"it's\"\nnext\nend\n");
  EXPECT_TRUE(same(parsed(print(tree)), tree));
  EXPECT_EQ(print(parsed(print(tree))), print(tree));
}

TEST(Parser, prints_in_the_form_it_was_written) {
  EXPECT_EQ(print(parsed("config zoo cage\n edit lions\n set food 'old meat'\n next\nend")),
            "config zoo cage\n    edit \"lions\"\n        set food \"old meat\"\n    next\nend\n");
}

TEST(Parser, keeps_comments_where_they_stood) {
  const std::string text =
      "# the cages\nconfig zoo cage\n    # careful\n    edit \"lions\"\n        # fresh\n        set food meat\n"
      "        # no more of it\n    next\n    # no more cages\nend\n# bye\n";
  EXPECT_EQ(print(parsed(text)), text);
  EXPECT_EQ(print(parsed("config zoo global\n set a b # why\nend")),
            "config zoo global\n    # why\n    set a b\nend\n");
}

TEST(Parser, numbers_an_entry_zero_with_the_next_free_number) {
  const auto tree = parsed("config zoo pond\nedit 1\nnext\nedit 3\nnext\nedit 0\nnext\nedit 0\nnext\nend");
  EXPECT_EQ(keys(*tree.find("zoo pond")), (Texts{"1", "3", "2", "4"}));
  EXPECT_EQ(keys(*parsed("config zoo cage\nedit 0\nend").find("zoo cage")), (Texts{"0"})) << "a name like others";
}

TEST(Parser, closes_the_entry_and_the_section_with_end_alone) {
  EXPECT_EQ(keys(*parsed("config zoo cage\nedit a\nset food b\nend\nconfig zoo keeper\nend").find("zoo cage")),
            (Texts{"a"}));
}

TEST(Parser, sets_appends_and_unsets) {
  const auto tree = parsed(
      "config zoo cage\nedit a\nset food b\nset food c\nappend food d\nset x y\nunset x\nunset never\nappend name "
      "z\nend");
  const auto& e = tree.find("zoo cage")->entries.at(0);
  EXPECT_EQ(values(e, "food"), (Texts{"c", "d"}));
  EXPECT_EQ(e.find("x"), nullptr);
  EXPECT_EQ(values(e, "name"), (Texts{"z"}));
}

TEST(Parser, appends_to_the_default_of_a_list_that_was_never_set) {
  EXPECT_EQ(values(parsed("config zoo cage\nedit a\nappend food b\nend").find("zoo cage")->entries.at(0), "food"),
            (Texts{"hay", "b"}));
}

TEST(Parser, deletes_purges_renames_clones_and_moves) {
  const std::string three = "config zoo cage\nedit a\nset food x\nnext\nedit b\nnext\nedit c\nnext\n";
  EXPECT_EQ(keys(*parsed(three + "delete b\nend").find("zoo cage")), (Texts{"a", "c"}));
  EXPECT_EQ(keys(*parsed(three + "purge\nend").find("zoo cage")), (Texts{}));
  EXPECT_EQ(keys(*parsed(three + "rename a to d\nend").find("zoo cage")), (Texts{"d", "b", "c"}));
  EXPECT_EQ(values(*parsed(three + "clone a to d\nend").find("zoo cage")->find("d"), "food"), (Texts{"x"}));
  EXPECT_EQ(keys(*parsed(three + "move a after b\nend").find("zoo cage")), (Texts{"b", "a", "c"}));
  EXPECT_EQ(keys(*parsed(three + "move c before a\nend").find("zoo cage")), (Texts{"c", "a", "b"}));
  EXPECT_EQ(keys(*parsed(three + "move a after a\nend").find("zoo cage")), (Texts{"a", "b", "c"}));
}

TEST(Parser, edits_an_entry_that_is_there_already) {
  Tree tree = parsed(kLines);
  EXPECT_TRUE(apply("config zoo cage\nedit lions\nset food fish\nnext\nend", toy(), tree).empty());
  EXPECT_EQ(keys(*tree.find("zoo cage")), (Texts{"lions", "hares"}));
  EXPECT_EQ(values(tree.find("zoo cage")->entries[0], "food"), (Texts{"fish"}));
}

TEST(Parser, reports_an_unknown_section_once_and_passes_over_it) {
  const auto w = wrong("config zoo cgae\n edit a\n set food b\n next\nend\nconfig zoo global\n set a b\nend\n");
  expect_at(w.only(), 1, 8, "unknown section 'zoo cgae'");
  EXPECT_EQ(w.only().accepted, "zoo cage");
}

TEST(Parser, says_of_a_foreign_section_that_it_is_known) {
  expect_at(wrong("config zoo aquarium\n edit a\n config deep\n edit b\n end\n end\n").only(), 1, 8,
            "FortiOS has 'config zoo aquarium'");
}

TEST(Parser, reports_a_mistyped_statement_and_reads_on_as_if_it_were_right) {
  const auto w =
      wrong("config zoo cage\n    edti \"lions\"\n        set food meat\n    nexxt\n    edit b\n    next\nend\n");
  ASSERT_EQ(w.all.size(), 2u);
  expect_at(w.all[0], 2, 5, "unknown word 'edti', did you mean 'edit'?");
  EXPECT_EQ(w.all[0].path, "zoo cage");
  expect_at(w.all[1], 4, 5, "did you mean 'next'?");
  EXPECT_EQ(w.all[1].path, "zoo cage \"lions\"");
  expect_at(wrong("config zoo global\n ste a b\nend").only(), 2, 2, "did you mean 'set'?");
  EXPECT_EQ(wrong("hello world").only().accepted, "config");
}

TEST(Parser, names_the_statement_that_is_missing_between_two_sections) {
  const auto w = wrong("config zoo cage\nedit a\nset food b\nconfig zoo keeper\nedit c\nnext\nend\n");
  expect_at(w.only(), 4, 1, "'config zoo keeper' inside 'config zoo cage'");
  EXPECT_EQ(w.only().accepted, "next and end before it");
  EXPECT_EQ(wrong("config zoo cage\nedit a\nedit b\nnext\nend").only().accepted, "next before it");
  EXPECT_EQ(wrong("config zoo global\nset a b\nconfig zoo keeper\nend").only().accepted, "end before it");
}

TEST(Parser, reports_each_kind_of_misplaced_statement) {
  const struct {
    const char* text;
    unsigned line, column;
    const char* message;
  } cases[] = {
      {"set a b", 1, 1, "outside of any section"},
      {"end", 1, 1, "outside of any section"},
      {"config zoo cage\nnext\nend", 2, 1, "'next' without 'edit'"},
      {"config zoo cage\nset a b\nend", 2, 1, "'set' before any 'edit'"},
      {"config zoo cage\nedit a\nset\nend", 3, 1, "names no attribute"},
      {"config zoo cage\nedit a\nset food\nend", 3, 5, "no value"},
      {"config zoo cage\nedit a b\nset x y\nnext\nend", 2, 8, "takes one name"},
      {"config zoo cage\nedit ''\nset x y\nnext\nend", 2, 1, "takes one name"},
      {"config zoo cage\nedit\nset x y\nnext\nend", 2, 1, "takes one name"},
      {"config zoo cage\nedit a\ndelete a\nend", 3, 1, "inside an entry"},
      {"config zoo cage\ndelete a\nend", 2, 8, "no entry 'a'"},
      {"config zoo cage\nedit a\nnext\nedit b\nnext\nrename a to b\nend", 6, 13, "exists"},
      {"config zoo cage\nedit a\nnext\nrename a b\nend", 4, 1, "incomplete"},
      {"config zoo cage\nedit a\nnext\nmove a beside a\nend", 4, 8, "unexpected 'beside'"},
      {"config zoo cage\nconfig beasts\nend\nend", 2, 1, "before any 'edit'"},
      {"config zoo global\nedit a\nend", 2, 1, "has no entries"},
      {"config zoo global\nnext\nend", 2, 1, "'next' without 'edit'"},
      {"config zoo cage\nedit a\nconfig zebras\nend\nnext\nend", 3, 8, "unknown section 'zebras'"},
      {"config", 1, 1, "names nothing"},
      {"config zoo cage\nedit a\nnext now\nend", 3, 6, "unexpected 'now' after 'next'"},
      {"config zoo cage\nedit a\n", 2, 6, "the text ends inside"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto w = wrong(c.text);
    ASSERT_GE(w.all.size(), 1u);
    expect_at(w.all[0], c.line, c.column, c.message);
    EXPECT_FALSE(w.all[0].accepted.empty());
  }
}

TEST(Parser, reports_a_quote_without_end_at_its_beginning_and_nothing_that_it_swallowed) {
  const auto w = wrong("config zoo cage\nedit a\nset food \"meat\nnext\nend\nconfig nonsense\nend\n");
  expect_at(w.only(), 3, 10, "never closed");
}

TEST(Parser, stops_after_many_errors) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "nonsense\n";
  EXPECT_EQ(wrong(text).all.size(), kMaxErrors + 1);
}

TEST(Parser, survives_sections_nested_a_hundred_thousand_deep) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "config a\nedit b\n";
  EXPECT_FALSE(wrong(text).all.empty());
}

TEST(Diagnostic, is_one_clear_line_with_the_source_and_a_caret_below) {
  const std::string text = "config zoo cage\n\tedit a\n\t\tset food\nend";
  const auto w = wrong(text);
  EXPECT_EQ(render(w.only(), "zoo.conf", text),
            "zoo.conf:3:7: error: zoo cage \"a\": food: no value; expected: set food VALUE\n"
            "    \t\tset food\n"
            "    \t\t    ^\n");
}

TEST(Diagnostic, shows_the_part_of_a_long_line_where_the_mistake_is) {
  const std::string text =
      "config zoo cage edit a next" + std::string(500, ' ') + "nonsense" + std::string(500, ' ') + " end";
  const auto out = render(wrong(text).only(), "f", text);
  EXPECT_LT(out.size(), 400u);
  const auto shown = out.find('\n') + 1, caret = out.rfind('^');
  const auto second = out.find('\n', shown) + 1;
  EXPECT_EQ(out.substr(shown + (caret - second), 8), "nonsense");
}

TEST(Diagnostic, counts_an_accented_letter_as_one_column_wide) {
  const std::string text = "config zoo cage\nedit \xc3\xa4\xc3\xb6 x\nend";
  const auto out = render(wrong(text).all.at(0), "f", text);
  EXPECT_NE(out.find("\n            ^\n"), std::string::npos) << out;
}

}  // namespace
}  // namespace dormouse::config
