#!/usr/bin/python3
"""Does the trail last? Method: the gateway is killed again and again under load, its disk is filled
and emptied, a storm of refusals blows; afterwards the trail is one chain with everything in it.
"""
import collections
import csv
import io
import json
import os
import signal
import subprocess
import threading
import unittest

from harness import GatewayCase, main, program, request, wait_until, BIN

KILLS = 10
CALLERS = 3
OWN = "/v1/devices/temp-01/readings"


class Trail(GatewayCase):
    def tool(self, *arguments, code=0):
        done = subprocess.run([program(BIN, "interlock"), "audit", *map(str, arguments)],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def records(self, *filters, code=0):
        said, _ = self.tool("search", self.gateway.audit_file, "--json", *filters, code=code)
        return [json.loads(line) for line in said.splitlines()]

    def verified(self):
        return json.loads(self.tool("verify", self.gateway.audit_file, "--json")[0])


class Kills(Trail):
    # Four times the room that a fast machine's load takes: nothing is to be deleted for its age.
    audit_block = 'file: "audit.jsonl" rotate_size: "256KiB" keep: 200'

    def load(self, stop):
        while not stop.is_set():
            try:
                with self.gateway.connect("temp-01") as caller:
                    while not stop.is_set():
                        caller.ask(request("POST", OWN, body=b"1"))
                        caller.ask(request("DELETE", OWN))
            except (OSError, EOFError):
                pass  # It was killed.

    def reload(self, number):
        """Puts another policy in force; returns its id, which is on the disk by then."""
        extra = self.gateway.plant / "policy.d/zz-more.textproto"
        extra.write_text(f'function {{ name: "extra-{number}" }}\n', encoding="utf-8")
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (0, "applied"))
        return report["policy"]

    def test_nothing_acknowledged_is_lost_and_the_chain_goes_on(self):
        stop = threading.Event()
        callers = [threading.Thread(target=self.load, args=(stop,)) for _ in range(CALLERS)]
        for caller in callers:
            caller.start()
        policies = []
        try:
            for number in range(KILLS):
                seq = self.verified_status()
                wait_until(lambda before=seq: self.verified_status() > before + 10 * number,
                           "records")
                policies.append(self.reload(number))
                self.gateway.process.send(signal.SIGKILL)
                self.assertEqual(self.gateway.process.stop(), -signal.SIGKILL)
                self.gateway.start()
                self.assertTrue(self.verified()["ok"])
            wait_until(lambda: len(self.put_aside()) > 2, "files put aside")
        finally:
            stop.set()
            for caller in callers:
                caller.join()
        rotated = self.records("--event", "audit.rotated")
        self.assertEqual({record["oldest_seq"] for record in rotated}, {1}, "all is still kept")
        applied = [record["policy"] for record in self.records("--event", "config.applied")]
        self.assertEqual(applied, policies)
        self.assertEqual(len(self.records("--event", "gateway.start")), KILLS + 1)
        files = self.put_aside()
        self.assertEqual(len(rotated), len(files))
        report = self.verified()
        self.assertEqual(report["records"], report["last_seq"])

        # A file that is taken away is missed, and named by the record that it begins with.
        away = self.gateway.plant / "away"
        os.rename(files[1], away)
        said, _ = self.tool("verify", self.gateway.audit_file, code=1)
        os.rename(away, files[1])
        first = int(files[1].name.rsplit(".", 1)[1])
        self.assertIn(f"{files[2]}:1: the chain is broken here: missing", said)
        self.assertIn(f"the file with record {first} is not there", said)

    def put_aside(self):
        return sorted(self.gateway.plant.glob("audit.jsonl.[0-9]*"))

    def verified_status(self):
        code, status = self.gateway.ask("status")
        self.assertIn(code, (0, 1))
        return status["audit"]["last_seq"]


