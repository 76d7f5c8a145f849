#!/usr/bin/python3
"""Checks the habits of the house: every source file is built, files and functions stay short, files
say what they are, headers are guarded, reason codes are documented, limits are tested, scripts can
be started.
"""
import pathlib
import re
import stat

import source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70

# The ratchet: files that were longer when the rule came, with their length then. They may shrink,
# never grow; a line goes when its file is short enough. Empty, and to be kept so.
LONGER = {}

SHEBANGS = ("#!/bin/bash", "#!/bin/sh", "#!/usr/bin/python3", "#!/usr/bin/make -f")


def built_names(root, folder):
    """The files that the meson.build files of a folder and of those above it name. A list of stems
    with a common ending, foreach name : [...] then name + '_fuzz.cpp', names each of them."""
    names = set()
    while True:
        build = root / folder / "meson.build"
        if build.is_file():
            code = re.sub(r"#.*", "", build.read_text(encoding="utf-8"))
            words = set(re.findall(r"'([^'\n]*)'", code))
            endings = set(re.findall(r"\w\s*\+\s*'([^'\n]*\.cpp)'", code))
            names |= {folder / word for word in words if word.endswith(".cpp")}
            names |= {folder / (word + ending) for word in words for ending in endings}
        if not folder.parts:
            return names
        folder = folder.parent


def check_built(root):
    for file in source.files(root, ("src", "tests"), {".cpp"}):
        if file.path not in built_names(root, file.path.parent):
            yield file.path, 1, "no meson.build names this file, so it is never built"


def check_length(file):
    lines = file.raw.count("\n")
    most = LONGER.get(str(file.path), FILE_LINES_MAX)
    if lines > most:
        yield file.path, most + 1, f"{lines} lines, at most {most}: split it by what it is about"


# A scope, looked into for functions: a keyword, and no parameters after it.
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$")
ALIGNAS = re.compile(r"\balignas\s*\([^)]*\)")


def _kind(before):
    """What an outermost brace opens, by the text before it: a scope, a body or a value. Nothing
    before it is a constructor's body, after the braces of its last member."""
    before = ALIGNAS.sub("", before.strip())
    if SCOPE.search(before):
        return "scope"
    return "body" if (")" in before or not before) and not before.endswith("=") else "value"


def functions(code):
    """The (begin, end) offsets of the bodies of functions at file, namespace or class scope."""
    code = re.sub(r"(?m)^[ \t]*#(?:\\\n|[^\n])*",
                  lambda directive: source.spaces(directive[0]), code)
    stack = []  # Of (offset, kind): scope, body, value or inner.
    head = 0    # Where the text before the next brace begins.
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match[0] == "{":
            outermost = all(kind == "scope" for _, kind in stack)
            stack.append((at, _kind(code[head:at]) if outermost else "inner"))
        elif match[0] == "}" and stack:
            begin, kind = stack.pop()
            if kind == "body":
                yield begin, at
        head = at + 1


def check_functions(file):
    for begin, end in functions(file.code):
        first, last = file.line_of(begin), file.line_of(end)
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield file.path, first, (f"a function of {last - first + 1} lines, at most "
                                     f"{FUNCTION_LINES_MAX}: it must fit a screen")


def check_opening(file):
    lines = file.raw.splitlines() or [""]
    first = 1 if lines[0].startswith("#!") else 0
    opening = lines[first] if first < len(lines) else ""
    if file.suffix in {".cpp", ".h", ".def", ".proto"}:
        own_header = rf'#include "[\w/]+/{re.escape(file.path.stem)}\.h"'
        if not opening.startswith("//") and not re.fullmatch(own_header, opening):
            yield file.path, 1, ("open the file with a comment that says what it is (a .cpp may "
                                  "open with its own header, which says it)")
        if file.suffix == ".h" and not re.search(r"(?m)^#pragma once$", file.raw):
            yield file.path, 1, "a header without #pragma once"
    elif first == 1 or file.suffix == ".py":
        if not opening.startswith(("#", '"""')):
            yield file.path, first + 1, "open the script with a comment: what it does"


def check_script(file):
    executable = file.absolute.stat().st_mode & stat.S_IXUSR
    shebang = file.raw.split("\n", 1)[0] if file.raw.startswith("#!") else ""
    if executable and not shebang:
        yield file.path, 1, "executable, but no script"
    if shebang and not executable:
        yield file.path, 1, "a script that is not executable: chmod +x"
    if shebang and shebang not in SHEBANGS:
        yield file.path, 1, f"{shebang}: use one of {', '.join(SHEBANGS)}"
    if shebang == "#!/bin/bash" and "set -euo pipefail" not in file.raw:
        yield file.path, 1, "a bash script without set -euo pipefail"


def check_reasons(root):
    """Where the README has a section "Reason codes", it names every one."""
    codes, readme = root / "include/interlock/reason.def", root / "README.md"
    if not codes.is_file() or not readme.is_file():
        return
    text = readme.read_text(encoding="utf-8")
    section = re.search(r"(?m)^#+ Reason codes\n(.*?)(?=^# |^## |\Z)", text, re.DOTALL)
    if not section:
        return
    for number, line in enumerate(codes.read_text(encoding="utf-8").splitlines(), 1):
        code = re.match(r"INTERLOCK_REASON\((\w+)", line)
        if code and f"`{code[1]}`" not in section[1]:
            yield (codes.relative_to(root), number,
                   f"{code[1]} is missing in the README's section \"Reason codes\"")


LIMITS = pathlib.Path("src/base/limits.h")
# The sections of it that hold what a peer can reach.
PEER_SECTIONS = ("Certificates", "HTTP/1.1", "Sessions")


def check_limits(root):
    """Every bound on what a peer can do is named by a test, which then reaches it."""
    if not (root / LIMITS).is_file():
        return
    tests = "".join(file.code for file in source.files(root, ("tests",), source.CPP))
    section = ""
    for number, line in enumerate((root / LIMITS).read_text(encoding="utf-8").splitlines(), 1):
        if heading := re.match(r"// --- (\S+) -", line):
            section = heading[1]
        if section not in PEER_SECTIONS:
            continue
        limit = re.match(r"constexpr .*?\b(k\w+(?:Max|Timeout))\b", line)
        if limit and not re.search(rf"\b{limit[1]}\b", tests):
            yield LIMITS, number, f"no test names {limit[1]}: reach it in one"


def check(root):
    yield from check_built(root)
    yield from check_reasons(root)
    yield from check_limits(root)
    for file in source.files(root):
        yield from check_opening(file)
        yield from check_script(file)
        if file.suffix in source.CPP | {".py", ".sh"} or file.raw.startswith("#!"):
            yield from check_length(file)
        if file.suffix in source.CPP:
            yield from check_functions(file)


if __name__ == "__main__":
    source.run(check)
