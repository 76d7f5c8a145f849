#!/usr/bin/python3
"""Do devices that come back resume their sessions, with the client library that most of them have?
Method: OpenSSL's client against the real gateway, in TLS 1.3 and 1.2.
"""
import socket
import ssl
import subprocess

from harness import (BIN, SECONDS_MAX, TLS12, TLS13, Caller, GatewayCase, interlockd, main,
                     request, wait_until)

# OpenSSL's SSL_OP_NO_EXTENDED_MASTER_SECRET, which Python has no name for.
NO_EXTENDED_MASTER_SECRET = 0x1


class Returning(GatewayCase):
    def context(self, version, options=0):
        made = ssl.create_default_context(cafile=str(self.gateway.plant / "trust/plant-ca.pem"))
        made.minimum_version = made.maximum_version = version
        made.options |= options
        made.load_cert_chain(self.gateway.plant / "devices/temp-01.pem",
                             self.gateway.plant / "devices/temp-01.key")
        return made

    def call(self, context, port, session=None):
        """Calls once, offering `session`, and is known as temp-01. Returns whether the session was
        resumed, and the one to offer next."""
        sock = socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
        with Caller(context.wrap_socket(sock, server_hostname="127.0.0.1",
                                        session=session)) as caller:
            answer = caller.ask(request("DELETE", "/"))
            denial = answer.problem()["denial_id"]
            self.assertEqual(self.gateway.audited(denial_id=denial)["device"], "temp-01")
            return caller.sock.session_reused, caller.sock.session

    def listeners(self):
        return ((TLS13, self.gateway.port), (TLS13, self.gateway.port12),
                (TLS12, self.gateway.port12))


class Resumption(Returning):
    def test_a_device_that_comes_back_resumes_again_and_again(self):
        for version, port in self.listeners():
            with self.subTest(f"{version} on {port}"):
                context = self.context(version)
                reused, session = self.call(context, port)
                self.assertFalse(reused)
                for _ in range(3):
                    reused, session = self.call(context, port, session)
                    self.assertTrue(reused)

    def test_listeners_of_the_same_trust_share_sessions(self):
        context = self.context(TLS13)
        _, session = self.call(context, self.gateway.port)
        self.assertTrue(self.call(context, self.gateway.port12, session)[0])

    def test_without_the_extended_master_secret_nothing_is_resumed(self):
        context = self.context(TLS12, NO_EXTENDED_MASTER_SECRET)
        _, session = self.call(context, self.gateway.port12)
        self.assertIsNotNone(session)
        self.assertFalse(self.call(context, self.gateway.port12, session)[0])

    def test_after_a_restart_everybody_starts_anew(self):
        for version, port in self.listeners():
            with self.subTest(f"{version} on {port}"):
                context = self.context(version)
                _, session = self.call(context, port)
                self.assertEqual(self.gateway.stop(), 0)
                self.gateway.process = interlockd(BIN, self.gateway.config,
                                                  self.gateway.plant / "interlockd.log")
                self.assertFalse(self.call(context, port, session)[0])


class Revocation(Returning):
    def revoke(self):
        for command in (("-revoke", "devices/temp-01.pem"),
                        ("-gencrl", "-crldays", "7", "-out", "trust/plant.crl")):
            subprocess.run(["openssl", "ca", "-config", "authority/openssl.cnf", *command],
                           check=True, cwd=self.gateway.plant, capture_output=True)
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (0, "applied"))

    def test_a_revoked_certificate_loses_its_open_connection_and_its_sessions(self):
        kept = [(context, port, self.call(context, port)[1]) for context, port in
                ((self.context(version), port) for version, port in self.listeners())]
        with self.gateway.connect("temp-01") as opened:
            self.assertEqual(opened.ask(request("DELETE", "/")).status, 403)
            self.revoke()
            with self.assertRaises((EOFError, ssl.SSLError)):
                opened.message()
        for context, port, session in kept:
            with self.subTest(f"{context.maximum_version} on {port}"):
                with self.assertRaisesRegex(ssl.SSLError, "revoked"):
                    self.call(context, port, session)
        wait_until(lambda: len(self.gateway.audit(event="handshake", reason="certificate_revoked"))
                   == 1 + len(kept), "each refusal on record, once")


if __name__ == "__main__":
    main()
