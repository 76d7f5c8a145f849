#!/usr/bin/python3
"""Is the service's sandbox as strict as it is meant to be, and will it not start by itself? Method:
systemd-analyze, offline, and the unit's own lines.
"""
import re
import unittest

from support import UNIT, main, output, run

EXPOSURE_MAX = 1.5  # Out of 10; what systemd counts as risk, least is best.


class Unit(unittest.TestCase):
    def setUp(self):
        self.lines = UNIT.read_text(encoding="utf-8").splitlines()

    def test_it_is_hardly_exposed(self):
        said = output("systemd-analyze", "security", "--offline=true", "--no-pager", UNIT)
        exposure = re.search(r"Overall exposure level for interlockd.service: ([\d.]+)", said)
        self.assertLess(float(exposure[1]), EXPOSURE_MAX, said)

    def test_systemd_knows_every_line(self):
        # Verifying the tree's unit misses the installed programs and pages, and nothing else.
        said = run("systemd-analyze", "verify", "--man=no", UNIT)
        complaints = [line for line in (said.stdout + said.stderr).splitlines()
                      if not re.search(r"Command /usr/s?bin/interlockd? is not executable", line)]
        self.assertEqual(complaints, [])

    def test_it_waits_for_a_configuration_and_has_one_privilege(self):
        for line in ("ConditionPathExists=/etc/interlock/interlock.textproto", "Type=notify",
                     "User=interlock", "NoNewPrivileges=yes",
                     "AmbientCapabilities=CAP_NET_BIND_SERVICE",
                     "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"):
            self.assertEqual(self.lines.count(line), 1, line)


if __name__ == "__main__":
    main("systemd-analyze")
