#!/usr/bin/python3
"""Does a quarantine hold: on connections that are open, over a restart, until a person ends it? And
is nothing let through where the facts cannot be read? Method: `interlock devices` by hand, beside
callers that stay connected.
"""
import json
import os
import pathlib
import signal
import subprocess

from harness import BIN, GatewayCase, main, program, request, wait_until

DEVICE = "scan-02"
POST = request("POST", f"/v1/devices/{DEVICE}/scans", body=b"1")
OTHER = request("POST", "/v1/devices/scan-01/scans", body=b"1")
WHY = "found in the canteen"
DEVICES_SHOWN_MAX = 10_000  # kAdminDevicesShownMax.


class QuarantineCase(GatewayCase):
    def devices(self, *arguments):
        """`interlock devices`: its exit code and its words."""
        said = self.gateway.cli("devices", *arguments, "--socket", self.gateway.socket)
        return said.returncode, said.stdout

    def story(self, device=DEVICE):
        code, words = self.devices("show", device, "--json")
        self.assertEqual(code, 0, words)
        return json.loads(words)

    def quarantine(self, *more):
        code, words = self.devices("quarantine", DEVICE, "--reason", WHY, *more)
        self.assertEqual(code, 0, words)

    def release(self):
        code, words = self.devices("release", DEVICE, "--reason", "it is ours")
        self.assertEqual(code, 0, words)

    def tearDown(self):
        if self.story()["posture"] == "quarantined":
            self.release()
        super().tearDown()