class FullDisk(Trail):
    audit_block = 'file: "trail/audit.jsonl"'

    @classmethod
    def furnish(cls, plant):
        trail = plant / "trail"
        trail.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", trail],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            raise unittest.SkipTest("a small file system cannot be mounted here")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", trail], check=True)

    def filler(self):
        return self.gateway.audit_file.parent / "filler"

    def fill(self):
        with open(self.filler(), "wb", buffering=0) as file:  # Nothing is left for its closing.
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass  # Full.

    def test_operations_stop_on_record_and_go_on_when_there_is_room(self):
        with self.gateway.connect("temp-01") as caller:
            def status():
                return caller.ask(request("POST", OWN, body=b"1")).status
            self.assertEqual(status(), 200)
            self.fill()
            # Room was held for the reserve and a step more, which these use up.
            self.assertIn(503, (status() for _ in range(10_000)))
            self.gateway.audited(event="audit.full")
            extra = self.gateway.plant / "policy.d/zz-more.textproto"
            extra.write_text('function { name: "extra" }\n', encoding="utf-8")
            code, report = self.gateway.ask("reload")  # What an operator does is still on record.
            self.assertEqual((code, report["outcome"]), (0, "applied"))
            self.gateway.audited(event="config.applied", policy=report["policy"])
            self.filler().unlink()
            wait_until(lambda: status() == 200, "operations again")
        self.gateway.audited(event="audit.room")
        # Those that were refused meanwhile are counted.
        self.gateway.audited(event="refusals.counted", reason="audit_unavailable")
        self.assertTrue(self.verified()["ok"])

    def test_a_stop_with_a_full_disk_loses_no_count(self):
        with self.gateway.connect("temp-02") as caller:
            self.fill()
            statuses = collections.Counter(
                caller.ask(request("POST", "/v1/devices/temp-02/readings", body=b"1")).status
                for _ in range(10_000))
        self.assertGreater(statuses[503], 0)
        self.assertEqual(self.gateway.stop(), 0)
        counted = self.records("--device", "temp-02", "--event", "refusals.counted", "--reason",
                               "audit_unavailable")
        self.assertEqual(sum(record["suppressed"] for record in counted), statuses[503])
        self.filler().unlink()
        self.gateway.start()
        self.assertTrue(self.verified()["ok"])


class Storm(Trail):
    def test_a_device_that_insists_is_counted_and_each_answer_can_be_explained(self):
        with self.gateway.connect("hmi-01") as caller:
            ids = [caller.ask(request("DELETE", "/")).problem()["denial_id"] for _ in range(50)]
        self.assertEqual(self.gateway.stop(), 0)
        lines = self.records("--device", "hmi-01", "--event", "operation")
        self.assertLess(len(lines), 50)
        counted = self.records("--device", "hmi-01", "--event", "refusals.counted")
        self.assertEqual(len(lines) + sum(record["suppressed"] for record in counted), 50)
        self.assertEqual(set(ids), {record["denial_id"] for record in lines})
        said = self.gateway.cli("explain", "--config", self.gateway.config, ids[-1])
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertIn(f"{counted[0]['suppressed']} refusals of this caller for this reason",
                      said.stdout)
        said = self.gateway.cli("explain", "--json", "--config", self.gateway.config, ids[-1])
        self.assertEqual(json.loads(said.stdout)["counted"], counted[0])
        self.gateway.start()


class Export(Trail):
    audit_block = 'file: "audit.jsonl" rotate_size: "64KiB"'

    def test_json_lines_are_exact_and_a_table_has_every_member(self):
        with self.gateway.connect("hmi-01") as caller:
            for number in range(5):
                caller.ask(request("GET", f"/below/{number}?q=%3D1"))
        self.gateway.audited(path="/below/4")
        wanted = [line for line in self.gateway.audit_file.read_bytes().splitlines(keepends=True)
                  if b'"/below/' in line]
        self.assertEqual(len(wanted), 5)
        said, _ = self.tool("export", self.gateway.audit_file, "--path", "/below", "--device",
                            "hmi-01")
        self.assertEqual(said.encode(), b"".join(wanted))

        table = self.folder / "table.csv"
        self.tool("export", self.gateway.audit_file, "--format", "csv", "--path", "/below", "-o",
                  table)
        self.assertEqual(table.stat().st_mode & 0o007, 0)
        text = table.read_bytes().decode()
        self.assertEqual(text.count("\r\n"), 6)
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        for row, line in zip(rows, map(json.loads, wanted), strict=True):
            for name, value in line.items():
                self.assertEqual(row[name], "" if value is None else str(value))

    def test_what_a_spreadsheet_would_run_is_only_text(self):
        line = self.gateway.audited(event="gateway.start")
        # The tool trusts no writer: the members of a record may say anything.
        log = self.folder / "odd.jsonl"
        odd = {"device": "=cmd|' /C calc'!A0", "method": "+1", "service": "-1", "permit": "@SUM(A1)",
               "detail": 'a "quoted", text', "path": "/\u00e9"}
        text = json.dumps({**line, **odd}, ensure_ascii=False, separators=(",", ":")) + "\n"
        log.write_text(text, encoding="utf-8")
        said, _ = self.tool("export", log, "--format", "csv")
        row = next(csv.DictReader(io.StringIO(said, newline="")))
        for name, value in odd.items():
            self.assertEqual(row[name], ("'" if value[0] in "=+-@" else "") + value)

    def test_what_cannot_be_done_is_said(self):
        log = self.gateway.audit_file
        self.assertIn("No such file", self.tool("export", "/none", code=2)[1])
        self.assertIn("no record", self.tool("export", log, "--device", "none", code=1)[1])
        self.assertIn("cannot write", self.tool("export", log, "-o", "/none/x", code=2)[1])
        self.tool("export", log, "--format", "xml", code=2)
        before = log.stat().st_ino
        self.assertIn("audit trail itself", self.tool("export", log, "-o", log, code=2)[1])
        self.assertEqual(log.stat().st_ino, before)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program(BIN, "interlock"), "audit", "export", log], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
