"""The end of what a web server understood of a request: an SCGI server that records each whole one.
Both nginx and lighttpd speak SCGI, so one recorder tells what either made of the same bytes."""
import dataclasses
import re
import socket
import threading


@dataclasses.dataclass
class Seen:
    """One request as a web server passed it on."""
    method: str
    target: str    # As it came: path and query.
    path: str      # Decoded and normalised by the web server, where it says so.
    host: str
    length: int    # Content-Length, as the web server understood it.
    body: bytes
    caller: str    # "127.0.0.1:40112": the connection to the gateway that it came by.
    device: str    # Who it was told was calling.


class Recorder:
    def __init__(self):
        self.seen = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # stop() has closed it.
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, sock.makefile("rb") as stream:
            size = b""
            while not size.endswith(b":"):
                digit = stream.read(1)
                if not digit:
                    return
                size += digit
            block = stream.read(int(size[:-1]) + 1)[:-2].split(b"\0")
            values = dict(zip((name.decode("latin-1") for name in block[::2]), block[1::2]))
            text = {name: value.decode("latin-1") for name, value in values.items()}
            length = int(text["CONTENT_LENGTH"] or "0")
            body = stream.read(length)
            if len(body) != length:
                return  # The web server gave up in the middle.
            caller = re.search('for="([^"]*)"', text.get("HTTP_FORWARDED", ""))
            self.seen.append(Seen(
                method=text["REQUEST_METHOD"], target=text["REQUEST_URI"],
                path=text.get("NORMAL_PATH", ""), host=text.get("HTTP_HOST", ""), length=length,
                body=body, caller=caller.group(1) if caller else "",
                device=text.get("HTTP_INTERLOCK_DEVICE", "")))
            sock.sendall(b"Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n"
                         b"ok\n")

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
