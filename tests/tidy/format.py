#!/usr/bin/python3
"""Checks every C++ file against .clang-format. Exit 77 (skipped) where clang-format is missing."""
import pathlib
import shutil
import subprocess
import sys

import source


def main():
    if not shutil.which("clang-format"):
        print("clang-format is not installed")
        return 77
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                        pathlib.Path(__file__).resolve().parents[2])
    names = [str(file.absolute) for file in source.files(root, suffixes=source.CPP)]
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", "--style=file", *names],
                          check=False)
    if done.returncode:
        print("mend it with: clang-format -i FILE", file=sys.stderr)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
