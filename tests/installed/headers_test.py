#!/usr/bin/python3
"""Does the build stop where a target has forgotten BoringSSL and finds OpenSSL's headers instead?
Method: the compiler, on the headers that bring BoringSSL in.

INTERLOCK_CXX is the compiler's command, INTERLOCK_INCLUDES the folder of BoringSSL's headers.
"""
import os
import pathlib
import shlex
import subprocess
import unittest

from installation import SECONDS_MAX, skip

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOORS = {"tls/boringssl.h": "these are OpenSSL's headers",
         "pki/boringssl.h": "these are the headers of OpenSSL"}


def compile_with(door, *options):
    return subprocess.run([*shlex.split(os.environ["INTERLOCK_CXX"]), "-std=c++20", "-fsyntax-only",
                           f"-I{ROOT}/src", f"-I{ROOT}/include", *options, "-x", "c++", "-"],
                          input=f'#include "{door}"\n', capture_output=True, text=True, check=False,
                          timeout=SECONDS_MAX)


class Headers(unittest.TestCase):
    def test_openssl_stops_the_build(self):
        for door, words in DOORS.items():
            with self.subTest(door):
                done = compile_with(door)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, done.stderr)

    def test_boringssl_does_not(self):
        for door in DOORS:
            with self.subTest(door):
                done = compile_with(door, f"-isystem{os.environ['INTERLOCK_INCLUDES']}")
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    if "INTERLOCK_CXX" not in os.environ or "INTERLOCK_INCLUDES" not in os.environ:
        skip("INTERLOCK_CXX and INTERLOCK_INCLUDES do not name a compiler and headers")
    if not pathlib.Path("/usr/include/openssl/ssl.h").is_file():
        skip("OpenSSL's headers are not on this machine")
    unittest.main()
