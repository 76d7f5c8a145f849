#!/usr/bin/python3
"""Does anything that the HTTP/1.1 vectors call refused ever reach a real service? Method: each such
request over TLS, from a device whose function permits everything, with another request hidden
behind it; the service records every byte that comes.
"""
import pathlib
import re

from harness import GatewayCase, add_rows, main, request, wait_until

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors/http1"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HIDDEN = request("GET", "/hidden")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}


def unescaped(text):
    parts = re.split(r"\\(x[0-9a-f]{2}|.)", text)
    return b"".join((ESCAPES.get(part) or bytes.fromhex(part[1:])) if odd % 2 else part.encode()
                    for odd, part in enumerate(parts))


def vectors(name):
    """(name, bytes, events) of each case that the client does not end by leaving."""
    for case in re.split(r"(?m)^\[", (VECTORS / name).read_text(encoding="utf-8"))[1:]:
        lines = [line for line in case.splitlines() if not line.startswith("#")]
        sent = b"".join(unescaped(line[2:]) for line in lines[1:] if line.startswith("< "))
        events = [line[2:] for line in lines[1:] if line.startswith("> ")]
        if "<eof" not in lines:
            yield lines[0][:-1], sent, events


class Refused(GatewayCase):
    @classmethod
    def furnish(cls, plant):
        methods = " ".join(f'method: "{method}"' for method in METHODS)
        (plant / "policy.d/open.textproto").write_text(
            'function { name: "open" permit { name: "everything" service: "historian" http { '
            f'path: "/**" {methods} }} }} }}\n', encoding="utf-8")
        add_rows(plant, ("open-01", "open", "uri", "spiffe://plant.example/device/unknown-01"))

    def refuse(self, sent, events):
        """Sends a vector; returns the problem it is answered with."""
        reason, status = events[-1].split()[1:]
        num_whole = events.count("end")
        self.forget()
        with self.gateway.connect("unknown-01") as caller:
            caller.send(sent + HIDDEN)
            self.assertEqual([caller.message().status for _ in range(num_whole)], [200] * num_whole)
            answer = caller.message()
            self.assertEqual((answer.status, answer.problem()["reason"]), (int(status), reason))
            self.assertEqual(answer.one("connection"), "close")
            self.assertTrue(caller.closed())
        wait_until(lambda: not self.historian.in_the_middle(), "the end of what was begun")
        self.assertEqual(len(self.historian.requests), num_whole)
        self.assertFalse(any(b"hidden" in one.raw for one in self.historian.requests))
        if events[-2:-1] in ([], ["end"]):
            self.assertEqual(self.historian.cut_short, 0, "some of it arrived")
        return answer.problem()

    def test_no_refused_request_reaches_a_service(self):
        recorded = {}
        for file in ("requests.txt", "fields.txt"):
            for name, sent, events in vectors(file):
                if events and events[-1].startswith("refuse "):
                    with self.subTest(name):
                        problem = self.refuse(sent, events)
                        recorded.setdefault(problem["reason"], problem)
        self.assertEqual(set(recorded), {"malformed", "ambiguous_request", "too_large"})
        for reason, problem in recorded.items():
            record = self.gateway.audited(denial_id=problem["denial_id"])
            self.assertEqual((record["device"], record["reason"], record["status"]),
                             ("open-01", reason, problem["status"]))

    def test_everything_else_is_permitted(self):
        with self.gateway.connect("unknown-01") as caller:
            for method in METHODS:
                if method == "HEAD":
                    self.historian.script.append(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                self.assertEqual(caller.ask(request(method, "/any/path", body=b"")).status, 200)
        self.assertEqual(len(self.historian.requests), len(METHODS))


if __name__ == "__main__":
    main()
