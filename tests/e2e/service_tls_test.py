#!/usr/bin/python3
"""Does a request reach a service through TLS, only the service that it must be, and does a changed
certificate take effect without a restart? Method: services that speak TLS with certificates of an
authority of their own, good ones and wrong ones, and reloads between requests.
"""
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile

from harness import GatewayCase, Service, free_port, main, request
from processes import Process

DEVICE = "scan-02"
LABEL = request("GET", "/labels/1")
CLIENT, SERVER = "clientAuth", "serverAuth"

NGINX = """\
daemon off;
master_process off;
pid "{folder}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate "{chain}";
    ssl_certificate_key "{key}";
    ssl_protocols TLSv1.3;
    ssl_client_certificate "{authority}";
    ssl_verify_client on;
    location / {{ return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name\\n"; }}
  }}
}}
"""


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

    def revoke(self, *names):
        """Makes services.crl, which revokes these certificates."""
        for file in ("index", "index.attr"):
            (self.folder / file).write_text("", encoding="ascii")
        (self.folder / "crl.cnf").write_text(
            "[ca]\ndefault_ca = services\n[services]\ndatabase = index\ncertificate = ca.pem\n"
            "private_key = ca.key\ndefault_md = sha256\ndefault_crl_days = 2\n", encoding="ascii")
        for name in names:
            self.openssl("ca", "-config", "crl.cnf", "-revoke", f"{name}.pem")
        self.openssl("ca", "-config", "crl.cnf", "-gencrl", "-out", "services.crl")


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

    def configure(self, port, settings="", revocation="revocation: NONE"):
        config = self.gateway.config
        before = config.read_text(encoding="utf-8")
        start = before.index('name: "recipes"')
        end = before.index("}", start)
        text = (f'name: "recipes" endpoint: "127.0.0.1:{port}" '
                f'tls {{ trust: "services" server_name: "mes.example" {settings} }} ')
        config.write_text(before[:start] + text + before[end:] +
                          f'trust {{ name: "services" ca_file: "services/ca.pem" {revocation} '
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

    def check_refused(self, answer, words):
        self.assertEqual(answer.status, 502)
        record = self.gateway.audited(denial_id=answer.problem()["denial_id"])
        self.assertEqual(record["reason"], "service_unavailable")
        self.assertIn(words, record["detail"])

    def serve_nginx(self):
        """nginx that wants a certificate of our authority, and says whose it got; its port."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="interlock-nginx-"))
        self.addCleanup(shutil.rmtree, folder)
        port = free_port()
        chain, key = self.files("mes")
        (folder / "conf").write_text(NGINX.format(
            folder=folder, port=port, chain=chain, key=key,
            authority=self.authority.folder / "ca.pem"), encoding="utf-8")
        server = Process("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", str(folder / "conf")],
                         folder / "log")
        self.addCleanup(server.stop)
        server.wait_for_port(port)
        return port

    def test_a_request_goes_through_tls_to_the_service_by_its_name(self):
        service = self.serve("mes")
        self.configure(service.port)
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(service.last().one("host"), f"mes.example:{service.port}")
        self.assertEqual(service.peers, [None])

    def test_another_service_than_the_one_gets_nothing_and_it_is_on_record(self):
        for name, words in (("erp", "it is for erp.example, not for mes.example"),
                            ("badge", "lists neither serverAuth")):
            service = self.serve(name)
            self.configure(service.port)
            answer = self.ask()
            self.check_refused(answer, words)
            self.assertEqual(service.requests, [])
            self.doCleanups()

    def test_a_service_that_is_revoked_or_of_another_authority_gets_nothing_more(self):
        service = self.serve("mes")
        self.authority.revoke()
        self.configure(service.port, revocation='crl { file: "services/services.crl" }')
        with self.gateway.connect(DEVICE) as caller:
            self.assertEqual(caller.ask(LABEL).status, 200)
            self.authority.revoke("mes")
            self.reload()
            self.check_refused(caller.ask(LABEL), "revoked")  # Although a connection was kept.
            self.authority.revoke()
            self.reload()
            self.assertEqual(caller.ask(LABEL).status, 200)
            ours = (self.authority.folder / "ca.pem").read_bytes()
            other = Authority(self.authority.folder / "other")
            other.revoke()
            for name in ("ca.pem", "services.crl"):
                (self.authority.folder / name).write_bytes((other.folder / name).read_bytes())
            self.addCleanup((self.authority.folder / "ca.pem").write_bytes, ours)
            self.reload()
            self.check_refused(caller.ask(LABEL), "issuer certificate")
        self.assertEqual(len(service.requests), 2)

    def test_nginx_sees_the_gateway_s_certificate_and_no_request_without(self):
        port = self.serve_nginx()
        shown = 'certificate { chain_file: "services/gate.pem" key_file: "services/gate.key" }'
        self.configure(port, shown)
        for _ in range(3):  # The later ones over a kept connection, or a resumed session.
            answer = self.ask()
            self.assertEqual((answer.status, answer.body), (200, b"SUCCESS CN=gate mes.example\n"))
        self.doCleanups()
        port = self.serve_nginx()
        self.configure(port)
        self.assertEqual(self.ask().status, 400)  # Of nginx: "No required SSL certificate was sent".

    def test_the_gateway_shows_its_certificate_and_a_new_one_after_a_reload(self):
        service = self.serve("mes", asks=True)
        chain, key = self.files("shown")
        for path, source in zip((chain, key), self.files("gate")):
            path.write_bytes(source.read_bytes())
        self.configure(service.port, 'certificate { chain_file: "services/shown.pem" '
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
