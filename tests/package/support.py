"""What the tests of the package stand on: the tree, the programs, and running things to their end.

INTERLOCK_BIN is the folder the programs are looked for in.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "packaging/demo"
MAN = ROOT / "packaging/man"
UNIT = ROOT / "systemd/interlockd.service"
BIN = os.environ.get("INTERLOCK_BIN", "")
SECONDS_MAX = 60

sys.path.insert(0, str(DEMO))
from processes import free_port, program  # noqa: E402,F401


def run(*command, **options):
    """Runs a command to its end; its output is text."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, timeout=SECONDS_MAX, **options)


def output(*command, **options):
    """What a command that must succeed says."""
    done = run(*command, **options)
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def started(name, *arguments, **options):
    """Runs one of the programs to its end."""
    return run(program(BIN, name), *arguments, **options)


def main(*needed):
    """Runs the tests of the file; skipped, which meson counts and shows, without what they need."""
    missing = [name for name in needed if not shutil.which(name)]
    if missing or not BIN:
        print(f"not on this machine: {', '.join(missing)}" if missing else
              "INTERLOCK_BIN does not name a folder of programs")
        sys.exit(77)
    unittest.main()
