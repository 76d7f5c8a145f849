#!/usr/bin/python3
"""Does README's walk to the first device go as it says? Method: its own commands, typed one after
the other in a folder that looks like the tree, on free ports.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import BIN, ROOT, SECONDS_MAX, free_port, main, program

README = (ROOT / "README.md").read_text(encoding="utf-8")

# What must have been said in the end, in this order.
OUTCOMES = (
    "URI:spiffe://plant.example/device/temp-01",
    "plant/interlock.textproto: in order: 1 listener, 1 service, 1 function, 1 device; "
    "1 of 1 expectations hold",
    '{"interval_s": 60}',
    '"reason":"no_permit"',
    "decision   deny: no_permit",
    "decision   deny: certificate_revoked",
    "No permit of the device's function covers this operation.",
    '"event":"operation","decision":"deny","reason":"no_permit"',
    "plant/audit.jsonl: whole: 3 records",
    "no_permit",
)


def blocks():
    """The commands of the walk; the first block builds what is built already."""
    walk = re.search(r"(?ms)^## Your first device\n(.*?)^## ", README)[1]
    build, *rest = re.findall(r"(?ms)^```sh\n(.*?)^```", walk)
    assert "meson compile" in build
    return rest


class Walk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="interlock-readme-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "packaging").symlink_to(ROOT / "packaging")
        for name, place in (("interlock", "cli"), ("interlockd", "daemon")):
            (self.folder / "build/src" / place).mkdir(parents=True)
            (self.folder / "build/src" / place / name).symlink_to(program(BIN, name))
        (self.folder / ".curlrc").write_text(f"max-time = {SECONDS_MAX // 3}\nnoproxy = *\n",
                                             encoding="utf-8")

    def script(self):
        ports = {"8443": str(free_port()), "8080": str(free_port())}
        # set -m: jobs have numbers, as at a prompt.
        lines = ["set -m", "trap 'kill $(jobs -p) 2>/dev/null' EXIT",
                 "await() { for _ in {1..400}; do eval \"$1\" 2>/dev/null && break; "
                 "read -rt 0.05 <> <(:); done; }"]
        for block in blocks():
            lines.append(re.sub("8443|8080", lambda port: ports[port[0]], block))
            # Who types gives programs time to start, and records time to reach the file.
            if "interlockd " in block:
                lines += ["await '[[ -s plant/audit.jsonl ]]'",
                          f"await '(exec 3<>/dev/tcp/127.0.0.1/{ports['8080']})'"]
            if "call https" in block:
                lines.append("await '(($(wc -l <plant/audit.jsonl) >= 3))'")
        return "\n".join(lines)

    def test_it_goes_as_it_says(self):
        done = subprocess.run(["bash", "-c", self.script()], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=SECONDS_MAX, stdin=subprocess.DEVNULL,
                              env=os.environ | {"CURL_HOME": str(self.folder)})
        place = 0
        for outcome in OUTCOMES:
            found = done.stdout.find(outcome, place)
            self.assertNotEqual(found, -1, f"not said, or not in its turn: {outcome}\n{done.stdout}")
            place = found + len(outcome)
        self.assertFalse((self.folder / "plant").exists(), done.stdout)
        self.assertNotRegex(done.stdout, "command not found|No such file|is no ")


if __name__ == "__main__":
    main("bash", "curl", "openssl")
