"""The manual pages are good mdoc, and speak of every option that the programs have; so does the completion of bash.

usage: manual_test.py FOLDER DORMOUSED DORMOUSE
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER, PROGRAMS = pathlib.Path(sys.argv[1]), dict(zip(("dormoused", "dormouse"), sys.argv[2:4]))
PAGES = ("dormoused.8", "dormouse.1", "dormouse.conf.5")


def options_of(program):
    """The words that --help has for options, and itself."""
    text = subprocess.run([PROGRAMS[program], "--help"], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)) | {"--help"})


class Manual(unittest.TestCase):
    def test_every_page_is_good_mdoc(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed (./dev setup)")
        for page in PAGES:
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", FOLDER / page], capture_output=True, text=True)
            self.assertEqual(done.stdout + done.stderr, "", page)

    def test_no_place_was_left_open(self):
        for page in PAGES:
            self.assertNotRegex((FOLDER / page).read_text(encoding="utf-8"), r"(?m)^@")

    def test_every_option_is_in_the_page_of_its_program(self):
        for program, page in (("dormoused", "dormoused.8"), ("dormouse", "dormouse.1")):
            text = (FOLDER / page).read_text(encoding="utf-8")
            described = {"-" + name for name in re.findall(r"(?m)^\.It Fl (\S+)", text)}
            self.assertEqual(described, set(options_of(program)), page)

    def test_every_option_is_completed(self):
        for program in PROGRAMS:
            script = TREE / "tools" / "package" / "completion" / program
            typed = f'. {script}; COMP_WORDS=({program} -) COMP_CWORD=1; _{program}; echo "${{COMPREPLY[@]}}"'
            done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=True)
            self.assertEqual(sorted(done.stdout.split()), options_of(program), done.stderr)

    def test_the_configuration_page_has_attributes_and_the_shells_has_commands(self):
        self.assertIn('.It Ic set "client\\-resume\\-interval"', (FOLDER / "dormouse.conf.5").read_text(encoding="utf-8"))
        self.assertIn('.It Ic "execute reload"', (FOLDER / "dormouse.1").read_text(encoding="utf-8"))


class Package(unittest.TestCase):
    def test_debians_changelog_begins_with_the_version_of_the_programs(self):
        ours = re.search(r"project\(dormouse VERSION (\S+)", (TREE / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        first = (TREE / "debian" / "changelog").read_text(encoding="utf-8").splitlines()[0]
        self.assertTrue(first.startswith(f"dormouse ({ours}-"), first)

    def test_the_first_configuration_is_good_with_and_without_its_example(self):
        text = (TREE / "debian" / "dormouse.conf").read_text(encoding="utf-8")
        example = re.sub(r"(?m)^# ?", "", text[text.index("# config"):])
        for name, content, count in (("comments", text, 0), ("example", example, 1)):
            file = FOLDER / f"{name}.conf"
            file.write_text(content, encoding="utf-8")
            done = subprocess.run([PROGRAMS["dormoused"], "--config", file, "--state-dir", FOLDER / "none", "--check"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertIn(f"good: {count} phase 1", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
