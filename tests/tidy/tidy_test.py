#!/usr/bin/python3
"""Can the checks fail? Each is given a small bad tree, and must name its file and line and nothing
else; a tree that is right must pass in silence. Also the summary of tests/run.
"""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

BUILD = "executable('x', 'a.cpp')\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="interlock-tidy-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, files, executable=()):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if name in executable else 0o644)

    def run_check(self, script):
        done = subprocess.run([str(HERE / script), str(self.root)], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.splitlines()

    def expect(self, script, *findings):
        """Each finding is "file:line: " and some words of its message, in order."""
        code, lines = self.run_check(script)
        self.assertEqual(code, 1 if findings else 0, lines)
        self.assertEqual(len(lines), len(findings), lines)
        for line, (place, words) in zip(lines, findings):
            self.assertTrue(line.startswith(place + ": "), f"{line!r} is not at {place}")
            self.assertIn(words, line)


class IncludeRules(Tree):
    SCRIPT = "include_rules.py"

    def test_downward_edges_and_homes_pass(self):
        self.write({
            "src/base/a.h": "#include <vector>\n",
            "src/policy/a.cpp": '#include <google/protobuf/message.h>\n#include "base/a.h"\n'
                                '#include "interlock/config.pb.h"\n#include <re2/re2.h>\n',
            "src/pki/a.h": "#include <openssl/x509.h>\n",
            "src/tls/a.h": '#include <openssl/ssl.h>\n#include "pki/a.h"\n',
            "src/daemon/main.cpp": '#include "tls/a.h"\n#include <sys/socket.h>\n',
            "tests/unit/a_test.cpp": '#include "tls/a.h"\n#include <openssl/ssl.h>\n',
            "src/net/a.cpp": '/*\n#include "daemon/x.h"\n*/\n#include <event2/event.h>\n'})
        self.expect(self.SCRIPT)

    def test_a_folder_includes_only_folders_above_it(self):
        self.write({"src/wire/a.h": '// What.\n#include "policy/b.h"\n'})
        self.expect(self.SCRIPT, ("src/wire/a.h:2", "wire/ may not include policy/"))

    def test_adapters_are_for_programs_only(self):
        self.write({"src/session/a.cpp": '#include "net/loop.h"\n',
                    "src/tls/a.cpp": '#include "net/loop.h"\n',
                    "src/cli/a.cpp": '#include "daemon/x.h"\n#include "audit/reader.h"\n'})
        self.expect(self.SCRIPT,
                    ("src/cli/a.cpp:1", "programs are included by nobody"),
                    ("src/session/a.cpp:1", "adapters are included by daemon/ and cli/ alone"),
                    ("src/tls/a.cpp:1", "adapters are included by daemon/ and cli/ alone"))

    def test_the_promise_includes_nothing_of_src(self):
        self.write({"include/interlock/a.h": '#include "interlock/b.h"\n#include "base/c.h"\n'})
        self.expect(self.SCRIPT, ("include/interlock/a.h:2", "includes nothing of src"))

    def test_folders_are_named_and_known(self):
        self.write({"src/base/a.cpp": '#include "a.h"\n#include "../model/b.h"\n'
                                      '#include "zoo/c.h"\n',
                    "src/zoo/c.h": "\n"})
        self.expect(self.SCRIPT,
                    ("src/base/a.cpp:1", "name the folder"),
                    ("src/base/a.cpp:2", "name the folder"),
                    ("src/base/a.cpp:3", "zoo/ is no folder of the table"),
                    ("src/zoo/c.h:1", "not in the table"))

    def test_libraries_stay_at_home(self):
        self.write({"src/pki/a.cpp": "#include <openssl/ssl.h>\n#include <openssl/x509.h>\n",
                    "src/session/a.cpp": "#include <event2/event.h>\n#include <sqlite3.h>\n",
                    "src/session/b.cpp": '#include "interlock/config.pb.h"\n'
                                         '#include <google/protobuf/message.h>\n',
                    "src/audit/a.h": "#include <nlohmann/json.hpp>\n"})
        self.expect(self.SCRIPT,
                    ("src/audit/a.h:1", "in a .cpp only"),
                    ("src/pki/a.cpp:1", "TLS of BoringSSL belongs to src/tls alone"),
                    ("src/session/a.cpp:1", "libevent belongs to src/net alone"),
                    ("src/session/a.cpp:2", "SQLite belongs to src/store alone"),
                    ("src/session/b.cpp:1", "protobuf belongs to src/control, src/policy alone"),
                    ("src/session/b.cpp:2", "protobuf belongs to src/control, src/policy alone"))

    def test_a_library_does_not_leak_through_headers(self):
        self.write({"src/policy/text.h": '#include "interlock/config.pb.h"\n',
                    "src/policy/snapshot.h": '#include "policy/text.h"\n',
                    "src/session/gate.cpp": '#include "policy/snapshot.h"\n'})
        self.expect(self.SCRIPT,
                    ("src/session/gate.cpp:1", '"policy/snapshot.h" shows types of protobuf'))

    def test_pure_folders_know_no_threads_and_no_files(self):
        self.write({"src/wire/a.cpp": "#include <thread>\n#include <sys/socket.h>\n",
                    "src/base/fd.h": "#include <unistd.h>\n",
                    "src/session/a.cpp": "#include <thread>\n"})
        self.expect(self.SCRIPT,
                    ("src/wire/a.cpp:1", "wire/ is pure"),
                    ("src/wire/a.cpp:2", "wire/ is pure"))


class BannedCalls(Tree):
    SCRIPT = "banned_calls.py"

    def test_comments_strings_members_and_declarations_pass(self):
        self.write({"src/base/a.cpp": """// time( and std::regex in a comment, 1'000 apart.
const char* kText = "rand( and \\" sleep(";
const char* kRaw = R"x(" strcpy( ")x";
WallTime time() const;
int n = 1'000 + clock.time() + record->time() + my_time(3);
Foo(const Foo&) = default;
switch (x) { default: return; }  // open set: HTTP status codes
switch (x) {
  default:
    note(x);
    return;  // open set: the library's own codes
}
"""})
        self.expect(self.SCRIPT)

    def test_each_call_is_found_with_its_replacement(self):
        cases = {
            "auto t = time(nullptr);": "port/clock.h",
            "return std::time(nullptr);": "port/clock.h",
            "auto t = std::chrono::steady_clock::now();": "port/clock.h",
            "int n = 1'000 + rand() + 1'000;": "seeded generator",
            "auto t = gmtime(&c);": "format_utc",
            "int r = ::rand();": "seeded generator",
            "long v = strtol(s, nullptr, 10);": "std::from_chars",
            "int v = std::stoi(s);": "std::from_chars",
            "int v = atoi(s);": "std::from_chars",
            "sprintf(b, \"x\");": "unbounded",
            "strcpy(a, b);": "std::string",
            "gets(a);": "unbounded",
            "std::memcpy(a, b, n);": "allow the file",
            "sleep(1);": "a timer",
            "usleep(1);": "a timer",
            "std::this_thread::sleep_for(x);": "a timer, or a condition",
            "system(\"ls\");": "posix_spawn",
            "thread.detach();": "join it",
            "std::regex r;": "RE2",
            "switch (x) { default: break; }\n\n\n// open set: too far away": "open set",
            "// TODO: later": "unfinished",
            "#include \"openssl/ssl.h\"": "<openssl/...>",
            "auto f = open(\"/home/me/x\");": "somebody's machine",
        }
        for code, words in cases.items():
            with self.subTest(code):
                self.write({"src/base/a.cpp": f"int before;\n{code}\n"})
                self.expect(self.SCRIPT, ("src/base/a.cpp:2", words))

    def test_each_ban_has_its_place(self):
        self.write({"src/net/clock.cpp": "auto t = std::chrono::steady_clock::now();\n",
                    "src/base/a.h": "using namespace std;\n",
                    "tests/unit/a_test.cpp": "using namespace std;\nBOOST_TEST( true );\n"
                                             "std::this_thread::sleep_for(x);\n",
                    "packaging/run": "# FIXME\ncat /root/x\n"})
        self.expect(self.SCRIPT,
                    ("packaging/run:1", "unfinished"),
                    ("packaging/run:2", "somebody's machine"),
                    ("src/base/a.h:1", "leaks into every includer"),
                    ("tests/unit/a_test.cpp:2", "cannot fail"),
                    ("tests/unit/a_test.cpp:3", "a timer"))


class HouseRules(Tree):
    SCRIPT = "house_rules.py"

    def source(self, body, comment="// What it is.\n"):
        self.write({"src/base/meson.build": BUILD, "src/base/a.cpp": comment + body})

    def test_an_orderly_tree_passes(self):
        self.source('#include "base/a.h"\nnamespace x {\nint f() { return 1; }\n}\n')
        self.write({"src/base/a.h": "// What.\n#pragma once\n",
                    "src/base/b.cpp": '#include "base/b.h"\n',
                    "src/base/meson.build": "static_library('base', 'a.cpp', 'b.cpp')\n",
                    "tests/fuzz/line_fuzz.cpp": "// What.\n",
                    "tests/fuzz/meson.build": "foreach name : ['line']\n"
                                              "executable(name, name + '_fuzz.cpp')\nendforeach\n",
                    "packaging/run": "#!/bin/bash\n# Does it.\nset -euo pipefail\n"},
                   executable=["packaging/run"])
        self.expect(self.SCRIPT)

    def test_every_source_file_is_built(self):
        self.write({"src/base/meson.build": "# 'b.cpp' is only talked about\n" + BUILD,
                    "src/base/a.cpp": "// A.\n", "src/base/b.cpp": "// B.\n",
                    "tests/unit/c_test.cpp": "// C.\n"})
        self.expect(self.SCRIPT, ("src/base/b.cpp:1", "never built"),
                    ("tests/unit/c_test.cpp:1", "never built"))

    def test_files_stay_short(self):
        self.source("int a;\n" * 399)
        self.expect(self.SCRIPT)
        self.source("int a;\n" * 400)
        self.expect(self.SCRIPT, ("src/base/a.cpp:401", "401 lines, at most 400"))

    def test_functions_stay_short(self):
        for head in ("int f() {", "Foo::Foo(int b) : a_{b} {", "BOOST_AUTO_TEST_CASE(x) {",
                     "namespace n {\nclass C final : public B {\nint f() const override {",
                     "template <class T>\nauto f(struct X* x) -> int {"):
            closing = "}\n" * head.count("\n") if head.startswith("namespace") else ""
            with self.subTest(head):
                self.source(f"{head}\n" + "  if (x) { y(); }\n" * 68 + "}\n" + closing)
                self.expect(self.SCRIPT)
                self.source(f"{head}\n" + "  if (x) { y(); }\n" * 69 + "}\n" + closing)
                self.expect(self.SCRIPT,
                            (f"src/base/a.cpp:{2 + head.count(chr(10))}", "a function of 71 lines"))

    def test_long_scopes_and_tables_are_no_functions(self):
        for head in ("struct alignas(64) S {", "const int kTable[] = {",
                     "const std::map<int> kMap{", "enum class E : int {", 'extern "C" {'):
            with self.subTest(head):
                self.source(f"{head}\n" + "  x;\n" * 100 + "};\n")
                self.expect(self.SCRIPT)

    def test_files_say_what_they_are(self):
        self.source("int a;\n", comment="")
        self.write({"src/base/a.h": "// What.\nint a;\n", "src/base/b.h": "#pragma once\n",
                    "packaging/run": "#!/bin/bash\nset -euo pipefail\n"},
                   executable=["packaging/run"])
        self.expect(self.SCRIPT, ("packaging/run:2", "open the script"),
                    ("src/base/a.cpp:1", "open the file with a comment"),
                    ("src/base/a.h:1", "without #pragma once"),
                    ("src/base/b.h:1", "open the file with a comment"))

    def test_scripts_can_be_started(self):
        self.write({"packaging/a": "#!/bin/bash\n# A.\nset -euo pipefail\n",
                    "packaging/b": "# B.\n",
                    "packaging/c": "#!/usr/bin/env python\n# C.\n",
                    "packaging/d": "#!/bin/bash\n# D.\nset -e\n"},
                   executable=["packaging/b", "packaging/c", "packaging/d"])
        self.expect(self.SCRIPT, ("packaging/a:1", "chmod +x"), ("packaging/b:1", "no script"),
                    ("packaging/c:1", "use one of"), ("packaging/d:1", "set -euo pipefail"))

    def test_reason_codes_are_documented_once_the_readme_lists_them(self):
        codes = ('// Codes.\nINTERLOCK_REASON(no_permit, "a",\n "b")\n'
                 'INTERLOCK_REASON(malformed, "a", "b")\n')
        self.write({"include/interlock/reason.def": codes, "README.md": "# Interlock\n"})
        self.expect(self.SCRIPT)
        self.write({"README.md": "# Interlock\n## Reason codes\n`malformed`\n"
                                 "## Other\n`no_permit`\n"})
        self.expect(self.SCRIPT, ("include/interlock/reason.def:2", "no_permit is missing"))


    def test_every_limit_of_peers_is_named_by_a_test(self):
        self.write({"src/base/limits.h": "// Limits.\n#pragma once\n"
                                         "constexpr std::size_t kKiB = 1024;\n"
                                         "// --- Sessions ---\n"
                                         "constexpr std::size_t kAMax = 1;\n"
                                         "constexpr Millis kBTimeout{1};\n"
                                         "constexpr int kCMax = 2;\n"
                                         "// --- Configuration ---\n"
                                         "constexpr int kDMax = 2;\n",
                    "tests/unit/meson.build": "executable('x', 'a_test.cpp')\n",
                    "tests/unit/a_test.cpp": "// Tests, though not kBTimeout.\n"
                                             "int a = limits::kAMax + kCMaximum;\n"})
        self.expect(self.SCRIPT, ("src/base/limits.h:6", "kBTimeout"),
                    ("src/base/limits.h:7", "kCMax"))


class Format(Tree):
    def run_format(self, **env):
        self.write({".clang-format": "BasedOnStyle: Google\n", "src/base/a.cpp": "int  a;\n"})
        return subprocess.run([str(HERE / "format.py"), str(self.root)], capture_output=True,
                              text=True, check=False, **env)

    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test_a_badly_laid_out_file_is_named(self):
        done = self.run_format()
        self.assertEqual(done.returncode, 1)
        self.assertIn("src/base/a.cpp:1:4: error", done.stderr)

    def test_without_clang_format_it_is_skipped_not_green(self):
        self.assertEqual(self.run_format(env={"PATH": ""}).returncode, 77)


class Summary(Tree):
    def summary(self, *results):
        lines = [json.dumps({"name": f"t{n}", "result": result, "stdout": "one\nbecause\n"})
                 for n, result in enumerate(results)]
        self.write({"log.json": "\n".join(lines)})
        done = subprocess.run([HERE.parent / "support/summary.py", self.root / "log.json"],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def test_passes_and_skips_are_green_and_named(self):
        self.assertEqual(self.summary("OK", "SKIP", "OK"),
                         (0, ["skipped: t1: because", "2 passed, 0 failed, 1 skipped"]))

    def test_anything_else_has_failed(self):
        for word in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS", "NEWWORD"):
            self.assertEqual(self.summary("OK", word),
                             (1, [f"failed:  t1: {word}", "1 passed, 1 failed, 0 skipped"]))

    def test_a_run_of_nothing_has_failed(self):
        self.assertEqual(self.summary(), (1, ["0 passed, 0 failed, 0 skipped"]))
        self.assertEqual(self.summary("SKIP")[0], 1)


if __name__ == "__main__":
    unittest.main()
