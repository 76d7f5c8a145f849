#!/usr/bin/python3
"""Does a request reach a service through TLS, only the service that it must be, and does a changed
certificate take effect without a restart? Method: services that speak TLS with certificates of an
authority of their own, good ones and wrong ones, and reloads between requests.
"""
import pathlib
import socket
import ssl
import subprocess

from harness import GatewayCase, Service, main, request

DEVICE = "scan-02"
LABEL = request("GET", "/labels/1")
CLIENT, SERVER = "clientAuth", "serverAuth"


class Authority:
    """An authority of services, in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=services",
                     "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, host="mes.example", usage=SERVER, into=None):
        """Makes NAME.pem and NAME.key; `into` names the files otherwise."""
        into = into or name
        (self.folder / "ext").write_text(
            f"subjectAltName=DNS:{host}\nextendedKeyUsage={usage}\nkeyUsage=digitalSignature\n",
            encoding="ascii")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{into}.key", "-out", "csr", "-subj", f"/CN={name}")
        self.openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "10", "-extfile", "ext", "-out", f"{into}.pem")
        return self.folder / f"{into}.pem", self.folder / f"{into}.key"


class TlsService(Service):
    """A service behind TLS. `peers` are the subjects of the certificates that it was shown."""

    def __init__(self, context):
        self.context = context
        self.peers, self.resumed = [], []
        super().__init__()

    def _serve(self, wire):
        try:
            wire.sock = self.context.wrap_socket(wire.sock, server_side=True)
        except OSError:
            wire.sock.close()
            self._wires.remove(wire)
            return
        peer = wire.sock.getpeercert()
        self.peers.append(peer and dict(item[0] for item in peer["subject"])["commonName"])
        self.resumed.append(wire.sock.session_reused)
        super()._serve(wire)


class ServiceTls(GatewayCase):
    arguments = ("--workers", "1")  # Each keeps connections of its own.

    @classmethod
    def furnish(cls, plant):
        cls.authority = Authority(plant / "services")
        for name, host, usage in (("mes", "mes.example", SERVER), ("erp", "erp.example", SERVER),
                                  ("badge", "mes.example", CLIENT), ("gate", "gate.example", CLIENT),
                                  ("gate2", "gate.example", CLIENT)):
            cls.authority.issue(name, host, usage)

    def serve(self, name, asks=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.files(name))
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority.folder / "ca.pem")
        service = TlsService(context)
        self.addCleanup(service.stop)
        return service

    def files(self, name):
        return self.authority.folder / f"{name}.pem", self.authority.folder / f"{name}.key"

    def configure(self, service, settings=""):
        config = self.gateway.config
        before = config.read_text(encoding="utf-8")
        start = before.index('name: "recipes"')
        end = before.index("}", start)
        text = (f'name: "recipes" endpoint: "127.0.0.1:{service.port}" '
                f'tls {{ trust: "services" server_name: "mes.example" {settings} }} ')
        config.write_text(before[:start] + text + before[end:] +
                          'trust { name: "services" ca_file: "services/ca.pem" revocation: NONE '
                          'usage: SERVICES }\n', encoding="utf-8")
        self.addCleanup(self.reload)
        self.addCleanup(config.write_text, before, encoding="utf-8")
        self.reload()

    def reload(self, outcome="applied"):
        report = self.gateway.ask("reload")[1]
        self.assertEqual(report["outcome"], outcome, report)
        return report

    def ask(self):
        with self.gateway.connect(DEVICE) as caller:
            return caller.ask(LABEL)

    def test_a_request_goes_through_tls_to_the_service_by_its_name(self):
        service = self.serve("mes")
        self.configure(service)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(service.last().one("host"), f"mes.example:{service.port}")
        self.assertEqual(service.peers, [None])

    def test_another_service_than_the_one_gets_nothing_and_it_is_on_record(self):
        for name, words in (("erp", "it is for erp.example, not for mes.example"),
                            ("badge", "lists neither serverAuth")):
            service = self.serve(name)
            self.configure(service)
            answer = self.ask()
            self.assertEqual(answer.status, 502)
            record = self.gateway.audited(denial_id=answer.problem()["denial_id"])
            self.assertEqual(record["reason"], "service_unavailable")
            self.assertIn(words, record["detail"])
            self.assertEqual(service.requests, [])
            self.doCleanups()

    def test_the_gateway_shows_its_certificate_and_a_new_one_after_a_reload(self):
        service = self.serve("mes", asks=True)
        chain, key = self.files("shown")
        for path, source in zip((chain, key), self.files("gate")):
            path.write_bytes(source.read_bytes())
        self.configure(service, 'certificate { chain_file: "services/shown.pem" '
                                'key_file: "services/shown.key" }')
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(service.peers, ["gate"])  # One connection, kept.
        chain.write_bytes(self.files("gate2")[0].read_bytes())
        self.assertIn("not that of the first certificate", str(self.reload("rejected")))
        self.assertEqual(self.ask().status, 200)
        key.write_bytes(self.files("gate2")[1].read_bytes())
        self.reload()
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(service.peers, ["gate", "gate2"])

    def test_a_listener_shows_a_new_certificate_after_a_reload_and_open_connections_go_on(self):
        before = self.gateway.plant / "tls/gateway.pem"
        old = before.read_bytes()

        def shown():
            with self.gateway.connect(DEVICE) as caller:
                return caller.sock.getpeercert(binary_form=True)
        first = shown()
        self.assertEqual(first, ssl.PEM_cert_to_DER_cert(old.decode()))
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(LABEL).status, 200)
            before.write_bytes(self.files("erp")[0].read_bytes())
            self.addCleanup(self.reload)
            self.addCleanup(before.write_bytes, old)
            self.reload("rejected")  # Its key is another.
            self.assertEqual(shown(), first)
            key = self.gateway.plant / "tls/gateway.key"
            self.addCleanup(key.write_bytes, key.read_bytes())
            key.write_bytes(self.files("erp")[1].read_bytes())
            self.reload()
            self.assertEqual(caller.ask(LABEL).status, 200)
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as sock:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(sock) as tls:
                self.assertEqual(tls.getpeercert(binary_form=True),
                                 ssl.PEM_cert_to_DER_cert(self.files("erp")[0].read_text()))


if __name__ == "__main__":
    main()
