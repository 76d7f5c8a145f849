#!/usr/bin/python3
"""Do real servers understand every request as the gateway did when it decided? Method: the HTTP/1.1
vectors, whole and mutated, go over TLS through a permit that allows everything to nginx and to
lighttpd. What each of them understood is held against the audit trail: never two requests for one,
never another method, path, host or length, nothing that was not allowed, and both see the same.

`differential_test.py --mutants N --seed S` tries N of them; the ordinary run a few hundred.
"""
import argparse
import os
import pathlib
import random
import shutil
import socket
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import BIN, GatewayCase, add_rows, free_port, main, request  # noqa: E402
from processes import Process  # noqa: E402
from refused_test import METHODS, unescaped, vectors  # noqa: E402
from scgi import Recorder  # noqa: E402

MUTANTS = 150
SEED = 1

NGINX = """\
daemon off;
master_process off;
pid "{folder}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  underscores_in_headers on;
  merge_slashes off;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      scgi_pass 127.0.0.1:{recorder};
      scgi_param REQUEST_METHOD $request_method;
      scgi_param REQUEST_URI $request_uri;
      scgi_param NORMAL_PATH $uri;
      scgi_param CONTENT_LENGTH $content_length;
      scgi_param SCGI 1;
    }}
  }}
}}
"""

LIGHTTPD = """\
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}"
server.upload-dirs = ("{folder}")
server.modules = ("mod_scgi")
scgi.server = ("/" => (("host" => "127.0.0.1", "port" => {recorder}, "check-local" => "disable")))
"""

# What smuggling is made of: pieces that a mutation puts somewhere, or in place of something.
PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"%2f", b"%2e%2e", b"%00", b"//",
    b"/../", b"/./", b"\\", b"#", b"?", b"@", b"\x0b", b"\x85", b"\xc0\xaf", b"\xff",
    b"0\r\n\r\n", b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"Content-Length: +5\r\n",
    b"Content-Length: 5, 5\r\n", b"Content-Length : 5\r\n", b"content_length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n", b"Transfer_Encoding: chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n", b" folded\r\n", b"Host: b\r\n", b"Host: b:80@c\r\n",
    b"Connection: Content-Length\r\n", b"Connection: Host\r\n", b"Connection: close\r\n",
    b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n", b"Interlock-Device: other\r\n",
    b"Interlock_Device: other\r\n", b"Forwarded: for=1\r\n", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0",
    b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://b/c HTTP/1.1\r\n", b"ffffffffffffffff",
)


