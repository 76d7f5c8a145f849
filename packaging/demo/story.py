#!/usr/bin/python3
"""The demonstration itself: a plant, two services, the gateway between them, and what it allows and
refuses, called with curl. Exit 0 only if every outcome was as expected. See packaging/quickstart.
"""
import argparse
import contextlib
import json
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import services
from client import Client, curl_command
from outcomes import Outcomes
from processes import Failed, free_port, interlockd, program

HERE = pathlib.Path(__file__).resolve().parent

READING = b'{"celsius": 21.5}'
OWN = "/v1/devices/temp-01/readings"
OTHER = "/v1/devices/temp-02/readings"

# Chapters of (device, method, path, body, expected). The devices and permits are make-plant's.
WORK = [
    ("temp-01", "POST", OWN, READING, "201 allowed"),
    ("temp-02", "POST", OTHER, READING, "201 allowed"),
    ("hmi-01", "GET", OWN, None, "200 allowed"),
    ("hmi-02", "GET", "/recipes/line-3.json", None, "200 allowed"),
    ("scan-01", "POST", "/v1/devices/scan-01/scans", b'{"code": "4711"}', "201 allowed"),
    ("scan-02", "GET", "/labels/4711.txt", None, "200 allowed"),
]
BEYOND = [
    ("temp-01", "POST", OTHER, READING, "403 no_permit"),
    ("temp-01", "DELETE", OWN, None, "403 method_not_permitted"),
    ("temp-01", "POST", OWN, b"9" * 5000, "413 too_large"),
    ("hmi-01", "POST", OWN, READING, "403 method_not_permitted"),
    ("scan-02", "GET", "/recipes/line-3.json", None, "403 no_permit"),
]
TRICKS = [
    ("temp-01", "POST", "/v1/devices/temp-01/../temp-02/readings", READING,
     "400 ambiguous_request"),
    ("temp-01", "POST", "/v1/devices/temp-01%2f..%2ftemp-02/readings", READING,
     "400 ambiguous_request"),
]
STRANGERS = [
    (None, "GET", OWN, None, "alert certificate required"),
    ("unknown-01", "POST", OWN, READING, "alert access denied"),
    ("expired-01", "POST", OWN, READING, "alert certificate expired"),
    ("revoked-01", "GET", OWN, None, "alert certificate revoked"),
]
# Two lengths, and a request hidden where they disagree (RFC 9112, section 6.1).
SMUGGLED = (f"POST {OWN} HTTP/1.1\r\nHost: gateway.local\r\nContent-Length: 6\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            f"DELETE {OTHER} HTTP/1.1\r\nHost: gateway.local\r\n\r\n").encode()
FORGED = ("Interlock-Device: hmi-01", "interlock_device: hmi-01", "Client-Cert: :AAAA:")


class Story:
    def __init__(self, folder, stack, programs):
        self.folder = pathlib.Path(folder)
        self.plant = self.folder / "plant"
        self.config = self.plant / "interlock.textproto"
        self.audit = self.plant / "audit.jsonl"
        self.stack = stack
        self.programs = programs
        self.outcomes = Outcomes()
        self.client = Client(self.plant, free_port())
        self.daemon = None
        self.permitted = []  # What the historian must have seen, in order.

    def interlock(self, *arguments):
        """Runs the command-line tool; returns its exit code and its words."""
        done = subprocess.run([program(self.programs, "interlock"), *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        return done.returncode, done.stdout

    def start(self):
        program(self.programs, "interlockd")
        made = subprocess.run([str(HERE / "make-plant"), str(self.plant)], check=False)
        if made.returncode:
            raise Failed("make-plant failed")
        ports = {"LISTENER": self.client.port, "HISTORIAN": free_port(), "RECIPES": free_port()}
        text = (HERE / "interlock.textproto.in").read_text(encoding="utf-8")
        for name, port in ports.items():
            text = text.replace(f"@{name}@", f"127.0.0.1:{port}")
        self.config.write_text(text, encoding="utf-8")
        for start, name in ((services.historian, "HISTORIAN"), (services.recipes, "RECIPES")):
            service = self.stack.enter_context(start(self.folder / name.lower(), ports[name]))
            service.wait_for_port(ports[name])
        code, words = self.interlock("check", "--config", self.config)
        self.outcomes.heading("The configuration is checked before anything listens")
        self.outcomes.step("engineer", "interlock check", "exit 0", f"exit {code}")
        self.outcomes.say(words)
        self.daemon = self.stack.enter_context(
            interlockd(self.programs, self.config, self.folder / "interlockd.log"))

    def call(self, device, method, path, body, expected, headers=(), why=""):
        answer = self.client.curl(device, method, path, body, headers)
        size = f" ({len(body)} bytes)" if body and len(body) > 1000 else ""
        self.outcomes.step(device or "nobody", f"{method} {path}{size}", expected,
                           answer.short(), answer.problem("detail") or why)
        if answer.status and answer.status < 300 and path.startswith("/v1/"):
            self.permitted.append((method, path, device))

    def calls(self, heading, rows):
        self.outcomes.heading(heading)
        for row in rows:
            self.call(*row)

    def tell(self):
        self.calls("Each device does its work", WORK)
        self.calls("What its function does not permit is refused, with the reason", BEYOND)
        self.calls("Tricks are refused, never repaired", TRICKS)
        answer = self.client.raw("temp-01", SMUGGLED)
        self.outcomes.step("temp-01", f"POST {OWN}, two lengths", "400 ambiguous_request",
                           answer.short(), answer.problem("detail"))
        self.call("temp-01", "POST", OWN, READING, "201 allowed", FORGED,
                  "It said Interlock-Device: hmi-01. What the historian was told is below.")
        self.calls("Strangers never reach HTTP: the TLS handshake says why", STRANGERS)

    def historian_agrees(self):
        self.outcomes.heading("What the historian saw: what was permitted, and who it really was")
        seen = services.historian_saw(self.folder / "historian")
        for method, path, device in seen:
            self.outcomes.say(f"{device:<11} {method} {path}")
        expected = "these and no others"
        self.outcomes.step("historian", f"saw {len(seen)} requests", expected,
                           expected if seen == self.permitted else f"not {self.permitted}")

    def quarantine(self):
        self.outcomes.heading("Somebody has doubts about a device that is connected, and is heard")
        socket = ["--socket", self.plant / "admin.sock"]
        with self.client.connection("scan-01") as scanner:
            def scan(expected):
                answer = scanner.ask("POST", "/v1/devices/scan-01/scans", b'{"code": "4711"}')
                self.outcomes.step("scan-01", "POST again, on the same connection", expected,
                                   answer.short(), answer.problem("detail"))
                if answer.status == 201:
                    self.permitted.append(("POST", "/v1/devices/scan-01/scans", "scan-01"))
            scan("201 allowed")
            code, words = self.interlock("devices", "quarantine", "scan-01", *socket,
                                         "--reason", "found in the canteen")
            self.outcomes.step("engineer", "interlock devices quarantine", "exit 0", f"exit {code}")
            scan("403 quarantined")
            code, words = self.interlock("devices", "show", "scan-01", *socket)
            self.outcomes.step("engineer", "interlock devices show", "exit 0", f"exit {code}")
            self.outcomes.say(words)
            code, words = self.interlock("devices", "release", "scan-01", *socket,
                                         "--reason", "it is ours, and back at its place")
            self.outcomes.step("engineer", "interlock devices release", "exit 0", f"exit {code}")
            scan("201 allowed")

    def explain(self):
        self.outcomes.heading("Why was that refused? Asked offline, of the same decision")
        code, words = self.interlock("explain", "--config", self.config, "--device", "temp-01",
                                     "--http", f"DELETE {OWN}")
        self.outcomes.step("engineer", "interlock explain", "exit 3", f"exit {code}",
                           f"--device temp-01 --http 'DELETE {OWN}'")
        self.outcomes.say(words)

    def evidence(self):
        self.outcomes.heading("Every decision is on record, in a chain that shows tampering")
        for reason in ("no_permit", "certificate_revoked"):
            line = self.audit_line(reason)
            self.outcomes.step("auditor", f"a record of {reason}", "found",
                               "found" if line else "missing")
            self.outcomes.say(line)
        code, words = self.interlock("audit", "verify", self.audit)
        self.outcomes.step("auditor", "interlock audit verify", "exit 0", f"exit {code}")
        self.outcomes.say(words)

    def audit_line(self, reason, seconds_max=5):
        """The first record of this reason as it is in the log, where it arrives within 200 ms."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            lines = self.audit.read_text(encoding="utf-8").splitlines(keepends=True)
            for line in lines:
                if line.endswith("\n") and json.loads(line).get("reason") == reason:
                    return line
            time.sleep(0.05)
        return ""

    def stay(self):
        """Prints how to try more, and waits for Ctrl-C."""
        def typed(*arguments):
            return shlex.join(curl_command(self.client.port, *arguments))
        print(f"""
Try more, from another terminal; the gateway runs until you press Ctrl-C here.
  cd {self.plant}
As a sensor, as an HMI, beyond a permit, revoked:
  {typed("temp-01", "POST", OWN, "--data", READING.decode())}
  {typed("hmi-01", "GET", OWN)}
  {typed("temp-01", "DELETE", OWN)}
  {typed("revoked-01", "GET", OWN)}
Why?
  {program(self.programs, "interlock")} explain --config {self.config.name} \\
    --device temp-01 --http 'DELETE {OWN}'
  tail -f {self.audit.name}
The configuration: {self.config.name}, devices.csv, policy.d/plant.textproto
""", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def main():
    parser = argparse.ArgumentParser(description="See packaging/quickstart --help.")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        # The stack ends the children before the folder goes.
        with tempfile.TemporaryDirectory(prefix="interlock-quickstart-") as folder, \
                contextlib.ExitStack() as stack:
            story = Story(folder, stack, options.bin)
            story.start()
            story.tell()
            story.quarantine()
            story.historian_agrees()
            story.explain()
            story.evidence()
            print()
            code = story.outcomes.verdict()
            if code:
                print(f"What interlockd said:\n{story.daemon.words()}", file=sys.stderr)
            if not options.once:
                story.stay()
            return code
    except Failed as failure:
        print(f"quickstart: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
