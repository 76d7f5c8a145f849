#!/usr/bin/python3
"""Do large bodies pass whole, at the pace of whoever is slower, and without the gateway holding
them? Method: streams in every framing, both ways, checksums at both ends, and the gateway's peak
memory before and after; a client and a service that stop reading.

INTERLOCK_TRANSFER_MIB=10240 moves 10 GiB in each stream in place of the ordinary 48 MiB.
"""
import os
import pathlib
import socket
import threading
import zlib

from harness import GatewayCase, add_rows, main, request, wait_until

MIB = 1 << 20
SIZE = int(os.environ.get("INTERLOCK_TRANSFER_MIB", "48")) * MIB
# All buffers of one exchange, both directions and TLS, are less than 0.5 MiB; the rest is the
# allocator's, and the sanitizers'.
GROWTH_MAX = 8 * MIB
# More than the kernel's buffers of two connections hold.
STALLED = 64 * MIB

PIECE = bytes(range(251)) * 261  # No power of two: a piece that is lost or doubled shows.


def pieces(size):
    for at in range(0, size, len(PIECE)):
        yield PIECE[:size - at]


class Mover:
    """A service that takes bodies and says how many bytes came, with their checksum, and sends as
    many as the path asks for: /down/length/N, /down/chunks/N, /down/close/N."""

    def __init__(self):
        self.sent = 0
        self.may_read = threading.Event()
        self.may_read.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # stop() has closed it.
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, sock.makefile("rb") as lines:
            try:
                while start := lines.readline():
                    fields = {}
                    while (line := lines.readline()) not in (b"\r\n", b""):
                        name, _, value = line.decode("latin-1").partition(":")
                        fields[name.lower()] = value.strip()
                    path = start.split()[1].decode()
                    if path.startswith("/down/"):
                        self._send(sock, *path.split("/")[2:])
                        if "/close/" in path:
                            return
                    else:
                        self.may_read.wait()
                        count, check = self._take(lines, fields)
                        body = b"%d %d" % (count, check)
                        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                                     % (len(body), body))
            except OSError:
                pass  # The gateway has gone.

    def _take(self, lines, fields):
        count = check = 0
        for left in self._lengths(lines, fields):
            while left > 0:
                piece = lines.read(min(left, 1 << 18))
                if not piece:
                    return count, check
                count, check, left = count + len(piece), zlib.crc32(piece, check), left - len(piece)
        return count, check

    def _lengths(self, lines, fields):
        if "transfer-encoding" not in fields:
            yield int(fields.get("content-length", "0"))
            return
        while size := int(lines.readline(), 16):
            yield size
            lines.readline()
        lines.readline()

    def _send(self, sock, framing, size):
        size, chunked = int(size), framing == "chunks"
        head = {"length": f"Content-Length: {size}\r\n", "chunks": "Transfer-Encoding: chunked\r\n",
                "close": ""}[framing]
        sock.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
        for piece in pieces(size):
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            self.sent += len(piece)
        if chunked:
            sock.sendall(b"0\r\n\r\n")

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def check_of(size):
    check = 0
    for piece in pieces(size):
        check = zlib.crc32(piece, check)
    return check


