"""How the devices of the demonstration call: with curl, as anybody would, and once with raw bytes
that no honest client sends."""
import dataclasses
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess

SECONDS_MAX = 10


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back: an HTTP status with its body, or a TLS alert, or neither and why."""
    status: int = 0
    body: bytes = b""
    alert: str = ""
    error: str = ""

    def problem(self, member):
        """A member of the problem details (RFC 9457) in the body; "" where there is none."""
        try:
            return str(json.loads(self.body).get(member, ""))
        except (ValueError, AttributeError):
            return ""

    def short(self):
        """In a few words: "201 allowed", "403 no_permit", "alert certificate expired"."""
        if self.alert:
            return f"alert {self.alert}"
        if not self.status:
            return self.error or "no answer"
        if self.status < 300:
            return f"{self.status} allowed"
        return f"{self.status} {self.problem('reason') or 'without a reason'}"


def alert_in(text):
    """The name of the TLS alert in an error message of OpenSSL: "certificate revoked"; or ""."""
    found = re.search(r"alert[ _]([a-z_ ]+)", text, re.IGNORECASE)
    return found[1].replace("_", " ").strip().lower() if found else ""


def curl_command(port, device, method, path, *extra):
    """The command as one would type it in the plant's folder. `device` names a certificate, or is
    None."""
    command = ["curl", "--cacert", "trust/plant-ca.pem"]
    if device:
        command += ["--cert", f"devices/{device}.pem", "--key", f"devices/{device}.key"]
    if method != "GET":
        command += ["--request", method]
    return command + [*extra, f"https://127.0.0.1:{port}{path}"]


class Connection:
    def __init__(self, port, context):
        self.http = http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS_MAX,
                                                context=context)

    def ask(self, method, path, body=None):
        try:
            self.http.request(method, path, body, {"Content-Type": "application/json"})
            self.http.auto_open = 0  # From here on it is this connection, or none.
            answer = self.http.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as failure:
            return Answer(error=str(failure) or "the connection is gone")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()


class Client:
    """Calls one gateway with the certificates of one plant."""

    def __init__(self, plant, port):
        self.plant = pathlib.Path(plant)
        self.port = port

    def curl(self, device, method, path, body=None, headers=()):
        extra = [word for header in headers for word in ("--header", header)]
        if body is not None:
            extra += ["--header", "Content-Type: application/json", "--data-binary", "@-"]
        command = curl_command(self.port, device, method, path, *extra)
        # -q: without the user's own curlrc, and first. The last line is ours, the rest is the body.
        command[1:1] = ["-q", "--silent", "--show-error", "--path-as-is", "--noproxy", "*",
                        "--max-time", str(SECONDS_MAX), "--write-out", "\n%{http_code} %{errormsg}"]
        done = subprocess.run(command, cwd=self.plant, input=body or b"", capture_output=True,
                              check=False)
        body, _, last = done.stdout.rpartition(b"\n")
        status, _, error = last.decode(errors="replace").partition(" ")
        return Answer(int(status or 0), body, alert_in(error), error)

    def context(self, device):
        made = ssl.create_default_context(cafile=str(self.plant / "trust/plant-ca.pem"))
        made.load_cert_chain(self.plant / f"devices/{device}.pem",
                             self.plant / f"devices/{device}.key")
        return made

    def connection(self, device):
        """A connection that stays open from one request to the next."""
        return Connection(self.port, self.context(device))

    def raw(self, device, request):
        """Sends these very bytes over TLS and reads until the gateway closes."""
        context = self.context(device)
        received = b""
        try:
            with socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX) as plain, \
                    context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
                tls.sendall(request)
                while piece := tls.recv(65536):
                    received += piece
        except OSError as failure:
            if not received:
                return Answer(alert=alert_in(str(failure)), error=str(failure))
        head, _, body = received.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        return Answer(int(status[1]) if status else 0, body, error="the gateway closed")
