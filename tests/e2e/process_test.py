#!/usr/bin/python3
"""Is the program as an operator finds it in order: what it loads, how it ends, what it writes down,
and what the command-line tool says of it? Method: the real programs, their files and /proc.
"""
import hashlib
import json
import socket

from harness import BIN, Failed, GatewayCase, free_port, interlockd, main, request, wait_until

OWN = "/v1/devices/temp-01/readings"


class Running(GatewayCase):
    def test_openssl_is_not_in_the_process(self):
        loaded = self.gateway.loaded_libraries()
        self.assertEqual([name for name in loaded if "libssl.so.3" in name
                          or "libcrypto.so.3" in name], [])
        self.assertTrue([name for name in loaded if "libssl" in name], loaded)

    def test_every_decision_is_in_a_chain_that_verifies(self):
        with self.gateway.connect("temp-01") as caller:
            caller.ask(request("POST", OWN, body=b"1"))
            caller.ask(request("DELETE", OWN))
        self.gateway.refusal("revoked-01")
        allowed = self.gateway.audited(decision="allow")
        self.assertEqual((allowed["event"], allowed["device"], allowed["function"],
                          allowed["method"], allowed["path"], allowed["service"],
                          allowed["permit"], allowed["listener"], allowed["trust"]),
                         ("operation", "temp-01", "temperature-sensor", "POST", OWN, "historian",
                          "readings", "telemetry", "plant"))
        denied = self.gateway.audited(reason="method_not_permitted")
        self.assertEqual((denied["decision"], denied["device"], denied["permit"]),
                         ("deny", "temp-01", "readings"))
        self.gateway.audited(reason="certificate_revoked", event="handshake")
        lines = self.gateway.audit_file.read_bytes().splitlines()
        before = "0" * 64
        for number, line in enumerate(lines, 1):
            record = json.loads(line)
            self.assertEqual((record["v"], record["seq"], record["prev"]), (1, number, before))
            self.assertEqual(record["gateway"], "quickstart")
            before = hashlib.sha256(line).hexdigest()
        verified = self.gateway.cli("audit", "verify", self.gateway.audit_file)
        self.assertEqual(verified.returncode, 0, verified.stdout)

    def test_a_copy_that_was_touched_does_not_verify(self):
        with self.gateway.connect("temp-01") as caller:
            for _ in range(3):
                caller.ask(request("POST", OWN, body=b"1"))
        wait_until(lambda: len(self.gateway.audit(decision="allow")) >= 3, "three records")
        one, two, three = self.gateway.audit_file.read_bytes().splitlines(keepends=True)[:3]
        for name, touched in {"altered": one.replace(b'"v":1,', b'"v":1,"x":0,', 1) + two + three,
                              "missing": one + three,
                              "swapped": one + three + two}.items():
            with self.subTest(name):
                copy = self.folder / f"{name}.jsonl"
                copy.write_bytes(touched)
                self.assertNotEqual(copy.read_bytes(), one + two + three)
                verified = self.gateway.cli("audit", "verify", copy)
                self.assertNotEqual(verified.returncode, 0, verified.stdout)

    def test_explain_and_check_answer_by_their_exit_codes(self):
        config = ("--config", self.gateway.config)
        for wanted, arguments in (
                (0, ("check", *config)),
                (0, ("explain", *config, "--device", "temp-01", "--http", f"POST {OWN}")),
                (3, ("explain", *config, "--device", "temp-01", "--http", f"DELETE {OWN}")),
                (3, ("explain", *config, "--cert", self.gateway.plant / "devices/revoked-01.pem",
                     "--listener", "telemetry", "--http", f"GET {OWN}")),
                (2, ("explain", *config, "--device", "nobody", "--http", f"GET {OWN}")),
                (2, ("check", "--config", self.folder / "absent.textproto"))):
            with self.subTest(" ".join(map(str, arguments))):
                said = self.gateway.cli(*arguments)
                self.assertEqual(said.returncode, wanted, said.stdout)

    def test_explain_in_json_names_the_reason(self):
        said = self.gateway.cli("explain", "--json", "--config", self.gateway.config, "--device",
                                "temp-01", "--http", f"DELETE {OWN}")
        self.assertEqual(json.loads(said.stdout)["reason"], "method_not_permitted")


class Ending(GatewayCase):
    def test_sigterm_ends_it_in_order_and_on_record(self):
        caller = self.gateway.connect("temp-01")  # An open connection holds nothing up.
        with caller:
            self.assertEqual(caller.ask(request("POST", OWN, body=b"1")).status, 200)
            self.assertEqual(self.gateway.stop(), 0, self.gateway.process.words())
        self.assertEqual(len(self.gateway.audit(event="gateway.start")), 1)
        last = self.gateway.audited()
        self.assertEqual(last["event"], "gateway.stop")
        self.assertEqual(self.gateway.cli("audit", "verify", self.gateway.audit_file).returncode, 0)
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", self.gateway.port)), 0)


class Misconfigured(GatewayCase):
    def test_it_does_not_listen_and_says_where(self):
        text = self.gateway.config.read_text(encoding="utf-8")
        for taken in (self.gateway.port, self.gateway.port12):
            text = text.replace(f"127.0.0.1:{taken}", f"127.0.0.1:{free_port()}")
        broken = self.gateway.plant / "broken.textproto"
        broken.write_text(text + 'servise { name: "x" }\n', encoding="utf-8")
        line = broken.read_text(encoding="utf-8").count("\n")
        with self.assertRaises(Failed) as failed:
            interlockd(BIN, broken, self.folder / "broken.log").stop()
        self.assertRegex(str(failed.exception), rf"broken\.textproto:{line}:1: ")
        said = self.gateway.cli("check", "--config", broken)
        self.assertEqual(said.returncode, 2)
        self.assertRegex(said.stdout, rf"broken\.textproto:{line}:1: ")


if __name__ == "__main__":
    main()
