#!/usr/bin/python3
"""Do manual pages, README and completion know every command and option, and no other? Method: what
the programs' own --help lists, one command after the other.
"""
import re
import unittest

from support import BIN, MAN, ROOT, main, output, program, started

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMPLETION = ROOT / "packaging/completion/interlock"


def options_in(text):
    return {word for line in re.findall(r"(?m)^  (-\S*)", text) for word in line.split(",")}


def commands(name, *path):
    """{words of a command: its options}, as --help lists them."""
    text = started(name, *path, "--help").stdout
    inner = re.search(r"(?ms)^Subcommands:\n(.*?)(?:\n\n|\Z)", text)
    found = {path: options_in(text)}
    for word in re.findall(r"(?m)^  (\w+)  ", inner[1]) if inner else []:
        found |= commands(name, *path, word)
    return found


def leaves(found):
    """The commands that have none below them."""
    return [path for path in found
            if not any(other[:len(path)] == path and other != path for other in found)]


def page_options(text):
    """The options that a part of an mdoc page names: "Fl Fl json", "Fl c"."""
    words = re.findall(r"\bFl (Fl )?([a-z][a-z-]*)", text)
    return {("--" if long else "-") + word for long, word in words}


class Pages(unittest.TestCase):
    def test_interlock_1(self):
        page = (MAN / "interlock.1").read_text(encoding="utf-8")
        sections = {}
        for title, body in re.findall(r"(?m)^\.Ss interlock (.*)\n((?:(?!^\.S[sh]).*\n)*)", page):
            words = re.match(r"(?:[a-z]+ ?)+", title)[0].split()
            sections[tuple(words)] = page_options(body)
        real = commands("interlock")
        self.assertEqual(set(sections), set(leaves(real)))
        for path, options in sections.items():
            with self.subTest(path):
                # Every command has them; the page says so once.
                self.assertEqual(options, real[path] - {"-h", "--help"})
        self.assertEqual(real[()], {"-h", "--help", "--version"})

    def test_interlockd_8(self):
        page = (MAN / "interlockd.8").read_text(encoding="utf-8")
        description = re.search(r"(?ms)^\.Sh DESCRIPTION\n(.*?)^\.Sh", page)[1]
        self.assertEqual(page_options(description), commands("interlockd")[()])


class Readme(unittest.TestCase):
    def test_the_table_names_every_command_with_its_exit_codes(self):
        table = re.search(r"(?ms)^## Commands\n(.*?)^## ", README)[1]
        rows = {}
        for line in re.findall(r"(?m)^\| `(interlock.*) \|$", table):
            usage, _, codes = re.split(r" (?<!\\)\| ", line)
            rows[re.match(r"interlock(?:d| [a-z ]*[a-z])", usage)[0]] = codes
        real = {" ".join(["interlock", *path]) for path in leaves(commands("interlock"))}
        self.assertEqual(set(rows), real | {"interlockd"})
        for row, codes in rows.items():
            self.assertRegex(codes, r"^0\b.*\b2\b", row)


class Completion(unittest.TestCase):
    def offered(self, name, *words):
        """What bash offers for the last of the words."""
        line = [program(BIN, name), *words]
        script = (f"source {COMPLETION}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); "
                  "_interlock \"$1\" \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return set(output("bash", "-c", script, "bash", *line).split())

    def test_it_offers_every_command_and_option(self):
        for name in ("interlock", "interlockd"):
            real = commands(name)
            for path, options in real.items():
                with self.subTest(f"{name} {path}"):
                    self.assertEqual(self.offered(name, *path, "-"), options)
                    if path not in leaves(real):
                        below = {other[-1] for other in real
                                 if other[:-1] == path and other != path}
                        self.assertEqual(self.offered(name, *path, ""), below)

    def test_it_offers_reason_codes(self):
        reasons = set(re.findall(r"(?m)^(\w+)$", started("interlock", "help").stdout))
        self.assertIn("no_permit", reasons)
        self.assertEqual(self.offered("interlock", "help", ""), reasons)
        self.assertEqual(self.offered("interlock", "help", "no_perm"), {"no_permit"})

    def test_it_leaves_values_to_bash(self):
        for words in (("check", "--config", ""), ("check", "-c", "c"), ("audit", "verify", "")):
            self.assertEqual(self.offered("interlock", *words), set(), words)


if __name__ == "__main__":
    main("bash")
