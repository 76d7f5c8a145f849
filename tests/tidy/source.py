"""What the checks of tests/tidy share: walking the tree, reading C++ without its comments and
strings, and reporting "file:line: message".

The tree is walked, not asked of git: the checks also run in an unpacked archive, and on the small
bad trees of tidy_test.py.
"""
import bisect
import os
import pathlib
import re
import sys

CPP = {".cpp", ".h"}
FOLDERS = ("src", "include", "tests", "packaging", "subprojects", "systemd", ".ci")

# In this order, so that a quote in a comment and a comment mark in a string mean nothing. A digit
# separator (1'000) is a token of its own, else it would open a character literal.
_TOKENS = re.compile(
    r'(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)'
    r'|(?P<raw>\bR"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")'
    r'|(?P<number>\b\d[\w.\']*)'
    r'|(?P<text>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')',
    re.DOTALL)


def spaces(text):
    """As many spaces, with the line breaks in their places."""
    return re.sub(r"[^\n]", " ", text)


def _blank(match):
    token = match[0]
    if match["comment"]:
        return spaces(token)
    if match["raw"] or match["text"]:
        return token[0] + spaces(token[1:-1]) + token[-1]
    return token


class File:
    """One text file: `raw` as it is, `code` with comments and the insides of strings blanked out,
    every character and line still in its place."""

    def __init__(self, root, path):
        self.path = path  # Relative to the root, with slashes.
        self.absolute = root / path
        self.suffix = path.suffix
        self.raw = self.absolute.read_text(encoding="utf-8")
        self.code = _TOKENS.sub(_blank, self.raw)
        self._starts = [0] + [match.end() for match in re.finditer("\n", self.raw)]

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def raw_lines(self, line, count):
        begin, *ends = self._starts[line - 1:line + count]
        return self.raw[begin:ends[-1] if len(ends) == count else None]


def _walk(root, folders):
    for folder in folders:
        for base, subfolders, names in os.walk(root / folder):
            subfolders[:] = sorted(name for name in subfolders
                                   if name not in ("__pycache__", "corpus"))
            yield from (os.path.join(base, name) for name in sorted(names))
    if folders == FOLDERS:
        yield from (str(path) for path in sorted(root.iterdir())
                    if path.is_file() and not path.name.startswith("."))


def files(root, folders=FOLDERS, suffixes=None):
    """Every text file under the folders of the root (all of them: and in the root itself), in
    order; suffixes None takes all."""
    for name in _walk(root, folders):
        path = pathlib.PurePosixPath(os.path.relpath(name, root))
        if suffixes is None or path.suffix in suffixes:
            try:
                yield File(root, path)
            except UnicodeDecodeError:
                pass  # A binary vector is not source.


def run(check):
    """The main of a check: check(root) yields (path, line, message); exit 1 if there is any."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                        pathlib.Path(__file__).resolve().parents[2])
    findings = sorted(set(check(root)))
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    sys.exit(1 if findings else 0)
