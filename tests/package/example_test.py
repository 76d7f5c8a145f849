#!/usr/bin/python3
"""Is the example that the package brings in order? Method: `interlock check` on it, with the
certificates of a throw-away plant where it says that they are to be.
"""
import pathlib
import shutil
import tempfile
import unittest

from support import DEMO, ROOT, main, output, started

EXAMPLES = ROOT / "packaging/examples"


class Example(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="interlock-example-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name, "etc")
        shutil.copytree(EXAMPLES, self.folder)
        self.plant = pathlib.Path(folder.name, "plant")

    def check(self):
        return started("interlock", "check", "--config", self.folder / "interlock.textproto")

    def test_it_is_in_order_once_certificates_exist(self):
        output(DEMO / "make-plant", self.plant)
        for name in ("tls", "trust"):
            shutil.copytree(self.plant / name, self.folder / name)
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for word in ("temperature-sensor", "line-hmi", "historian"):
            self.assertIn(word, done.stdout)

    def test_without_certificates_it_says_which_files_are_missing(self):
        done = self.check()
        self.assertEqual(done.returncode, 2)
        for name in ("tls/gateway.pem", "trust/plant-ca.pem", "trust/plant.crl"):
            self.assertIn(name, done.stdout + done.stderr)

    def test_what_we_ship_is_laid_out_as_fmt_would(self):
        files = [*EXAMPLES.rglob("*.textproto"), *DEMO.rglob("*.textproto"),
                 DEMO / "interlock.textproto.in"]
        self.assertGreaterEqual(len(files), 4)
        done = started("interlock", "fmt", "--check", *files)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    main("openssl")
