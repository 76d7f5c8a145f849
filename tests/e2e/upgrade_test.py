#!/usr/bin/python3
"""Does a connection go on in another protocol only where a permit names it, and no longer than it
may? Method: raw requests for a WebSocket over TLS, a service that agrees and then sends back every
byte, and a reload in the middle.
"""
import ssl

from harness import Cut, GatewayCase, TLS12, TLS13, add_rows, main, request, wait_until

ASKS = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13")
AGREED = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n")
LIVE = request("GET", "/live", *ASKS)


class Upgrade(GatewayCase):
    @classmethod
    def furnish(cls, plant):
        cls.policy = plant / "policy.d/viewer.textproto"
        cls.permit('upgrade: "websocket"')
        add_rows(plant, ("unknown-01", "viewer", "uri",
                         "spiffe://plant.example/device/unknown-01"))

    @classmethod
    def permit(cls, upgrade):
        cls.policy.write_text(
            'function { name: "viewer" permit { name: "live" service: "historian" '
            f'http {{ method: "GET" path: "/live" {upgrade} }} }} }}\n', encoding="utf-8")

    def setUp(self):
        super().setUp()
        self.heard = []

    def serve(self, sock):
        """Agrees, and sends everything back, until "quit" or the end."""
        with sock, sock.makefile("rb") as lines:
            while (line := lines.readline()) not in (b"\r\n", b""):
                self.heard.append(line.decode("latin-1").strip())
            sock.sendall(AGREED)
            try:
                while (piece := lines.read1(65536)) not in (b"quit", b""):
                    sock.sendall(piece)
            except OSError:
                pass  # The gateway has gone.
        self.heard.append("ended")

    def open(self, version=TLS13):
        self.historian.serve_once = self.serve
        port = self.gateway.port12 if version == TLS12 else self.gateway.port
        caller = self.gateway.connect("unknown-01", port, version)
        self.addCleanup(caller.sock.close)
        self.assertEqual(caller.ask(LIVE).status, 101)
        return caller

    def test_bytes_pass_both_ways_until_one_side_ends(self):
        for version in (TLS12, TLS13):
            with self.subTest(version):
                self.heard.clear()
                caller = self.open(version)
                self.assertIn("Upgrade: websocket", self.heard)
                self.assertIn("Connection: Upgrade", self.heard)
                self.assertIn("Interlock-Device: unknown-01", self.heard)
                sent = bytes(range(256)) * 400
                caller.send(sent)
                self.assertEqual(caller.take(len(sent)), sent)
                self.end(version, caller)
                wait_until(lambda: "ended" in self.heard, "the service knows")

    def end(self, version, caller):
        peer = "{}:{}".format(*caller.sock.getsockname())
        if version == TLS12:
            caller.send(b"quit")
            self.assertEqual(caller.rest(), b"")
            how, num_up = "the service ended it", 102404
        else:
            caller.sock.close()
            how, num_up = "the client's connection", 102400
        record = self.gateway.audited(event="tunnel.end", peer=peer)
        self.assertEqual((record["device"], record["permit"], record["path"]),
                         ("unknown-01", "live", "/live"))
        self.assertIn(how, record["detail"])
        self.assertIn(f"{num_up} bytes had gone to the service, 102400 to the client",
                      record["detail"])

    def test_what_no_permit_names_reaches_nobody(self):
        with self.gateway.connect("unknown-01") as caller:
            for fields in (("Connection: Upgrade", "Upgrade: h2c"),
                           ("Connection: Upgrade", "Upgrade: websocket, h2c")):
                answer = caller.ask(request("GET", "/live", *fields))
                self.assertEqual((answer.status, answer.problem()["reason"]),
                                 (403, "upgrade_not_permitted"))
        with self.gateway.connect("hmi-01") as caller:
            path = "/v1/devices/hmi-01/readings"
            answer = caller.ask(request("GET", path, *ASKS))
            self.assertEqual(answer.status, 403)
            said = self.gateway.cli("explain", "--config", self.gateway.config, "--device", "hmi-01",
                                    "--http", f"GET {path}", "--upgrade", "websocket")
            self.assertEqual(said.returncode, 3)
            self.assertIn('max_body: "0B" upgrade: "websocket" } }', said.stdout)
        self.assertTrue(self.nothing_arrived())

    def test_a_service_that_declines_is_heard_and_one_that_was_not_asked_is_not(self):
        with self.gateway.connect("unknown-01") as caller:
            self.assertEqual(caller.ask(LIVE).body, b"ok")
            self.historian.script.append(Cut(AGREED))
            self.assertEqual(caller.ask(request("GET", "/live")).status, 502)

    def test_a_reload_cuts_what_is_permitted_no_longer_and_nothing_else(self):
        caller = self.open()
        self.assertEqual(self.gateway.ask("reload")[1]["outcome"], "unchanged")
        self.policy.write_text(self.policy.read_text(encoding="utf-8") + "# The same.\n",
                               encoding="utf-8")
        self.assertEqual(self.gateway.ask("reload")[1]["outcome"], "applied")
        caller.send(b"still here")
        self.assertEqual(caller.take(10), b"still here")

        self.addCleanup(self.gateway.ask, "reload")
        self.addCleanup(self.permit, 'upgrade: "websocket"')
        self.permit("")
        self.assertEqual(self.gateway.ask("reload")[1]["outcome"], "applied")
        with self.assertRaisesRegex(ssl.SSLError, "ACCESS_DENIED"):
            caller.take(1)
        wait_until(lambda: "ended" in self.heard, "the service is told")
        record = self.gateway.audited(event="tunnel.end", reason="upgrade_not_permitted")
        self.assertIn("HTTP alone", record["detail"])


if __name__ == "__main__":
    main()
