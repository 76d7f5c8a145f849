#!/usr/bin/python3
"""Bans words and calls, each with its reason and its replacement in the message.

Calls are looked for in code without comments and strings; words and paths in the whole text.
An exception is a file in `allowed`, with its reason beside it.
"""
import dataclasses
import re

import source

SUFFIXES = source.CPP | {"", ".py", ".sh", ".def", ".proto", ".build", ".md"}


@dataclasses.dataclass(frozen=True)
class Ban:
    pattern: re.Pattern
    message: str
    where: re.Pattern            # The paths it holds for.
    text: bool = False           # Look at the raw text, comments and strings included.
    call: bool = False           # A declaration of that name is no call.
    unless: str = ""             # Words that lift it, on this line or the two after it.
    allowed: dict = dataclasses.field(default_factory=dict)  # Path -> reason.


def everywhere(pattern, message, where=r"", **more):
    return Ban(re.compile(pattern), message, re.compile(where), **more)


def calls(names, message, **more):
    """The free functions of these names: f(, std::f(, ::f( but neither x.f( nor a declaration."""
    return everywhere(rf"(?<![\w.>:])(?:std)?(?:::)?(?:{names})\s*\(", message, call=True, **more)


ADAPTERS_AND_PROGRAMS = r"(?!src/(net|tls|store|audit|files|kernel|keys|daemon|cli)/)"

BANS = [
    calls("time|clock_gettime|gettimeofday", "the clock comes through port/clock.h",
          where=ADAPTERS_AND_PROGRAMS + r"src/"),
    everywhere(r"_clock::now\b", "the clock comes through port/clock.h",
               where=ADAPTERS_AND_PROGRAMS + r"src/"),
    calls("localtime|localtime_r|gmtime|ctime|asctime", "shared state or local time: format_utc"),
    calls("rand|srand|random|drand48", "predictable: port/random.h; in tests a seeded generator"),
    calls("strtol|strtoul|strtoll|strtoull|strtod|atoi|atol|atoll|atof|sscanf"
          "|stoi|stol|stoul|stoll|stoull|stod",
          "takes spaces, signs, locales or overflow: std::from_chars over the whole text"),
    calls("sprintf|vsprintf", "unbounded: fmt::format_to or std::string"),
    calls("strcpy|strcat|strncpy|strncat|stpcpy", "unbounded or unterminated: std::string"),
    calls("gets", "unbounded: std::getline"),
    calls("memcpy|memmove", "length and source unchecked: std::copy, or assign; else allow the "
          "file in banned_calls.py with its reason"),
    calls("alloca", "unbounded stack: a bounded array or a vector"),
    calls("sleep|usleep|nanosleep", "nobody waits for time to pass: a timer, or the test's clock"),
    everywhere(r"\bsleep_(for|until)\b", "nobody waits for time to pass: a timer, or a condition"),
    calls("system|popen", "a shell reads it: posix_spawn with arguments"),
    calls("setjmp|longjmp", "skips destructors: Result"),
    calls("tmpnam|mktemp|tempnam", "races: mkstemp or mkdtemp"),
    everywhere(r"\.\s*detach\s*\(", "a thread nobody joins: keep it and join it"),
    everywhere(r"\bstd::w?(s|c)?regex\b", "exponential on hostile input: RE2"),
    everywhere(r"\bBOOST_(TEST|CHECK|REQUIRE)\s*\(\s*true\s*\)", "a test that cannot fail"),
    everywhere(r"\busing\s+namespace\b", "leaks into every includer: name what you use",
               where=r".*\.h$"),
    everywhere(r"\bdefault\s*:", "hides a new enum value from -Wswitch: name every case, or say "
               "why the set is open: // open set: ...", where="src/", unless="// open set:"),
    everywhere(r'#\s*include\s*"openssl', "finds OpenSSL's headers as well: <openssl/...>",
               text=True),
    everywhere(r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished: finish it or open an issue",
               where=r"(?!tests/tidy/)", text=True),
    everywhere(r"""(?:^|(?<=[\s"'=(:]))/(home|root|Users|mnt|work|workspace)/""",
               "a path of somebody's machine", where=r"(?!tests/tidy/)", text=True),
]

# The last word before a name: these may stand before a call, any other makes a declaration of it.
BEFORE_A_CALL = {"return", "else", "do", "case", "throw", "co_return", "and", "or", "not"}


def is_declaration(code, start):
    before = re.search(r"(\w+)\s+$", code[max(0, start - 64):start])
    return bool(before) and before[1] not in BEFORE_A_CALL


def check(root):
    for file in source.files(root, suffixes=SUFFIXES):
        path = str(file.path)
        for ban in BANS:
            if not ban.where.match(path) or path in ban.allowed:
                continue
            if not ban.text and file.suffix not in source.CPP:
                continue
            text = file.raw if ban.text else file.code
            for match in ban.pattern.finditer(text):
                line = file.line_of(match.start())
                if ban.unless and ban.unless in file.raw_lines(line, 3):
                    continue
                if ban.call and is_declaration(text, match.start()):
                    continue
                yield file.path, line, f"{' '.join(match[0].split())} is banned: {ban.message}"


if __name__ == "__main__":
    source.run(check)
