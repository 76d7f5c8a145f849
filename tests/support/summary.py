#!/usr/bin/python3
"""Sums up one run of `meson test` from its testlog.json (one JSON object per line).

Prints the skipped and the failed tests by name, then one line "N passed, N failed, N skipped".
Exit 1 if any test failed, or if none ran: a run of nothing proves nothing.
"""
import json
import pathlib
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def main(path):
    log = pathlib.Path(path)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    tests = [json.loads(line) for line in lines if line.strip()]
    skipped = [test for test in tests if test["result"] in SKIPPED]
    passed = [test for test in tests if test["result"] in PASSED]
    # Whatever is neither (FAIL, ERROR, TIMEOUT, INTERRUPT, UNEXPECTEDPASS, a word to come) failed.
    failed = [test for test in tests if test["result"] not in PASSED | SKIPPED]
    for test in skipped:
        print(f"skipped: {test['name']}: {last_line(test.get('stdout'))}")
    for test in failed:
        print(f"failed:  {test['name']}: {test['result']}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