def mutant(dice, sources):
    """One or two requests with one to three things wrong somewhere."""
    text = bytearray(b"".join(dice.choice(sources) for _ in range(dice.choice((1, 1, 2)))))
    for _ in range(dice.choice((1, 1, 2, 3))):
        at = dice.randrange(len(text) + 1)
        if dice.random() < 0.5:  # At the beginning of a line things matter most.
            at = text.rfind(b"\n", 0, at) + 1
        what = dice.randrange(5)
        if what == 0:
            text[at:at + dice.randrange(1, 5)] = b""
        elif what == 1:
            text[at:at] = text[at:at + dice.randrange(1, 40)]
        elif what == 2 and at < len(text):
            text[at] ^= 1 << dice.randrange(8)
        else:
            text[at:at + dice.choice((0, 0, 1))] = dice.choice(PIECES)
    return bytes(text)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Differential(GatewayCase):
    DEVICES = {"nginx": "unknown-01", "lighttpd": "scan-02"}

    @classmethod
    def furnish(cls, plant):
        methods = " ".join(f'method: "{method}"' for method in METHODS)
        cls.recorders, blocks = {}, []
        for name, program, config, flags in (
                ("nginx", "/usr/sbin/nginx", NGINX, ("-e", "stderr", "-c")),
                ("lighttpd", "/usr/sbin/lighttpd", LIGHTTPD, ("-D", "-f"))):
            folder = pathlib.Path(tempfile.mkdtemp(prefix=f"interlock-{name}-"))
            cls.addClassCleanup(shutil.rmtree, folder)
            recorder = cls.recorders[name] = Recorder()
            cls.addClassCleanup(recorder.stop)
            port = free_port()
            (folder / "conf").write_text(
                config.format(folder=folder, port=port, recorder=recorder.port), encoding="utf-8")
            server = Process(name, [program, *flags, str(folder / "conf")], folder / "log")
            cls.addClassCleanup(server.stop)
            server.wait_for(lambda port=port: listens(port), "its port")
            blocks.append(
                f'service {{ name: "{name}" endpoint: "127.0.0.1:{port}" }}\n'
                f'function {{ name: "{name}" permit {{ name: "everything" service: "{name}" '
                f'http {{ path: "/**" {methods} }} }} }}\n')
        (plant / "policy.d/differential.textproto").write_text("".join(blocks), encoding="utf-8")
        add_rows(plant, ("unknown-01", "nginx", "uri",
                         "spiffe://plant.example/device/unknown-01"))
        devices = plant / "devices.csv"
        devices.write_text(devices.read_text(encoding="utf-8").replace(
            "scan-02,barcode-scanner", "scan-02,lighttpd"), encoding="utf-8")

    names = set()

    def send(self, server, sent):
        """Sends bytes and nothing more; returns the connection's name and what came back."""
        with self.gateway.connect(self.DEVICES[server]) as caller:
            name = "{}:{}".format(*caller.sock.getsockname())
            if name in self.names:
                return self.send(server, sent)  # A name must tell one connection from all others.
            self.names.add(name)
            try:
                caller.send(sent)
                # Half of the connection ends below TLS: what is not whole will never be.
                with socket.socket(fileno=os.dup(caller.sock.fileno())) as below:
                    below.shutdown(socket.SHUT_WR)
                return name, caller.rest()
            except OSError:
                return name, b""

    def sources(self):
        for file in ("requests.txt", "fields.txt"):
            for name, sent, events in vectors(file):
                if len(sent) < 4096:
                    yield f"{file}: {name}", sent, events

    def test_servers_understand_what_was_allowed_and_nothing_else(self):
        dice = random.Random(SEED)
        cases = [(name, sent) for name, sent, _ in self.sources()]
        whole = [sent for _, sent, events in self.sources() if events[-1:] == ["end"]]
        cases += [(f"mutant {i} of seed {SEED}", mutant(dice, whole)) for i in range(MUTANTS)]
        connections = [(name, sent, {server: self.send(server, sent) for server in self.recorders})
                       for name, sent in cases]

        # The last record is there once one that was made after all of them is.
        with self.gateway.connect("temp-01") as caller:
            denial = caller.ask(request("DELETE", "/"))
        self.gateway.audited(denial_id=denial.problem()["denial_id"])
        allowed = {}
        for record in self.gateway.audit(event="operation", decision="allow"):
            allowed.setdefault(record["peer"], []).append(record)

        num_seen = 0
        for name, sent, by_server in connections:
            understood = {}
            for server, (caller, answer) in by_server.items():
                with self.subTest(f"{name} at {server}", sent=sent):
                    seen = [one for one in self.recorders[server].seen if one.caller == caller]
                    num_seen += len(seen)
                    understood[server] = seen
                    self.hold_against(seen, allowed.get(caller, []), answer, self.DEVICES[server])
            with self.subTest(name, sent=sent):
                self.compare(understood["nginx"], understood["lighttpd"])
        self.assertGreater(num_seen, len(connections) // 4)  # It was not all refused.
        for server, recorder in self.recorders.items():
            strangers = [one for one in recorder.seen if not one.caller]
            self.assertEqual(strangers, [], f"{server} saw a request that nobody had sent")

    def hold_against(self, seen, allowed, answer, device):
        """Each request that was seen is the next that was allowed, in method, path and host."""
        self.assertLessEqual(len(seen), len(allowed))
        left = iter(allowed)
        for one in seen:
            for record in left:  # One may have broken off, or be refused by the server.
                if (record["method"], record["path"]) == (one.method, one.target.split("?")[0]):
                    break
            else:
                self.fail(f"{one} is none of {allowed}")
            self.assertRegex(one.host, r"^127\.0\.0\.1:\d+$")
            self.assertEqual(len(one.body), one.length)
            self.assertEqual(one.device, device)
        self.assertGreaterEqual(answer.count(b"HTTP/1.1 "), len(seen))

    def compare(self, one, other):
        """Both saw the same. Where one saw fewer, because it refuses some for reasons of its own,
        all of those are among what the other saw, in this order."""
        fewer, more = sorted(([(each.method, each.target, each.length, each.body) for each in seen]
                              for seen in (one, other)), key=len)
        left = iter(more)
        for each in fewer:
            self.assertIn(each, left, f"{fewer} and {more}")

    def test_a_vector_arrives_with_the_body_that_it_has(self):
        for name, sent, events in self.sources():
            bodies, body = [], b""
            for event in events:
                kind, _, rest = event.partition(" ")
                body = b"" if kind == "head" else body
                body += unescaped(rest) if kind == "body" else b""
                bodies += [body] if kind == "end" else []
            for server, recorder in self.recorders.items():
                caller, _ = self.send(server, sent)
                seen = [one for one in recorder.seen if one.caller == caller]
                with self.subTest(f"{name} at {server}", sent=sent):
                    for one in seen:
                        self.assertIn(one.body, bodies)


if __name__ == "__main__":
    if BIN and len(sys.argv) > 1:
        options = argparse.ArgumentParser()
        options.add_argument("--mutants", type=int, default=MUTANTS)
        options.add_argument("--seed", type=int, default=SEED)
        chosen, sys.argv[1:] = options.parse_known_args()
        MUTANTS, SEED = chosen.mutants, chosen.seed
    main()
