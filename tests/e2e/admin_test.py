#!/usr/bin/python3
"""Who may ask the running gateway, and what becomes of its socket? Method: the real programs, other
users where the test runs as root, and raw bytes on the socket; the service manager is a datagram
socket of our own.
"""
import contextlib
import os
import signal
import socket
import stat
import struct
import subprocess
import unittest

from harness import (BIN, SECONDS_MAX, Failed, Gateway, GatewayCase, free_port, interlockd, main,
                     make_plant, wait_until)

NOBODY = 65534
STATUS = struct.pack(">I", 2) + b"\x0a\x00"  # include/interlock/admin.proto
CONNECTIONS_MAX = 16                          # limits::kAdminConnectionsMax

# What another user does: connects, asks for a status, and shows what it is told.
ASK = f"""
import os, socket, sys
os.stat(sys.argv[1])  # The folders let it through.
asking = socket.socket(socket.AF_UNIX)
asking.settimeout({SECONDS_MAX})
try:
    asking.connect(sys.argv[1])
except PermissionError:
    print("refused by the file's mode")
    sys.exit()
try:
    asking.sendall({STATUS!r})
except BrokenPipeError:
    pass
print(asking.recv(65536))
"""


class Socket(GatewayCase):
    def raw(self, data=b"", end=False):
        """What the gateway answers to these bytes, up to where it closes."""
        with self.connected() as asking:
            # The gateway may have refused, and closed, before it was asked: the answer is there.
            with contextlib.suppress(BrokenPipeError):
                asking.sendall(data)
                if end:
                    asking.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := asking.recv(65536):
                answer += piece
            return answer

    @contextlib.contextmanager
    def connected(self):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(SECONDS_MAX)
            asking.connect(str(self.gateway.socket))
            yield asking

    def as_nobody(self, **groups):
        return subprocess.run(["/usr/bin/python3", "-c", ASK, str(self.gateway.socket)], user=NOBODY,
                              stdout=subprocess.PIPE, text=True, check=True, cwd="/",
                              timeout=SECONDS_MAX, **groups).stdout

    def test_the_socket_is_for_owner_and_group(self):
        self.assertEqual(stat.S_IMODE(self.gateway.socket.stat().st_mode), 0o660)

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_only_root_the_owner_and_the_group_may_ask(self):
        for folder in (self.folder, self.gateway.plant):
            folder.chmod(0o755)
        group = self.gateway.socket.stat().st_gid
        self.assertIn("refused by the file's mode", self.as_nobody(group=NOBODY, extra_groups=[]))
        self.assertIn("quickstart", self.as_nobody(group=group, extra_groups=[]))
        self.assertIn("quickstart", self.as_nobody(group=NOBODY, extra_groups=[group]))
        # Where somebody has opened the file to all, the gateway itself refuses.
        self.gateway.socket.chmod(0o666)
        self.addCleanup(self.gateway.socket.chmod, 0o660)
        self.assertIn(f"uid {NOBODY} (pid", self.as_nobody(group=NOBODY, extra_groups=[]))
        self.assertIn("may not ask", self.as_nobody(group=NOBODY, extra_groups=[]))

    def test_a_request_is_answered_once(self):
        length, = struct.unpack(">I", self.raw(STATUS)[:4])
        self.assertEqual(len(self.raw(STATUS)), 4 + length)
        self.assertIn(b"quickstart", self.raw(STATUS))

    def test_what_is_no_request_is_refused_with_a_reason(self):
        for data, why in ((struct.pack(">I", 0), b"does not know"),
                          (struct.pack(">I", 2) + b"\x32\x00", b"does not know"),
                          (struct.pack(">I", 4) + b"\x0a\x00\x12\x00", b"does not know"),
                          (struct.pack(">I", 1) + b"\xff", b"no message of this protocol"),
                          (STATUS + b"\x00", b"no message of this protocol"),
                          (struct.pack(">I", 4097), b"too long"),
                          (b"GET / HTTP/1.1\r\n\r\n", b"too long")):
            with self.subTest(data):
                self.assertIn(why, self.raw(data))

    def test_half_a_request_is_none(self):
        self.assertEqual(self.raw(STATUS[:5], end=True), b"")

    def test_connections_are_bounded(self):
        with contextlib.ExitStack() as stack:
            open_ones = [stack.enter_context(self.connected()) for _ in range(CONNECTIONS_MAX)]
            self.assertIn(b"too many others", self.raw())
            said = self.gateway.cli("status", "--socket", self.gateway.socket)
            self.assertEqual(said.returncode, 2)
            self.assertIn("too many others are asking: try again", said.stdout)
            for each in open_ones:
                each.sendall(STATUS)
                self.assertIn(b"quickstart", each.recv(65536))
        self.assertEqual(self.gateway.ask("status")[0], 0)

    def test_status_says_what_runs(self):
        code, status = self.gateway.ask("status")
        self.assertEqual(code, 0)
        self.assertEqual((status["ok"], status["gateway"], status["devices"], status["functions"],
                          len(status["services"]), status["config"]),
                         (True, "quickstart", 8, 3, 2, str(self.gateway.config)))
        telemetry, legacy = status["listeners"]
        self.assertEqual((telemetry["name"], telemetry["address"], telemetry["protocol"],
                          telemetry["tls"], telemetry["trusts"], telemetry["certificate_expired"]),
                         ("telemetry", f"127.0.0.1:{self.gateway.port}", "HTTP", ["TLS 1.3"],
                          ["plant"], False))
        self.assertEqual(legacy["tls"], ["TLS 1.2", "TLS 1.3"])
        trust, = status["trusts"]
        self.assertEqual((trust["name"], trust["no_revocation"]), ("plant", False))
        self.assertEqual((trust["lists"][0]["entries"], trust["lists"][0]["stale"]), (1, False))
        self.assertEqual((status["audit"]["file"], status["audit"]["healthy"]),
                         (str(self.gateway.audit_file), True))
        record = self.gateway.audited(event="gateway.start")
        self.assertEqual(status["policy"], record["policy"])
        with self.gateway.connect("temp-01"):
            wait_until(lambda: sum(self.gateway.ask("status")[1]["sessions"]) == 1, "one session")
        last = self.gateway.audited()["seq"]
        self.assertGreaterEqual(self.gateway.ask("status")[1]["audit"]["last_seq"], last)

    def test_status_without_a_gateway_says_so(self):
        for path, words in ((self.folder / "absent.sock", "No such file or directory"),
                            (self.folder / "dead.sock", "Connection refused"),
                            (self.folder / ("x" * 108), "too long")):
            if words == "Connection refused":
                with socket.socket(socket.AF_UNIX) as dead:
                    dead.bind(str(path))
            for command in ("status", "reload"):
                with self.subTest(f"{command} {path}"):
                    said = self.gateway.cli(command, "--socket", path)
                    self.assertEqual(said.returncode, 2)
                    self.assertRegex(said.stdout, f"^interlock {command}: .*{words}\n$")
                    if words != "too long":
                        self.assertIn("interlockd is not running, or its configuration has no admin "
                                      f'{{ socket: "{path}" }}', said.stdout)


