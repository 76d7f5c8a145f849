#!/usr/bin/python3
"""Can an engineer find what the gateway did, and is every kind of damage to the trail told apart?
Method: the real command-line tool on a trail that the gateway wrote, and on damaged copies of it.
"""
import json
import os
import re
import signal
import subprocess

from harness import GatewayCase, main, program, request, wait_until, BIN


class Trail(GatewayCase):
    below = "/below"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.gateway.connect("hmi-01") as caller:
            for number in range(6):
                caller.ask(request("GET", f"{cls.below}/{number}"))

    def setUp(self):
        super().setUp()
        self.log = self.gateway.plant / "audit.jsonl"
        self.lines = wait_until(self.whole, "six refusals on record")
        self.copy = self.gateway.plant / "copy.jsonl"
        self.addCleanup(self.copy.unlink, missing_ok=True)

    def whole(self):
        lines = self.log.read_bytes().splitlines(keepends=True)
        wanted = f"{self.below}/".encode()
        return lines if sum(wanted in line for line in lines) == 6 else None

    def audit(self, *arguments, code):
        done = subprocess.run([program(BIN, "interlock"), "audit", *map(str, arguments)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr


class Verify(Trail):
    def found(self, lines):
        self.copy.write_bytes(b"".join(lines))
        said, _ = self.audit("verify", self.copy, code=1)
        told = json.loads(self.audit("verify", self.copy, "--json", code=1)[0])
        self.assertFalse(told["ok"])
        where = re.search(rf"{re.escape(str(self.copy))}:(\d+): the chain is broken here: (.*);",
                          said)
        self.assertEqual((int(where[1]), where[2]), (told["break"]["line"], told["break"]["kind"]))
        return where[2], int(where[1])

    def places(self):
        """Indexes of the first record, one in the middle, and the last but one."""
        return 0, len(self.lines) // 2, len(self.lines) - 2

    def test_an_untouched_trail_is_whole(self):
        self.assertIn("whole", self.audit("verify", self.log, code=0)[0])

    def test_a_flipped_byte_is_an_altered_record(self):
        for at in self.places():
            lines = list(self.lines)
            lines[at] = re.sub(rb'"gateway":"(.)', rb'"gateway":"X', lines[at])
            self.assertNotEqual(lines, self.lines)
            self.assertEqual(self.found(lines), ("altered", at + 1))

    def test_a_deleted_line_is_a_missing_record(self):
        for at in self.places():
            self.assertEqual(self.found(self.lines[:at] + self.lines[at + 1:]),
                             ("missing", at + 1))

    def test_a_swapped_pair_is_reordered_records(self):
        for at in self.places():
            lines = list(self.lines)
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
            self.assertEqual(self.found(lines), ("reordered", at + 1))


class Search(Trail):
    def test_a_question_is_answered_by_its_records_alone(self):
        said, _ = self.audit("search", self.log, "--device", "hmi-01", "--path", f"{self.below}/3",
                             "--reason", "no_permit", "--since", "1h", code=0)
        self.assertEqual(len(said.splitlines()), 1)
        self.assertRegex(said, rf"^\d{{4}}-.*Z  deny   no_permit +hmi-01 +GET {self.below}/3 ")

    def test_json_gives_the_very_lines(self):
        said, _ = self.audit("search", self.log, "--path", self.below, "--json", code=0)
        wanted = [line for line in self.lines if self.below.encode() in line]
        self.assertEqual(said.encode(), b"".join(wanted))
        last, _ = self.audit("search", self.log, "--path", self.below, "--json", "--last", 2, code=0)
        self.assertEqual(last.encode(), b"".join(wanted[-2:]))

    def test_what_cannot_be_said_in_full_is_an_error(self):
        for command in ("search", "tail", "verify"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([program(BIN, "interlock"), "audit", command, self.log],
                                      stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual((command, done.returncode), (command, 2))
            self.assertIn(b"No space left", done.stderr)

    def test_the_configuration_says_where_the_trail_is_even_if_it_is_not_in_order(self):
        config = self.gateway.plant / "broken.textproto"
        self.addCleanup(config.unlink)
        config.write_text('audit { file: "audit.jsonl" }\nnonsense: 1\n', encoding="utf-8")
        said, _ = self.audit("search", "--config", config, "--path", f"{self.below}/1", code=0)
        self.assertEqual(len(said.splitlines()), 1)
        _, complaint = self.audit("search", "--config", "/none", code=2)
        self.assertIn("name the file", complaint)

    def test_what_means_nothing_is_said_with_the_nearest_word(self):
        self.assertIn("did you mean no_permit?",
                      self.audit("search", self.log, "--reason", "no_permits", code=2)[1])
        self.assertIn("did you mean handshake?",
                      self.audit("search", self.log, "--event", "handshak", code=2)[1])
        self.assertIn("is no time", self.audit("search", self.log, "--since", "gestern", code=2)[1])
        for day in ("2026-13-01", "2026-02-30", "2026-11-26T24:00", "2026-11-26T08:60"):
            self.assertIn("is no time", self.audit("search", self.log, "--until", day, code=2)[1])
        self.audit("search", self.log, "--since", "2024-02-29", code=0)
        self.assertIn("comes before", self.audit("search", self.log, "--since", "2026-02-02",
                                                 "--until", "2026-02-01", code=2)[1])
        self.assertIn("No such file", self.audit("search", "/none", code=2)[1])
        self.assertIn("too long", self.audit("search", "x" * 300, code=2)[1])
        self.assertIn("no record", self.audit("search", self.log, "--device", "none", code=1)[1])

    def test_a_damaged_line_is_named_and_passed_over(self):
        self.copy.write_bytes(b"".join([self.lines[0], b"nonsense\n", *self.lines[1:]]))
        said, complaint = self.audit("search", self.copy, "--path", self.below, code=0)
        self.assertEqual(len(said.splitlines()), 6)
        self.assertIn("line 2 is no audit record", complaint)


class Tail(Trail):
    def test_the_last_records_come_last(self):
        said, _ = self.audit("tail", self.log, "-n", 2, "--path", self.below, code=0)
        self.assertEqual([re.search(rf"{self.below}/\d", line)[0] for line in said.splitlines()],
                         [f"{self.below}/4", f"{self.below}/5"])

    def test_it_follows_what_is_written_and_the_file_that_takes_its_place(self):
        self.copy.write_bytes(b"".join(self.lines))
        process = subprocess.Popen(
            [program(BIN, "interlock"), "audit", "tail", str(self.copy), "-f", "-n", "1", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), self.lines[-1])
        with self.copy.open("ab") as copy:
            copy.write(self.lines[0][:9])
            copy.flush()
            copy.write(self.lines[0][9:])
        self.assertEqual(process.stdout.readline(), self.lines[0])
        moved = self.copy.with_suffix(".1")
        self.addCleanup(moved.unlink)
        os.rename(self.copy, moved)
        self.copy.write_bytes(self.lines[1])
        self.assertEqual(process.stdout.readline(), self.lines[1])
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 0)

    def put_aside(self, lines):
        """What is in the copy gets the name of its first record; then it begins with these."""
        first = json.loads(self.copy.read_bytes().splitlines()[0])["seq"]
        aside = self.copy.with_name(f"{self.copy.name}.{first:012}")
        os.rename(self.copy, aside)
        self.addCleanup(aside.unlink)
        self.copy.write_bytes(b"".join(lines))

    def test_files_put_aside_are_one_log_however_fast_they_come(self):
        lines = self.lines[:7]
        self.copy.write_bytes(b"".join(lines[:2]))
        self.put_aside(lines[2:4])
        said, _ = self.audit("tail", self.copy, "-n", 3, "--json", code=0)
        self.assertEqual(said.encode(), b"".join(lines[1:4]))
        said, _ = self.audit("search", self.copy, "--json", code=0)
        self.assertEqual(said.encode(), b"".join(lines[:4]))
        process = subprocess.Popen(
            [program(BIN, "interlock"), "audit", "tail", str(self.copy), "-f", "-n", "1", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), lines[3])
        process.send_signal(signal.SIGSTOP)  # It misses two files.
        with self.copy.open("ab") as copy:
            copy.write(lines[4])
        self.put_aside(lines[5:6])
        self.put_aside(lines[6:7])
        process.send_signal(signal.SIGCONT)
        for line in lines[4:7]:
            self.assertEqual(process.stdout.readline(), line)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 0)
        self.assertEqual(process.stderr.read(), b"")


class Format(GatewayCase):
    def fmt(self, *arguments, code, text=None):
        done = subprocess.run([program(BIN, "interlock"), "fmt", *map(str, arguments)], input=text,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def test_files_are_laid_out_in_place_and_only_if_they_must(self):
        file = self.gateway.plant / "messy.textproto"
        self.addCleanup(file.unlink)
        file.write_text("# why\ngateway_id : 'a';  # behind\n", encoding="utf-8")
        os.chmod(file, 0o640)
        self.assertIn(f"{file}:2: would be laid out anew", self.fmt("--check", file, code=1)[0])
        self.assertIn("laid out anew", self.fmt(file, code=0)[0])
        self.assertEqual(file.read_text(encoding="utf-8"),
                         "# why\ngateway_id: 'a'  # behind\n")
        self.assertEqual(file.stat().st_mode & 0o777, 0o640)
        before = file.stat()
        self.assertEqual(self.fmt(file, code=0), ("", ""))
        self.assertEqual(file.stat().st_ino, before.st_ino)

    def test_without_files_it_is_the_configuration_with_its_includes(self):
        folder = self.gateway.plant / "policy.d"
        extra = folder / "zz-messy.textproto"
        self.addCleanup(extra.unlink)
        extra.write_text("  function{name:'idle'}", encoding="utf-8")
        said, _ = self.fmt("--check", "--config", self.gateway.config, code=1)
        self.assertEqual(said, f"{extra}:1: would be laid out anew\n")

    def test_what_is_wrong_in_form_is_left_alone(self):
        file = self.gateway.plant / "wrong.textproto"
        self.addCleanup(file.unlink)
        file.write_text("a: 1\nb {\n", encoding="utf-8")
        self.assertIn(f"{file}:2:3: ", self.fmt(file, code=2)[1])
        self.assertEqual(file.read_text(encoding="utf-8"), "a: 1\nb {\n")
        self.assertIn("No such file", self.fmt("/none", code=2)[1])

    def test_standard_input_goes_to_standard_output(self):
        self.assertEqual(self.fmt("-", code=0, text="a:1")[0], "a: 1\n")


if __name__ == "__main__":
    main()
