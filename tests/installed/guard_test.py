#!/usr/bin/python3
"""Do the programs refuse to run beside OpenSSL, before they do anything else? Method: the real
libraries of OpenSSL in LD_PRELOAD.
"""
import pathlib

from installation import InstalledCase, main, skip

OPENSSL = [path for name in ("libcrypto.so.3", "libssl.so.3")
           for path in pathlib.Path("/usr/lib").glob(f"*/{name}")]

# An address sanitizer that is not the first library says so and stops, where it is linked in.
BESIDE_PRELOAD = {"ASAN_OPTIONS": "verify_asan_link_order=0"}


class Guard(InstalledCase):
    def refusals(self, name, *arguments):
        for library in OPENSSL:
            with self.subTest(f"{name} beside {library.name}"):
                done = self.start(name, *arguments, LD_PRELOAD=str(library), **BESIDE_PRELOAD)
                self.assertEqual(done.stdout, "")
                self.assertIn(f"{name}: {library}", done.stderr)
                self.assertIn("is loaded in this process and would corrupt it", done.stderr)
                self.assertIn("look at LD_PRELOAD", done.stderr)
                yield done.returncode

    def test_the_gateway_cannot_run(self):
        for arguments in ((), ("--version",), ("--config", "/absent")):
            self.assertEqual(set(self.refusals("interlockd", *arguments)), {1})

    def test_the_tool_cannot_answer(self):
        for arguments in ((), ("--version",), ("help",)):
            self.assertEqual(set(self.refusals("interlock", *arguments)), {2})

    def test_another_preloaded_library_is_no_reason(self):
        for name in ("interlock", "interlockd"):
            done = self.start(name, "--version", LD_PRELOAD="libm.so.6", **BESIDE_PRELOAD)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    if not OPENSSL:
        skip("OpenSSL 3 is not on this machine")
    main()