class Quarantine(QuarantineCase):
    arguments = ("--workers", "2")

    def test_an_open_connection_is_refused_and_then_served_again(self):
        with self.gateway.connect(DEVICE) as caller, self.gateway.connect("scan-01") as other:
            self.assertEqual(caller.ask(POST).status, 200)
            self.quarantine()
            answer = caller.ask(POST)
            self.assertEqual((answer.status, answer.problem()["reason"]), (403, "quarantined"))
            self.assertEqual(answer.problem()["detail"], "the device is in quarantine (operator)")
            self.assertEqual(other.ask(OTHER).status, 200)
            self.release()
            self.assertEqual(caller.ask(POST).status, 200)
        put = self.gateway.audited(event="device.quarantined", device=DEVICE)
        self.assertIn(f"decided by root: {WHY}", put["detail"])
        ended = self.gateway.audited(event="device.released", device=DEVICE)
        self.assertIn("decided by root: it is ours", ended["detail"])

    def test_the_story_is_told(self):
        self.assertEqual(self.story()["posture"], "trusted")
        self.quarantine("--for", "4h")
        story = self.story()
        self.assertEqual((story["stage"], story["posture"], story["reason"]),
                         ("active", "quarantined", "quarantined"))
        cause, = story["causes"]
        self.assertEqual((cause["cause"], cause["evidence"], cause["by"]), ("operator", WHY, "root"))
        self.assertGreater(cause["until"], cause["since"])
        code, words = self.devices("show", DEVICE)
        self.assertEqual(code, 0)
        self.assertIn(WHY, words)
        code, words = self.devices("list", "--quarantined")
        self.assertIn(DEVICE, words)
        self.assertNotIn("scan-01", words)
        self.assertIn("scan-01", self.devices("list")[1])
        said = self.gateway.cli("status", "--socket", self.gateway.socket)
        self.assertEqual(said.returncode, 1)
        self.assertIn("1 in quarantine", said.stdout)

    def test_one_that_has_ended_by_itself_is_shown_no_more(self):
        self.quarantine("--for", "200ms")
        wait_until(lambda: self.story()["posture"] == "trusted", "it has ended")
        self.assertEqual(self.devices("list", "--quarantined")[1], "no device is in quarantine\n")
        self.assertEqual(self.gateway.ask("status")[1]["quarantined"], 0)

    def test_it_holds_over_a_restart_and_over_kill(self):
        self.quarantine()
        for ending in (signal.SIGTERM, signal.SIGKILL):
            self.gateway.process.send(ending)
            self.gateway.process.stop()
            self.gateway.start()
            with self.gateway.connect(DEVICE) as caller:
                self.assertEqual(caller.ask(POST).problem()["reason"], "quarantined")
        self.release()
        self.gateway.stop()
        self.gateway.start()
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)

    def test_what_cannot_be_done_is_said(self):
        for arguments, words in (
                (("quarantine", "nobody", "--reason", "x"), 'the inventory has no device "nobody"'),
                (("quarantine", DEVICE, "--reason", ""), "a reason is needed"),
                (("quarantine", DEVICE, "--reason", "x", "--for", "soon"), "no length of time"),
                (("release", DEVICE, "--reason", "x"), DEVICE),
                (("release", DEVICE, "--reason", "x", "--cause", "rust"), "is no cause"),
                (("release", DEVICE, "--reason", "x", "--cause", "key_compromised"), DEVICE),
                (("show", "nobody"), 'the inventory has no device "nobody"')):
            code, said = self.devices(*arguments)
            self.assertEqual(code, 2, said)
            self.assertIn(words, said)
        self.assertEqual(self.story()["posture"], "trusted")

    def test_of_very_many_devices_some_are_listed_and_the_rest_is_counted(self):
        inventory = self.gateway.plant / "devices.csv"
        before = inventory.read_bytes()
        own = len(json.loads(self.devices("list", "--json")[1])["devices"])
        try:
            with open(inventory, "a", encoding="utf-8") as more:
                for number in range(DEVICES_SHOWN_MAX):
                    more.write(f"more-{number:05},barcode-scanner,,uri,spiffe://more/{number},"
                               "plant,press-hall\n")
            self.assertEqual(self.gateway.ask("reload")[0], 0)
            report = json.loads(self.devices("list", "--json")[1])
            self.assertEqual((len(report["devices"]), report["left_out"]),
                             (DEVICES_SHOWN_MAX, own))
            self.assertIn(f"and {own} more", self.devices("list")[1])
            self.assertEqual(self.story("temp-02")["posture"], "trusted")
        finally:
            inventory.write_bytes(before)
            self.assertEqual(self.gateway.ask("reload")[0], 0)

    def test_one_who_may_only_look_decides_nothing(self):
        if os.getuid() != 0:
            self.skipTest("only root can be somebody else")
        for folder in (self.gateway.plant, self.gateway.plant.parent):
            os.chmod(folder, 0o711)

        def as_nobody(*arguments):
            """In the socket's group, and not the gateway's user."""
            said = subprocess.run(
                [program(BIN, "interlock"), "devices", *arguments, "--socket",
                 self.gateway.socket], user=65534, group=os.stat(self.gateway.socket).st_gid,
                extra_groups=[], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                check=False)
            return said.returncode, said.stdout
        self.assertEqual(as_nobody("show", DEVICE)[0], 0)
        code, words = as_nobody("quarantine", DEVICE, "--reason", "x")
        self.assertEqual(code, 2, words)
        self.assertIn("nobody may look, and decides nothing: ask root", words)
        self.assertEqual(self.story()["posture"], "trusted")


class WithoutFacts(QuarantineCase):
    def tearDown(self):
        """Nothing to release."""

    def test_a_database_that_is_gone_or_damaged_refuses_everybody(self):
        state = pathlib.Path(self.gateway.plant) / "state"
        self.gateway.stop()
        database = state / "state.db"
        whole = database.read_bytes()
        for spoil, words in ((database.unlink, "state.db"),
                             (lambda: database.write_bytes(b"no database at all" * 100), "state.db")):
            spoil()
            os.chmod(state, 0o700)
            self.gateway.start()
            with self.gateway.connect(DEVICE) as caller:
                self.assertEqual(caller.ask(POST).problem()["reason"], "state_unavailable")
            code, status = self.gateway.ask("status")
            self.assertEqual(code, 1)
            self.assertIn(words, status["state_trouble"])
            code, said = self.devices("quarantine", DEVICE, "--reason", "x")
            self.assertEqual(code, 2)
            self.assertIn("state database cannot be used", said)
            self.gateway.stop()
        database.write_bytes(whole)
        os.chmod(database, 0o600)
        self.gateway.start()
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)


if __name__ == "__main__":
    main()
