"""What the tests of the installation stand on: the programs as `meson install` leaves them.

INTERLOCK_BUILD names the build folder, INTERLOCK_LIBDIR the folder of BoringSSL's libraries,
INTERLOCK_VERSION the version that was built.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ.get("INTERLOCK_BUILD", "")
LIBDIR = os.environ.get("INTERLOCK_LIBDIR", "")
PROGRAMS = ("interlock", "interlockd")
SECONDS_MAX = 60


def skip(why):
    """Ends the test as skipped, which meson counts and shows."""
    print(why)
    sys.exit(77)


def output(*command, **options):
    """What a command that must succeed says."""
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          timeout=SECONDS_MAX, **options).stdout


def environment(**more):
    """This environment without what would help, or hinder, a program to find its libraries."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LD_")}
    return kept | more


class InstalledCase(unittest.TestCase):
    """`programs` maps each name to the path of the installed program."""
    programs = {}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="interlock-installed-")
        cls.addClassCleanup(folder.cleanup)
        output("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder.name)
        for name in PROGRAMS:
            found = [path for path in pathlib.Path(folder.name).rglob(name) if path.is_file()]
            if len(found) != 1:
                raise AssertionError(f"installed {len(found)} times: {name}")
            cls.programs[name] = str(found[0])

    def start(self, name, *arguments, **more):
        """Runs an installed program to its end, with more environment variables."""
        return subprocess.run([self.programs[name], *arguments], capture_output=True, text=True,
                              check=False, cwd="/", env=environment(**more), timeout=SECONDS_MAX)


def main():
    if not BUILD or not LIBDIR:
        skip("INTERLOCK_BUILD and INTERLOCK_LIBDIR do not name a build and its libraries")
    unittest.main()
