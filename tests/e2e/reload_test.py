#!/usr/bin/python3
"""Does a running gateway take a new configuration whole, or not at all, without disturbing what is
open? Method: files are changed under a gateway with two data threads, which is told by signal or by
`interlock reload`; connections that were open before say under which policy they are judged.
"""
import contextlib
import os
import signal
import socket
import ssl
import subprocess

from harness import BIN, GatewayCase, free_port, main, program, request, wait_until

# No expectation of the demonstration's policy is about this device.
DEVICE = "scan-02"
OWN = f"/v1/devices/{DEVICE}/scans"
SCANS = "/v1/devices/{device.id}/scans"
POST = request("POST", OWN, body=b"1")


class ReloadCase(GatewayCase):
    def setUp(self):
        super().setUp()
        gateway = self.gateway
        self.policy_file = gateway.plant / "policy.d/plant.textproto"
        self.devices = gateway.plant / "devices.csv"
        before = {path: path.read_bytes() for path in
                  (gateway.config, self.policy_file, self.devices)}

        def restore():
            for path, content in before.items():
                path.write_bytes(content)
            self.assertEqual(gateway.ask("reload")[0], 0)
        self.addCleanup(restore)

    def edit(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count(old), 1, text)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def add(self, text):
        with open(self.gateway.config, "a", encoding="utf-8") as config:
            config.write(text + "\n")

    def applied(self):
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (0, "applied"), report)
        return report

    def recorded(self, event, report):
        """The record of this very reload."""
        mark = f'asked by {report["asked_by"]}'
        return wait_until(lambda: [record for record in self.gateway.audit(event=event)
                                   if mark in record["detail"]], f"{event}: {mark}")[-1]

    def rejected(self, *words):
        """A refusal whose first problem says this, and after which nothing has changed."""
        before = self.gateway.ask("status")[1]
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (1, "rejected"), report)
        said = report["problems"][0]["message"] + " " + report["problems"][0]["hint"]
        for word in words:
            self.assertIn(word, said)
        self.assertTrue(report["disk"]["differs"], report)
        after_code, after = self.gateway.ask("status")
        self.assertEqual(after_code, 1)
        for same in ("policy", "policy_since", "listeners"):
            self.assertEqual(after[same], before[same])
        self.assertEqual(after["last_reload"], report)
        record = self.recorded("config.rejected", report)
        self.assertEqual(record["policy"], before["policy"])
        first = report["problems"][0]
        self.assertIn(f'{first["file"]}:{first["line"]}:{first["column"]}: {first["message"]}',
                      record["detail"])
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)
        return report

    def narrow(self):
        """Takes the scanners' permit away."""
        self.edit(self.policy_file, SCANS, "/v2/{device.id}")