class Life(GatewayCase):
    def another(self, **changes):
        """A configuration of the same plant with an audit file and ports of its own."""
        text = self.gateway.config.read_text(encoding="utf-8")
        for port in (self.gateway.port, self.gateway.port12):
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
        text = text.replace("audit.jsonl", "another.jsonl")
        path = self.gateway.plant / "another.textproto"
        path.write_text(text.replace('"admin.sock"', f'"{changes["socket"]}"'), encoding="utf-8")
        return path

    def cannot_start(self, config, words):
        with self.assertRaises(Failed) as failed:
            interlockd(BIN, config, self.folder / "another.log").stop()
        self.assertIn("interlockd ended with 1", str(failed.exception))
        self.assertIn(words, str(failed.exception))

    def test_two_gateways_cannot_have_one_socket(self):
        self.cannot_start(self.another(socket="admin.sock"),
                          "another program listens there: is a gateway running already?")
        self.assertEqual(self.gateway.ask("status")[0], 0)

    def test_a_socket_in_no_folder_is_refused(self):
        self.cannot_start(self.another(socket="no/such/folder/s"),
                          "(its folder must exist): No such file or directory")

    def test_what_is_no_socket_is_left_alone(self):
        path = self.gateway.plant / "precious"
        path.write_text("data", encoding="utf-8")
        self.cannot_start(self.another(socket="precious"), "something else than a socket is there")
        self.assertEqual(path.read_text(encoding="utf-8"), "data")

    def test_a_path_too_long_is_said_by_check(self):
        said = self.gateway.cli("check", "--config", self.another(socket="s" * 108))
        self.assertEqual(said.returncode, 2)
        self.assertIn("the path of a socket has at most 107 bytes", said.stdout)

    def test_a_dead_gateways_socket_is_replaced_and_a_stopped_ones_is_gone(self):
        self.gateway.process.send(signal.SIGKILL)
        self.gateway.stop()
        self.assertTrue(self.gateway.socket.is_socket())
        self.gateway.start()
        self.assertEqual(self.gateway.ask("status")[0], 0)
        self.assertEqual(self.gateway.stop(), 0)
        self.assertFalse(self.gateway.socket.exists())
        self.gateway.start()

    def test_another_programs_file_in_its_place_is_left_alone(self):
        self.gateway.socket.unlink()
        self.gateway.socket.write_text("data", encoding="utf-8")
        self.assertEqual(self.gateway.stop(), 0)
        self.assertEqual(self.gateway.socket.read_text(encoding="utf-8"), "data")
        self.gateway.socket.unlink()
        self.gateway.start()


class ServiceManager(GatewayCase):
    def test_it_hears_of_every_change_and_of_progress(self):
        path = str(self.folder / "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(SECONDS_MAX)

            def told(wanted):
                """The first message from now on that has this line; WATCHDOG=1 comes in between."""
                while True:
                    lines = manager.recv(65536).decode().split("\n")
                    if wanted in lines:
                        return lines
                    self.assertTrue(set(lines) <= {"WATCHDOG=1"}, lines)
            watched = Gateway(make_plant(self.folder / "watched"), self.historian.port, self.recipes.port,
                              ("--workers", "2"),
                              dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="200000"))
            self.addCleanup(watched.stop)
            ready = told("READY=1")
            self.assertRegex(ready[1], r"^STATUS=2 listeners, .* \(policy [0-9a-f]{16}\)$")
            told("WATCHDOG=1")
            told("WATCHDOG=1")
            watched.process.send(signal.SIGHUP)
            reloading = told("RELOADING=1")
            self.assertRegex(reloading[1], r"^MONOTONIC_USEC=[0-9]+$")
            told("READY=1")
            with open(watched.config, "a", encoding="utf-8") as config:
                config.write("wrong\n")
            self.assertEqual(watched.ask("reload")[0], 1)
            told("RELOADING=1")
            self.assertIn("the last reload was refused", told("READY=1")[1])
            self.assertEqual(watched.stop(), 0)
            told("STOPPING=1")


if __name__ == "__main__":
    main()
