"""The table of the demonstration: every step has an expected outcome, and a wrong one is loud."""
import os
import sys
import textwrap

_COLOURS = {"good": "32", "bad": "1;31", "dim": "2", "bold": "1"}


def _paint(colour, text):
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\033[{_COLOURS[colour]}m{text}\033[0m"
    return text


class Outcomes:
    """Prints the steps as they happen and counts them."""

    def __init__(self):
        self.total = 0
        self.wrong = 0

    def heading(self, text):
        print(f"\n{_paint('bold', text)}")

    def say(self, text):
        print(textwrap.indent(text.rstrip("\n"), "      "))

    def step(self, who, what, expected, got, why=""):
        """One row: who did what, and what came of it. `why` is the gateway's own sentence."""
        self.total += 1
        good = got == expected
        self.wrong += not good
        mark = _paint("good", "ok ") if good else _paint("bad", "BAD")
        print(f"  {mark} {who:<11} {what:<50} {got}".rstrip())
        if why:
            for line in textwrap.wrap(why, 80):
                print(_paint("dim", f"                  {line}"))
        if not good:
            print(_paint("bad", f"      expected: {expected}\n      got:      {got}"))
        sys.stdout.flush()

    def verdict(self):
        """The last line; returns the exit code."""
        if self.wrong or not self.total:
            print(_paint("bad", f"quickstart: {self.wrong} of {self.total} outcomes were not as "
                                f"expected"))
            return 1
        print(_paint("good", f"quickstart: all {self.total} outcomes as expected"))
        return 0