class TwoThreads(ReloadCase):
    arguments = ("--workers", "2")

    def test_after_the_answer_nothing_is_judged_by_the_old_policy(self):
        callers = [self.gateway.connect(DEVICE) for _ in range(8)]  # On both data threads.
        for caller in callers:
            with caller:
                self.assertEqual(caller.ask(POST).status, 200)
                self.narrow()
                report = self.applied()
                self.assertEqual(caller.ask(POST).problem()["reason"], "no_permit")
                self.gateway.audited(reason="no_permit", policy=report["policy"])
                self.edit(self.policy_file, "/v2/{device.id}", SCANS)
                self.applied()
                self.assertEqual(caller.ask(POST).status, 200)

    def test_a_signal_does_the_same(self):
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)
            before = self.gateway.ask("status")[1]["policy"]
            self.narrow()
            self.gateway.process.send(signal.SIGHUP)
            # A status asked for after the signal has its turn after the reload.
            wait_until(lambda: self.gateway.ask("status")[1]["policy"] != before, "a new policy")
            self.assertEqual(caller.ask(POST).problem()["reason"], "no_permit")
        status = self.gateway.ask("status")[1]
        self.assertEqual(status["last_reload"]["asked_by"], "SIGHUP")
        record = self.gateway.audited(event="config.applied", policy=status["policy"])
        self.assertEqual(record["detail"],
                         f'policy {before} -> {status["policy"]}; asked by SIGHUP')

    def test_who_asked_is_on_record(self):
        self.narrow()
        child = subprocess.Popen([program(BIN, "interlock"), "reload", "--socket",
                                  str(self.gateway.socket)], stdout=subprocess.DEVNULL)
        self.assertEqual(child.wait(), 0)
        self.recorded("config.applied", {"asked_by": f"uid {os.geteuid()} (pid {child.pid})"})

    def test_nothing_changed_is_said(self):
        self.assertEqual(self.gateway.ask("reload")[1]["outcome"], "unchanged")
        said = self.gateway.cli("reload", "--socket", self.gateway.socket)
        self.assertEqual(said.returncode, 0)
        self.assertRegex(said.stdout, "^nothing changed: policy [0-9a-f]{16} is in force\n$")

    def test_a_file_that_is_not_in_order_keeps_the_old(self):
        self.add('servise { name: "x" }')
        self.rejected("servise", "did you mean service?")

    def test_problems_are_shown_as_check_shows_them(self):
        self.add('servise { name: "x" }\nlistener { name: "telemetry" }')
        checked = self.gateway.cli("check", "--config", self.gateway.config)
        said = self.gateway.cli("reload", "--socket", self.gateway.socket)
        self.assertEqual((checked.returncode, said.returncode), (2, 1))
        problems = checked.stdout.splitlines()[:-1]  # The last line is the verdict.
        self.assertGreaterEqual(len(problems), 2)
        self.assertEqual(said.stdout.splitlines()[:len(problems)], problems)

    def test_a_broken_expectation_keeps_the_old(self):
        self.add(f'expect {{ device: "{DEVICE}" http {{ method: "DELETE" path: "{OWN}" }} '
                 f'decision: ALLOW }}')
        self.rejected("expected ALLOW but DELETE")

    def test_what_holds_for_as_long_as_it_runs_is_refused(self):
        for old, new, setting in (
                ('gateway_id: "quickstart"', 'gateway_id: "other"', "gateway_id"),
                ('file: "audit.jsonl"', 'file: "other.jsonl"', "audit.file"),
                ('socket: "admin.sock"', 'socket: "other.sock"', "admin.socket"),
                ('admin { socket: "admin.sock" }', "", "admin.socket")):
            with self.subTest(new):
                before = self.gateway.config.read_bytes()
                self.edit(self.gateway.config, old, new)
                self.rejected(f"{setting} cannot change while the gateway runs",
                              "restart to apply")
                self.gateway.config.write_bytes(before)

    def test_a_listener_is_added_and_taken_away_with_its_connections(self):
        port = free_port()
        line = f'listener {{ name: "more" address: "127.0.0.1:{port}" protocol: HTTP trust: "plant" }}'
        self.add(line)
        self.applied()
        with self.gateway.connect(DEVICE, port) as caller, \
                self.gateway.connect(DEVICE) as other:
            self.assertEqual(caller.ask(POST).status, 200)
            self.edit(self.gateway.config, line, "")
            self.applied()
            with self.assertRaises((EOFError, ssl.SSLError)):  # Told, and cut.
                caller.message()
            record = self.gateway.audited(reason="listener_removed")
            self.assertEqual((record["event"], record["listener"]), ("handshake", "more"))
            self.assertEqual(record["peer"], "%s:%d" % caller.sock.getsockname())
            self.assertEqual(other.ask(POST).status, 200)
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)

    def test_a_listener_that_moves_keeps_its_connections(self):
        port = free_port()
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)
            self.edit(self.gateway.config, f"127.0.0.1:{self.gateway.port}", f"127.0.0.1:{port}")
            self.applied()
            self.assertEqual(caller.ask(POST).status, 200)
        with self.gateway.connect(DEVICE, port) as caller:
            self.assertEqual(caller.ask(POST).status, 200)
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", self.gateway.port)), 0)

    def test_an_address_that_is_taken_keeps_the_old(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.add(f'listener {{ name: "more" address: "127.0.0.1:{port}" protocol: HTTP '
                     f'trust: "plant" }}')
            report = self.rejected(f'listener "more" cannot listen on 127.0.0.1:{port}: Address '
                                   f'already in use', "stop the program that listens there")
        line = self.gateway.config.read_text(encoding="utf-8").count("\n")
        self.assertEqual(report["problems"][0]["line"], line)

    def test_a_listener_of_another_name_takes_its_address_over(self):
        self.edit(self.gateway.config, 'name: "telemetry" address', 'name: "renamed" address')
        with self.gateway.connect(DEVICE) as caller:
            self.applied()
            with self.assertRaises((EOFError, ssl.SSLError)):
                caller.message()
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(POST).status, 200)
        self.gateway.audited(decision="allow", listener="renamed")

    def test_a_new_tls_rule_holds_for_the_next_connection(self):
        version = ssl.TLSVersion.TLSv1_2
        with self.gateway.connect(DEVICE, self.gateway.port12, version) as caller:
            self.edit(self.gateway.config, " min_tls: V1_2", "")
            self.applied()
            self.assertEqual(caller.ask(POST).status, 200)
        self.assertEqual(self.gateway.refusal(DEVICE, self.gateway.port12, version),
                         "protocol version")

    def test_a_renewed_certificate_is_shown(self):
        chain, key = (self.gateway.plant / f"tls/gateway.{end}" for end in ("pem", "key"))
        before = {path: path.read_bytes() for path in (chain, key)}
        self.addCleanup(lambda: [path.write_bytes(old) for path, old in before.items()])

        def shown():
            with self.gateway.connect(DEVICE) as caller:
                return ssl.DER_cert_to_PEM_cert(caller.sock.getpeercert(binary_form=True))
        self.assertEqual(shown(), chain.read_text(encoding="ascii"))
        config = ("-config", "authority/openssl.cnf")
        for command in (
                ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                 str(key)),
                ("req", *config, "-new", "-key", str(key), "-subj", "/O=Example Plant/CN=renewed",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-out", "renewed.csr"),
                ("ca", *config, "-batch", "-notext", "-extensions", "gateway", "-days", "3", "-in",
                 "renewed.csr", "-out", str(chain))):
            subprocess.run(["openssl", *command], check=True, cwd=self.gateway.plant,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.applied()
        self.assertNotEqual(chain.read_bytes(), before[chain])
        self.assertEqual(shown(), chain.read_text(encoding="ascii"))

    def test_a_device_that_is_taken_out_is_cut(self):
        with self.gateway.connect(DEVICE) as caller, self.gateway.connect("scan-01") as other:
            self.assertEqual(caller.ask(POST).status, 200)
            row = next(line for line in self.devices.read_text(encoding="utf-8").splitlines(True)
                       if line.startswith(f"{DEVICE},"))
            self.edit(self.devices, row, "")
            self.applied()
            with self.assertRaises((EOFError, ssl.SSLError)):
                caller.message()
            self.assertEqual(other.ask(request("POST", "/v1/devices/scan-01/scans", body=b"1")).status, 200)
        self.gateway.audited(event="handshake", reason="unknown_device")

    def test_an_answer_without_end_ends_with_the_right_to_it(self):
        self.historian.script = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegun"]
        with self.gateway.connect(DEVICE) as caller:
            caller.sock.sendall(POST)
            while b"begun" not in caller.sock.recv(4096):
                pass
            row = next(line for line in self.devices.read_text(encoding="utf-8").splitlines(True)
                       if line.startswith(f"{DEVICE},"))
            self.edit(self.devices, row, "")
            self.applied()
            # It ends short of its length, one way or another; a timeout is none of them.
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                while caller.sock.recv(4096):
                    pass
        self.gateway.audited(event="operation", decision="deny", reason="unknown_device")

    def test_requests_are_served_while_a_large_inventory_loads(self):
        before = self.gateway.ask("status")[1]
        with open(self.devices, "a", encoding="utf-8") as devices:
            for number in range(20_000):
                devices.write(f"more-{number},line-hmi,,cn,more-{number}.example,plant,press-hall\n")
        with self.gateway.connect(DEVICE) as caller:
            child = subprocess.Popen([program(BIN, "interlock"), "reload", "--socket",
                                      str(self.gateway.socket)], stdout=subprocess.DEVNULL)
            served = 0
            while child.poll() is None:
                self.assertEqual(caller.ask(POST).status, 200)
                served += 1
            self.assertEqual(child.returncode, 0)
            # Several were judged by the policy of before, so while the next one was being read.
            self.assertEqual(caller.ask(POST).status, 200)
            after = self.gateway.ask("status")[1]
            self.assertEqual(after["devices"], before["devices"] + 20_000)
            self.gateway.audited(decision="allow", policy=after["policy"])
            old = self.gateway.audit(decision="allow", policy=before["policy"])
            self.assertGreater(served, 5)
            self.assertGreater(len(old), 5)

    def test_the_disk_is_compared_with_what_runs(self):
        self.assertEqual(self.gateway.ask("status")[1]["disk"],
                         {"differs": False, "changed": [], "gone": [], "new": [], "left_out": 0})
        added = self.gateway.plant / "policy.d/more.textproto"
        added.write_text("# Nothing.\n", encoding="utf-8")
        self.addCleanup(lambda: added.unlink(missing_ok=True))
        moved = self.devices.rename(self.devices.with_suffix(".away"))
        self.add("# A comment.")
        code, status = self.gateway.ask("status")
        moved.rename(self.devices)
        self.assertEqual(code, 1)
        self.assertEqual(status["disk"], {
            "differs": True, "changed": [str(self.gateway.config)], "gone": [str(self.devices)],
            "new": [str(added)], "left_out": 0})
        text = self.gateway.cli("status", "--socket", self.gateway.socket)
        self.assertEqual(text.returncode, 1)
        self.assertRegex(text.stdout, r"(?m)^! disk +DIFFERS from running: changed: .*; new: ")


class OneThread(ReloadCase):
    """Its sockets are bound for it alone."""
    arguments = ("--workers", "1")

    def test_an_address_that_another_listener_covers_is_explained(self):
        self.edit(self.gateway.config, f"127.0.0.1:{self.gateway.port}",
                  f"0.0.0.0:{self.gateway.port}")
        self.rejected("Address already in use",
                      f'the running gateway\'s listener "telemetry" holds it as '
                      f'127.0.0.1:{self.gateway.port}')


if __name__ == "__main__":
    main()
