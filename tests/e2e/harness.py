"""What the end-to-end tests stand on: a plant in a temporary folder, the real interlockd between
raw TLS callers and scripted services, and the audit log.

INTERLOCK_BIN names the folder of the programs (a build folder). Nothing here uses a fixed port, and
nothing waits for time to pass: every wait is for something to happen, with a bound.
"""
import base64
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "packaging/demo"))
from client import alert_in  # noqa: E402
from processes import Failed, free_port, interlockd, program  # noqa: E402,F401

DEMO = pathlib.Path(__file__).resolve().parents[2] / "packaging/demo"
BIN = os.environ.get("INTERLOCK_BIN", "")
SECONDS_MAX = 20

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

# The devices of make-plant that work; between them every kind of identity and of key.
DEVICES = ("temp-01", "temp-02", "hmi-01", "hmi-02", "scan-01", "scan-02")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Cut(bytes):
    """An answer after which the service closes the connection; Cut() closes without any."""


def wait_until(ready, what):
    """Returns ready() once it is true; fails after SECONDS_MAX."""
    deadline = time.monotonic() + SECONDS_MAX
    while not (value := ready()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {SECONDS_MAX} s: {what}")
        time.sleep(0.01)
    return value


@dataclasses.dataclass
class Message:
    """One HTTP/1.1 message as it arrived: `raw` are its very bytes, `body` is without chunking."""
    start: str
    fields: list  # Of (name in lower case, value), in order.
    body: bytes
    raw: bytes

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def one(self, name):
        """The value of a field that must be there exactly once."""
        values = self.all(name)
        if len(values) != 1:
            raise AssertionError(f"{name} is there {len(values)} times in {self.raw!r}")
        return values[0]

    def problem(self):
        return json.loads(self.body)


class Wire:
    """A socket and what was read from it beyond the last whole message."""

    def __init__(self, sock):
        self.sock = sock
        self.received = 0  # Bytes in all.
        self.whole = 0     # Bytes of whole messages.
        self.sock.settimeout(SECONDS_MAX)
        self._buffer = b""

    def _more(self):
        try:
            piece = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            piece = b""  # Cut off, rather than ended.
        if not piece:
            raise EOFError(f"closed after {self._buffer!r}")
        self.received += len(piece)
        self._buffer += piece

    def _until(self, mark):
        while mark not in self._buffer:
            self._more()
        end = self._buffer.index(mark) + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def _exactly(self, size):
        while len(self._buffer) < size:
            self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def message(self):
        """Reads one message; EOFError if the other side closes before its end."""
        head = self._until(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")[:-2]
        fields = [(name.lower(), value.strip()) for name, _, value in
                  (line.partition(":") for line in lines)]
        raw, body = head, b""
        lengths = dict(fields)
        if "chunked" in lengths.get("transfer-encoding", ""):
            while True:
                line = self._until(b"\r\n")
                size = int(line.split(b";")[0], 16)
                piece = self._exactly(size + 2)  # Test peers send no trailers.
                raw, body = raw + line + piece, body + piece[:-2]
                if size == 0:
                    break
        else:
            body = self._exactly(int(lengths.get("content-length", "0")))
            raw += body
        self.whole += len(raw)
        return Message(start, fields, body, raw)

    def take(self, size):
        """So many bytes that are no message."""
        return self._exactly(size)

    def rest(self):
        """Everything until the other side closes."""
        try:
            while True:
                self._more()
        except EOFError:
            taken, self._buffer = self._buffer, b""
            return taken


class Caller(Wire):
    """A TLS client that sends the bytes it is told to."""

    def send(self, data):
        self.sock.sendall(data)

    def ask(self, data):
        self.send(data)
        return self.message()

    def closed(self):
        """True once the gateway has closed and nothing more came."""
        return self.rest() == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Service:
    """A service that records every whole request and answers from a script: bytes to send, then
    closing where they are a Cut. When the script is empty it answers 200."""

    def __init__(self, port=0):
        self.script = []
        self.requests = []         # Messages, in order of their ends.
        self.connections = 0
        self.cut_short = 0         # Connections that ended inside a request.
        self.serve_once = None     # What is called with the next connection's socket instead.
        self._wires = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # stop() has closed it.
            self.connections += 1
            if self.serve_once:
                serve, self.serve_once = self.serve_once, None
                threading.Thread(target=serve, args=(sock,), daemon=True).start()
                continue
            wire = Wire(sock)
            self._wires.append(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire):
        with wire.sock:
            try:
                while True:
                    self.requests.append(wire.message())
                    answer = self.script.pop(0) if self.script else OK
                    wire.sock.sendall(answer)
                    if isinstance(answer, Cut):
                        return
            except (EOFError, OSError):
                self.cut_short += wire.received > wire.whole
            finally:
                self._wires.remove(wire)

    def last(self):
        return self.requests[-1]

    def in_the_middle(self):
        """True while a connection holds the beginning of a request."""
        return any(wire.received > wire.whole for wire in list(self._wires))

    def stop(self):
        """Closes the listener and every connection: nobody answers on the port any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for wire in list(self._wires):
            try:
                wire.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has ended by itself.


def make_plant(folder):
    subprocess.run([str(DEMO / "make-plant"), str(folder)], check=True)
    return pathlib.Path(folder)


class Gateway:
    """interlockd in a plant of its own, with two listeners: `port`, and `port12` which also speaks
    TLS 1.2; and an admin socket."""

    def __init__(self, plant, historian, recipes, arguments=(), env=None,
                 audit='file: "audit.jsonl"'):
        self.plant = pathlib.Path(plant)
        self.port, self.port12 = free_port(), free_port()
        self.config = self.plant / "interlock.textproto"
        self.audit_file = self.plant / re.search('file: "([^"]*)"', audit)[1]
        self.socket = self.plant / "admin.sock"
        text = (DEMO / "interlock.textproto.in").read_text(encoding="utf-8")
        for name, port in (("LISTENER", self.port), ("HISTORIAN", historian), ("RECIPES", recipes)):
            text = text.replace(f"@{name}@", f"127.0.0.1:{port}")
        text = text.replace('audit { file: "audit.jsonl" }', f"audit {{ {audit} }}")
        text += (f'listener {{ name: "legacy" address: "127.0.0.1:{self.port12}" protocol: HTTP '
                 f'trust: "plant" min_tls: V1_2 }}\n')
        self.config.write_text(text, encoding="utf-8")
        self._arguments, self._env = arguments, env
        self.start()

    def start(self):
        self.process = interlockd(BIN, self.config, self.plant / "interlockd.log", self._env,
                                  self._arguments)

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.process.stop()

    def cli(self, *arguments):
        return subprocess.run([program(BIN, "interlock"), *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=SECONDS_MAX)

    def ask(self, command):
        """`interlock status` or `reload`: its exit code and what it says in JSON."""
        said = self.cli(command, "--socket", self.socket, "--json")
        try:
            return said.returncode, json.loads(said.stdout)
        except ValueError:
            raise AssertionError(f"interlock {command}: {said.stdout}") from None

    def connect(self, device, port=None, version=TLS13, plant=None):
        """A caller with this device's certificate (None: without one), in this TLS version."""
        context = ssl.create_default_context(cafile=str(self.plant / "trust/plant-ca.pem"))
        context.minimum_version = context.maximum_version = version
        if device:
            keys = pathlib.Path(plant or self.plant) / "devices"
            context.load_cert_chain(keys / f"{device}.pem", keys / f"{device}.key")
        sock = socket.create_connection(("127.0.0.1", port or self.port), SECONDS_MAX)
        try:
            return Caller(context.wrap_socket(sock, server_hostname="127.0.0.1"))
        except OSError:
            sock.close()
            raise

    def refusal(self, device, port=None, version=TLS13, plant=None):
        """The alert that a handshake ends with: "certificate revoked". In TLS 1.3 the client learns
        of it on its first read."""
        try:
            with self.connect(device, port, version, plant) as caller:
                caller.send(b"GET / HTTP/1.1\r\nHost: gateway.local\r\n\r\n")
                return f"no alert but {caller.sock.recv(65536)!r}"
        except OSError as failure:
            return alert_in(str(failure)) or str(failure)

    def audit(self, **wanted):
        """The whole records so far that have these members."""
        lines = self.audit_file.read_bytes().splitlines(keepends=True)
        records = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [record for record in records
                if all(record.get(name) == value for name, value in wanted.items())]

    def audited(self, **wanted):
        """The last record that has these members, once there is one: the log may lag by 200 ms."""
        return wait_until(lambda: self.audit(**wanted), f"an audit record with {wanted}")[-1]

    def loaded_libraries(self):
        maps = pathlib.Path(f"/proc/{self.process.pid}/maps").read_text(encoding="utf-8")
        return sorted(set(re.findall(r"(/\S+\.so\S*)", maps)))

    def leaf_base64(self, device):
        """The device's certificate as RFC 9440 puts it into Client-Cert."""
        pem = (self.plant / f"devices/{device}.pem").read_text(encoding="ascii")
        return base64.b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()


class GatewayCase(unittest.TestCase):
    """One plant, one gateway and two services per class; each test finds the services' records and
    scripts empty."""
    arguments = ()  # Of interlockd.
    audit_block = 'file: "audit.jsonl"'  # What stands in the block of that name.

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="interlock-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.historian, cls.recipes = Service(), Service()
        cls.addClassCleanup(lambda: cls.historian.stop())  # Tests may replace it.
        cls.addClassCleanup(cls.recipes.stop)
        plant = make_plant(cls.folder / "plant")
        cls.furnish(plant)
        cls.gateway = Gateway(plant, cls.historian.port, cls.recipes.port, cls.arguments,
                              audit=cls.audit_block)
        cls.addClassCleanup(cls.stop_gateway)

    @classmethod
    def furnish(cls, plant):
        """Adds to the plant, before the gateway starts, what the tests of a class need."""

    @classmethod
    def stop_gateway(cls):
        """Whatever the tests looked at: a gateway that does not end well has failed (a sanitizer's
        finding, a leak)."""
        code = cls.gateway.stop()
        if code != 0:
            raise AssertionError(f"interlockd ended with {code}:\n{cls.gateway.process.words()}")

    def setUp(self):
        self.forget()

    def forget(self):
        for service in (self.historian, self.recipes):
            service.script.clear()
            service.requests.clear()
            service.cut_short = 0

    def nothing_arrived(self):
        return not self.historian.requests and not self.recipes.requests


def add_rows(plant, *rows):
    """Adds rows to the inventory; each is its values without tier and site."""
    with open(plant / "devices.csv", "a", encoding="utf-8") as inventory:
        for device, function, kind, identity in rows:
            inventory.write(f'{device},{function},,{kind},"{identity}",plant,press-hall\n')


def request(method, path, *fields, body=None, host="gateway.local"):
    """The bytes of a request; a body brings its Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *fields]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def main():
    """The main of a test file. Without the programs it is skipped, never green."""
    if not BIN:
        print("INTERLOCK_BIN does not name the folder of the programs")
        sys.exit(77)
    unittest.main()
