#!/usr/bin/python3
"""Checks who includes whom: the layers of the house, and the one home of each foreign library.

A folder of src includes only folders above it in LAYERS. Adapters know the outside world and are
included by the programs alone. A library has a home; a header that shows the library's types is
known to the home only, so that nobody else compiles against them by accident.
"""
import dataclasses
import re

import source

LAYERS = ["base", "model", "wire", "pki", "attestation", "policy", "lifecycle", "port", "session",
          "wellknown", "control"]
ADAPTERS = ["net", "tls", "store", "audit", "files", "kernel", "keys"]
PROGRAMS = ["daemon", "cli"]

# Up to and including port/ the code is pure: no files, threads or logging (and no clock: the calls
# are banned_calls.py's business, the types are harmless).
PURE = LAYERS[:LAYERS.index("port") + 1]
IMPURE = re.compile(
    r"(fstream|iostream|filesystem|thread|mutex|shared_mutex|future|random"
    r"|condition_variable|csignal|signal\.h|unistd\.h|fcntl\.h|poll\.h|sys/.*|linux/.*)")
IMPURE_ALLOWED = {"src/base/fd.h": "owns a descriptor that an adapter opened, and opens none"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Library:
    name: str
    header: re.Pattern
    homes: frozenset       # Folders of src that may include its headers.
    seen_by: frozenset = frozenset()  # Folders that may meet them through a header of a home.


def library(name, header, homes, seen_by=""):
    return Library(name, re.compile(header), frozenset(homes.split()), frozenset(seen_by.split()))


LIBRARIES = [
    library("libevent", r"event2/|event\.h$|evutil\.h$", "net", seen_by="daemon"),
    library("TLS of BoringSSL", r"openssl/ssl\.h$", "tls", seen_by="daemon"),
    library("BoringSSL", r"openssl/(?!ssl\.h$)", "pki tls keys", seen_by="daemon"),
    # In control for the messages of the admin socket, hidden in admin_codec.cpp.
    library("protobuf", r"google/protobuf/|.*\.pb\.h$", "policy control"),
    library("RE2", r"re2/", "policy"),
    library("SQLite", r"sqlite3\.h$", "store"),
    library("libnftables or libnl", r"nftables/|netlink/|libnetfilter", "kernel"),
    library("CLI11", r"CLI/", "cli daemon"),
]


def folder_of(path):
    """The folder of src that a file belongs to; None outside of src."""
    parts = path.parts
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def may_include(folder, other):
    if folder == other:
        return True
    if folder in LAYERS:
        return other in LAYERS and LAYERS.index(other) < LAYERS.index(folder)
    if folder in ADAPTERS:
        return other in LAYERS
    return other in LAYERS + ADAPTERS


def edge_findings(file, folder, line, header):
    """One include in quotes, from a file of src or of include/interlock (folder None)."""
    other = header.split("/")[0]
    if "/" not in header or other in (".", ".."):
        yield file.path, line, f'"{header}": name the folder, as in #include "base/result.h"'
    elif other == "interlock":
        return
    elif folder is None:
        yield file.path, line, (f'"{header}": include/interlock is the promise to others and '
                                f'includes nothing of src')
    elif other not in LAYERS + ADAPTERS + PROGRAMS:
        yield file.path, line, f'"{header}": {other}/ is no folder of the table in include_rules.py'
    elif not may_include(folder, other):
        why = ("adapters are included by daemon/ and cli/ alone" if other in ADAPTERS else
               "programs are included by nobody" if other in PROGRAMS else
               "a folder includes only folders above it")
        yield file.path, line, f'"{header}": {folder}/ may not include {other}/: {why}'


def library_findings(file, folder, line, header):
    for lib in LIBRARIES:
        if lib.header.match(header) and folder not in lib.homes:
            homes = ", ".join(f"src/{home}" for home in sorted(lib.homes))
            yield file.path, line, f"<{header}>: {lib.name} belongs to {homes} alone"
    if header.startswith("nlohmann/") and file.suffix == ".h":
        yield file.path, line, f"<{header}>: in a .cpp only; it costs seconds in every includer"
    if folder in PURE and IMPURE.fullmatch(header) and str(file.path) not in IMPURE_ALLOWED:
        yield file.path, line, (f"<{header}>: {folder}/ is pure: no files, threads or logging; "
                                f"take a port (src/port) or a value")


def shown_libraries(headers):
    """For each header of src: the libraries it shows, itself or through others."""
    shown = {}

    def visit(name):
        if name not in shown:
            shown[name] = set()  # Ends a circle.
            for _, header in headers.get(name, []):
                shown[name] |= {lib for lib in LIBRARIES if lib.header.match(header)}
                shown[name] |= visit(header)
        return shown[name]

    for name in headers:
        visit(name)
    return shown


def check(root):
    includes = {}  # File -> [(line, mark, header)]
    for file in source.files(root, ("src", "include"), source.CPP):
        # The path is a string, blanked in `code`; where its mark is blank too it is a comment.
        includes[file] = [(file.line_of(match.start()), match[1], match[2])
                          for match in INCLUDE.finditer(file.raw)
                          if file.code[match.start(1)] != " "]
    shown = shown_libraries({
        str(file.path).split("/", 1)[1]: [(line, header) for line, _, header in found]
        for file, found in includes.items() if file.suffix == ".h"})
    for file, found in includes.items():
        folder = folder_of(file.path)
        if folder not in LAYERS + ADAPTERS + PROGRAMS and file.path.parts[0] == "src":
            yield file.path, 1, "this folder is not in the table of include_rules.py"
            continue
        for line, mark, header in found:
            if mark == '"' and not header.startswith("openssl/") and ".pb." not in header:
                yield from edge_findings(file, folder, line, header)
            yield from library_findings(file, folder, line, header)
            for lib in shown.get(header, ()):
                if folder not in lib.homes | lib.seen_by:
                    yield file.path, line, (f'"{header}" shows types of {lib.name}: hide them '
                                            f'behind a class of our own')


if __name__ == "__main__":
    source.run(check)
