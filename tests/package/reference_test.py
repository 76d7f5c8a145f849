#!/usr/bin/python3
"""Do README and manual pages name every field of the configuration and every reason, and no other?
Method: the schema as protoc reads it, against what packaging/reference reads and the pages say.
"""
import os
import pathlib
import re
import tempfile
import unittest

from support import MAN, ROOT, main, output, run, started

REFERENCE = ROOT / "packaging/reference"
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESCRIPTOR = pathlib.Path("google/protobuf/descriptor.proto")


def section(title):
    """The text of README under a heading of the second level."""
    return re.search(rf"(?m)^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL)[1]


def schema():
    """{block: {field}} as protoc sees it; a block is the path of fields that leads to it."""
    protoc = os.environ["INTERLOCK_PROTOC"]
    with tempfile.NamedTemporaryFile() as compiled:
        output(protoc, f"--proto_path={ROOT}/include", f"--descriptor_set_out={compiled.name}",
               "interlock/config.proto")
        include = pathlib.Path(protoc).resolve().parents[1] / "include"
        with open(compiled.name, "rb") as binary:
            text = output(protoc, f"--proto_path={include}",
                          "--decode=google.protobuf.FileDescriptorSet", DESCRIPTOR, stdin=binary)
    messages, path, kind, name = {}, [], [], ""
    for line in text.splitlines():
        words = line.split()
        if words[-1] == "{":
            kind.append(words[0])
        elif words == ["}"]:
            if kind.pop() in ("message_type", "nested_type"):
                path.pop()
        elif words[0] == "name:" and kind[-1] in ("message_type", "nested_type"):
            path.append(words[1].strip('"'))
            messages[".".join(path)] = {}
        elif words[0] == "name:" and kind[-1] == "field":
            name = words[1].strip('"')
            messages[".".join(path)][name] = None
        elif words[0] == "type_name:" and kind[-1] == "field":
            messages[".".join(path)][name] = words[1].strip('"').removeprefix(".interlock.config.")
    blocks = {}

    def walk(message, path):
        blocks[path] = set(messages[message])
        for field, inner in messages[message].items():
            if inner in messages:
                walk(inner, (*path, field))
    walk("Config", ())
    return blocks


def readme_blocks():
    blocks = {}
    for title, body in re.findall(r"(?m)^### (.*)\n((?:(?!^###).*\n)*)",
                                  section("Configuration reference")):
        path = tuple(re.findall(r"\w+", title)) if "{" in title else ()
        blocks[path] = set(re.findall(r"(?m)^\| `(\w+)` \|", body))
    return blocks


def page_blocks(page):
    blocks = {}
    for title, body in re.findall(r"(?m)^\.Ss (.*)\n((?:(?!^\.Ss|^\.Sh).*\n)*)", page):
        path = () if title == "The file" else tuple(title.split())
        blocks[path] = set(re.findall(r"(?m)^\.It Ic (\w+)", body))
    return blocks


class Reference(unittest.TestCase):
    def same(self, described, where):
        """A block of a kind that was described before may be left out; nothing else."""
        real = schema()
        self.assertGreater(len(real), 10)
        for path, fields in described.items():
            self.assertEqual(fields, real.get(path), f"{where}: {path}")
        for path in set(real) - set(described):
            twins = [other for other in described
                     if other[-1:] == path[-1:] and described[other] == real[path]]
            self.assertTrue(twins, f"{where} does not describe {path}")

    def test_readme_names_every_field_and_no_other(self):
        self.same(readme_blocks(), "README")

    def test_the_page_names_every_field_and_no_other(self):
        self.same(page_blocks(output(REFERENCE, "man")), "interlock.textproto(5)")

    def test_readme_is_what_the_comments_say(self):
        done = run(REFERENCE, "readme", "--check")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_readme_says_of_every_reason_what_the_tool_says(self):
        said = [line.strip() for line in output_of_help().splitlines() if line.strip()]
        rows = re.findall(r"(?m)^\| `(\w+)` \| (.*) \| (.*) \|$", section("Reason codes"))
        plain = [part.replace("`", "").replace("\\", "") for row in rows for part in row]
        self.assertEqual(plain, [line.replace("`", "") for line in said])


def output_of_help():
    return started("interlock", "help").stdout


class Pages(unittest.TestCase):
    def test_they_are_well_formed(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "interlock.textproto.5")
            page.write_text(output(REFERENCE, "man"), encoding="utf-8")
            metrics = pathlib.Path(folder, "interlock-metrics.7")
            metrics.write_text(output(REFERENCE, "metrics"), encoding="utf-8")
            for path in (page, metrics, MAN / "interlock.1", MAN / "interlockd.8"):
                done = run("mandoc", "-Tlint", "-Wwarning", path)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), path)


if __name__ == "__main__":
    main("mandoc")
