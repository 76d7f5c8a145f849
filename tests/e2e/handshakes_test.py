#!/usr/bin/python3
"""Does a stranger ever get past the handshake, and is each told why in TLS's own words? Method: the
certificates of make-plant, in TLS 1.3 and, on the listener that allows it, in TLS 1.2.
"""
import socket

from harness import (DEVICES, SECONDS_MAX, TLS12, TLS13, GatewayCase, main, make_plant, request,
                     wait_until)

# Certificate -> (reason on record, alert in TLS 1.3, alert in TLS 1.2). They are the same in both,
# but that TLS 1.2 has no certificate_required (RFC 5246, 7.4.6, asks for handshake_failure).
REFUSED = {
    None: ("no_client_certificate", "certificate required", "handshake failure"),
    "unknown-01": ("unknown_device", "access denied", "access denied"),
    "expired-01": ("certificate_expired", "certificate expired", "certificate expired"),
    "revoked-01": ("certificate_revoked", "certificate revoked", "certificate revoked"),
}


class Handshakes(GatewayCase):
    def refused(self, device, port, version, reason, alert, plant=None):
        def records():
            return len(self.gateway.audit(event="handshake", decision="deny", reason=reason))
        before = records()
        self.assertEqual(self.gateway.refusal(device, port, version, plant), alert)
        wait_until(lambda: records() > before, f"a record of {reason}")
        self.assertTrue(self.nothing_arrived())

    def test_strangers_are_refused_in_tls_1_3(self):
        for device, (reason, alert, _) in REFUSED.items():
            for port in (self.gateway.port, self.gateway.port12):
                with self.subTest(f"{device} on {port}"):
                    self.refused(device, port, TLS13, reason, alert)

    def test_strangers_are_refused_in_tls_1_2(self):
        for device, (reason, _, alert) in REFUSED.items():
            with self.subTest(device):
                self.refused(device, self.gateway.port12, TLS12, reason, alert)

    def test_another_authority_is_refused_even_with_the_same_names(self):
        other = make_plant(self.folder / "other")
        for port, version in ((self.gateway.port, TLS13), (self.gateway.port12, TLS12)):
            with self.subTest(version):
                self.refused("temp-01", port, version, "untrusted_chain", "unknown ca", other)

    def test_every_kind_of_identity_and_key_is_known(self):
        for port, version in ((self.gateway.port, TLS13), (self.gateway.port12, TLS13),
                              (self.gateway.port12, TLS12)):
            for device in DEVICES:
                with self.subTest(f"{device} {version}"), \
                        self.gateway.connect(device, port, version) as caller:
                    answer = caller.ask(request("DELETE", "/"))
                    self.assertEqual(answer.status, 403)
                    denial = answer.problem()["denial_id"]
                    self.assertEqual(self.gateway.audited(denial_id=denial)["device"], device)

    def test_tls_1_2_is_refused_where_the_listener_does_not_allow_it(self):
        self.assertEqual(self.gateway.refusal("temp-01", version=TLS12), "protocol version")
        self.gateway.audited(event="handshake", reason="tls_failed")

    def test_plain_http_is_answered_with_no_http(self):
        with socket.create_connection(("127.0.0.1", self.gateway.port), SECONDS_MAX) as plain:
            plain.sendall(request("GET", "/"))
            received = plain.recv(65536)
        self.assertNotIn(b"HTTP/", received)
        self.assertTrue(self.nothing_arrived())


if __name__ == "__main__":
    main()