class Transfer(GatewayCase):
    @classmethod
    def furnish(cls, plant):
        # Freed memory comes back at once, or the sanitizer's own would be measured.
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        cls.mover = Mover()
        cls.addClassCleanup(cls.mover.stop)
        (plant / "policy.d/transfer.textproto").write_text(
            f'service {{ name: "mover" endpoint: "127.0.0.1:{cls.mover.port}" }}\n'
            'function { name: "mover"\n'
            '  permit { name: "up" service: "mover" '
            'http { method: "POST" path: "/up" max_body: "20GiB" } }\n'
            '  permit { name: "down" service: "mover" '
            'http { method: "GET" path: "/down/**" } } }\n', encoding="utf-8")
        add_rows(plant, ("unknown-01", "mover", "uri",
                         "spiffe://plant.example/device/unknown-01"))

    def connect(self):
        return self.gateway.connect("unknown-01")

    def memory(self, what):
        """A line of the gateway's /proc status, in bytes."""
        status = pathlib.Path(f"/proc/{self.gateway.process.pid}/status")
        line, = [line for line in status.read_text(encoding="ascii").splitlines()
                 if line.startswith(what + ":")]
        return int(line.split()[1]) << 10

    def setUp(self):
        super().setUp()
        with self.connect() as caller:  # What the first request of all costs is no growth.
            self.assertEqual(caller.ask(request("GET", "/down/length/300000")).status, 200)
            self.assertEqual(caller.ask(request("POST", "/up", body=bytes(300_000))).status, 200)
        pathlib.Path(f"/proc/{self.gateway.process.pid}/clear_refs").write_text("5", "ascii")
        self.before = self.memory("VmRSS")
        self.mover.sent = 0

    def check_memory(self):
        growth = self.memory("VmHWM") - self.before
        print(f"{self.id().rpartition('.')[2]}: {SIZE // MIB} MiB, resident {self.before >> 10} KiB "
              f"before, {growth >> 10} KiB more at its peak", flush=True)
        self.assertLess(growth, GROWTH_MAX)

    def test_an_upload_with_a_length(self):
        with self.connect() as caller:
            caller.send(request("POST", "/up", f"Content-Length: {SIZE}"))
            for piece in pieces(SIZE):
                caller.send(piece)
            self.assertEqual(caller.message().body.split(),
                             [b"%d" % SIZE, b"%d" % check_of(SIZE)])
        self.check_memory()

    def test_an_upload_in_chunks(self):
        with self.connect() as caller:
            caller.send(request("POST", "/up", "Transfer-Encoding: chunked"))
            for piece in pieces(SIZE):
                caller.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            caller.send(b"0\r\n\r\n")
            self.assertEqual(caller.message().body.split(),
                             [b"%d" % SIZE, b"%d" % check_of(SIZE)])
        self.check_memory()

    def take(self, caller, framing):
        """Reads one answer of SIZE bytes without keeping it, and returns its checksum."""
        caller.send(request("GET", f"/down/{framing}/{SIZE}"))
        check = 0
        with caller.sock.makefile("rb") as lines:
            while lines.readline() != b"\r\n":
                pass
            left = SIZE if framing == "length" else int(lines.readline(), 16)
            while left > 0:
                piece = lines.read(min(left, 1 << 18))
                self.assertTrue(piece)
                check, left = zlib.crc32(piece, check), left - len(piece)
                if left == 0 and framing != "length":
                    self.assertEqual(lines.readline(), b"\r\n")
                    left = int(lines.readline(), 16)
        return check

    def test_a_download_in_every_framing(self):
        for framing in ("length", "chunks", "close"):
            with self.subTest(framing), self.connect() as caller:
                self.assertEqual(self.take(caller, framing), check_of(SIZE))
        self.check_memory()

    def test_a_client_that_does_not_read_stops_the_service(self):
        with self.connect() as caller:
            caller.send(request("GET", f"/down/length/{100 * STALLED}"))
            self.stalls(lambda: self.mover.sent)
            self.assertLess(self.mover.sent, STALLED)
            self.check_memory()

    def test_a_service_that_does_not_read_stops_the_client(self):
        self.mover.may_read.clear()
        self.addCleanup(self.mover.may_read.set)
        sent = 0
        with self.connect() as caller:
            caller.sock.settimeout(1)  # How the client finds that nothing goes any more.
            caller.send(request("POST", "/up", f"Content-Length: {100 * STALLED}"))
            try:
                for piece in pieces(100 * STALLED):
                    caller.send(piece)
                    sent += len(piece)
            except TimeoutError:
                pass
        self.assertLess(sent, STALLED)
        self.check_memory()

    def stalls(self, count):
        """Returns once the count has stopped growing."""
        seen = [0, 0]

        def same():
            now = count()
            seen[1] = seen[1] + 1 if now == seen[0] and now > 0 else 0
            seen[0] = now
            return seen[1] == 50  # Looks, 10 ms apart.
        wait_until(same, "it stops")


if __name__ == "__main__":
    main()
