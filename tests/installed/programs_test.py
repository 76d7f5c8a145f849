#!/usr/bin/python3
"""Do the programs run from where they are installed, with BoringSSL and without OpenSSL, and are
they linked as hardened programs are? Method: run them, ldd and readelf.
"""
import os
import re

from installation import LIBDIR, PROGRAMS, InstalledCase, environment, main, output

OPENSSL = re.compile(r"lib(?:ssl|crypto)\.so\.(?:3|1\.[01])\b")

# The tool speaks no TLS.
BORINGSSL = {"interlock": ["libcrypto"], "interlockd": ["libcrypto", "libssl"]}


class Programs(InstalledCase):
    def test_they_find_their_libraries_and_say_their_version(self):
        version = os.environ["INTERLOCK_VERSION"]
        for name in PROGRAMS:
            with self.subTest(name):
                done = self.start(name, "--version")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout, f"{name} {version}\n")

    def test_they_load_boringssl_and_no_openssl(self):
        for name in PROGRAMS:
            with self.subTest(name):
                linked = output("ldd", self.programs[name], env=environment())
                self.assertNotRegex(linked, OPENSSL)
                self.assertNotIn("not found", linked)
                for library in BORINGSSL[name]:
                    self.assertRegex(linked, rf"{library}\.so\S* => {re.escape(LIBDIR)}/{library}")

    def test_they_look_for_libraries_in_the_one_folder_and_nowhere_else(self):
        for name in PROGRAMS:
            with self.subTest(name):
                dynamic = output("readelf", "-dW", self.programs[name])
                self.assertEqual(re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", dynamic), [LIBDIR])

    def test_they_are_hardened(self):
        for name in PROGRAMS:
            with self.subTest(name):
                program = self.programs[name]
                self.assertRegex(output("readelf", "-hW", program), r"Type:\s+DYN")
                dynamic = output("readelf", "-dW", program)
                self.assertRegex(dynamic, r"\(FLAGS_1\).*\bNOW\b.*\bPIE\b")
                segments = output("readelf", "-lW", program)
                self.assertIn("GNU_RELRO", segments)
                self.assertRegex(segments, r"GNU_STACK(?:\s+0x\w+){5}\s+RW ")


if __name__ == "__main__":
    main()
