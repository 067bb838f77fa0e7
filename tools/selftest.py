"""The checks must be able to fail: each is shown a planted fault and must name it."""
import importlib.machinery
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS))
sys.dont_write_bytecode = True


def load(name):
    loader = importlib.machinery.SourceFileLoader(name, str(TOOLS / name))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Includes(unittest.TestCase):
    def edges(self, files):
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for name, text in files.items():
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text(text)
            return load("check_includes").bad_edges(src)

    def test_a_planted_bad_edge_is_found_with_its_line(self):
        found = self.edges({"wire/a.cc": '#include "base/bytes.h"\n#include "ike/sa.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("a.cc:2: wire may not include ike/sa.h", found[0])

    def test_system_and_third_party_headers_are_kept_out_of_the_core(self):
        for header in ("sys/socket.h", "thread", "random", "openssl/evp.h", "fmt/format.h", "no_such_library.h"):
            self.assertEqual(len(self.edges({"tunnel/a.h": f"#include <{header}>\n"})), 1, header)

    def test_an_adapter_may_not_include_another(self):
        self.assertEqual(len(self.edges({"adapters/nft/a.cc": '#include "adapters/netlink/link.h"\n'})), 1)

    def test_only_the_esp_header_of_wire_is_open_to_esp(self):
        self.assertEqual(self.edges({"esp/a.cc": '#include "wire/esp_header.h"\n'}), [])
        self.assertEqual(len(self.edges({"esp/a.cc": '#include "wire/message.h"\n'})), 1)

    def test_a_header_of_tests_alone_is_free_until_the_product_includes_it(self):
        files = {"wire/sample.h": "#include <random>\n", "wire/a_test.cc": '#include "wire/sample.h"\n'}
        self.assertEqual(self.edges(files), [])
        self.assertEqual(len(self.edges({**files, "wire/a.cc": '#include "wire/sample.h"\n'})), 1)

    def test_a_folder_without_a_rule_is_an_error(self):
        self.assertEqual(len(self.edges({"helpers/a.cc": "#include <vector>\n"})), 1)

    def test_what_the_table_allows_passes(self):
        self.assertEqual(self.edges({
            "ike/a.cc": '#include "ike/sa.h"\n#include "wire/message.h"\n#include <vector>\n',
            "ike/a_test.cc": "#include <gtest/gtest.h>\n#include <thread>\n",
            "crypto/openssl/a.cc": '#include "crypto/suite.h"\n#include <openssl/evp.h>\n',
            "programs/dormoused/main.cc": '#include "tunnel/manager.h"\n#include "adapters/nft/nft.h"\n'}), [])


class Purity(unittest.TestCase):
    def findings(self, code):
        with tempfile.TemporaryDirectory() as folder:
            source, obj = pathlib.Path(folder) / "a.cc", pathlib.Path(folder) / "a.o"
            source.write_text(code)
            subprocess.run([shutil.which("c++") or "g++", "-std=c++20", "-O2", "-c", source, "-o", obj], check=True)
            return load("check_pure").findings(obj)

    def test_each_kind_of_outside_thing_is_found(self):
        planted = {
            "clock": "#include <chrono>\nlong f() { return std::chrono::steady_clock::now().time_since_epoch().count(); }",
            "socket": "#include <sys/socket.h>\nint f() { return socket(1, 2, 3); }",
            "file": "#include <fstream>\nbool f() { return std::ifstream(\"x\").good(); }",
            "thread": "#include <thread>\nvoid f() { std::thread([] {}).join(); }",
            "random": "#include <random>\nunsigned f() { return std::random_device{}(); }",
            "process": "#include <cstdlib>\nchar* f() { return std::getenv(\"X\"); }",
        }
        for kind, code in planted.items():
            self.assertTrue(any(f"({kind})" in line for line in self.findings(code)), kind)

    def test_a_pure_object_shows_nothing(self):
        self.assertEqual(self.findings(
            "#include <string>\n#include <vector>\n#include <memory>\n#include <map>\n#include <sstream>\n"
            "std::string f(int n) { std::ostringstream o; std::map<int, std::shared_ptr<int>> m; m[n] = std::make_shared<int>(n);"
            " for (auto& [k, v] : m) o << k << *v; return o.str(); }"), [])


class Sizes(unittest.TestCase):
    def test_a_function_is_measured_from_its_head_to_its_brace(self):
        lines = ["namespace x {", "int f(int a) {", "  if (a) {", "    return 1;", "  }", "  return 2;", "}", "}"]
        self.assertEqual(list(load("check_sizes").functions(lines)), [("f", 2, 6)])


class Programs(unittest.TestCase):
    def test_only_programs_of_the_build_folder_are_named(self):
        import test_programs
        commands = test_programs.commands_of(
            'add_test([=[test_x]=] "/b/test_x" "--flag")\nadd_test([=[other]=] "/b/other")\n'
            'add_test([=[script]=] "/usr/bin/python3" "-B" "/src/a.py" "/b/sub/prog")\n')
        self.assertEqual(test_programs.programs(commands, ["test_x", "script"], "/b"), ["sub/prog", "test_x"])


if __name__ == "__main__":
    unittest.main()
