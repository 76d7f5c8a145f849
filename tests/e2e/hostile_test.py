#!/usr/bin/python3
"""Is a known device served while others try to use the gateway up? Method: crowds of connections
from addresses of their own (127.0.0.0/8 is all this machine), and file descriptors taken away from
the running process. What each limit does exactly is tested in the simulation.
"""
import contextlib
import pathlib
import resource
import select
import socket

from harness import SECONDS_MAX, GatewayCase, main, request, wait_until

ADDRESSES = 48            # Of strangers ...
SOCKETS_PER_ADDRESS = 40  # ... with so many connections each: 1,920 in all.


def is_closed(sock):
    """True where the other side has closed; nothing is ever sent on such a socket."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll(0) != []


class HostileTest(GatewayCase):
    def strangers(self, stack, number, each):
        """Opens `each` connections from each of `number` addresses, which stay silent."""
        crowd = []
        for address in range(number):
            for _ in range(each):
                sock = socket.socket()
                stack.enter_context(sock)
                sock.settimeout(SECONDS_MAX)
                sock.bind((f"127.0.9.{address + 1}", 0))
                sock.connect(("127.0.0.1", self.gateway.port))
                crowd.append(sock)
        return crowd

    @contextlib.contextmanager
    def known(self, device):
        with self.gateway.connect(device) as caller:
            caller.device = device
            yield caller

    def served(self, caller):
        path = f"/v1/devices/{caller.device}/scans"
        return caller.ask(request("POST", path, body=b"1")).status == 200

    def test_known_device_is_served_while_strangers_connect_and_say_nothing(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = ADDRESSES * SOCKETS_PER_ADDRESS + 500
        if hard < needed:
            self.skipTest(f"needs {needed} file descriptors, and may have {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
        with contextlib.ExitStack() as stack, self.known("scan-01") as caller:
            self.assertTrue(self.served(caller))
            crowd = self.strangers(stack, ADDRESSES, SOCKETS_PER_ADDRESS)
            # A quarter of the handshakes is kept for the address that is known.
            wait_until(lambda: sum(map(is_closed, crowd)) >= len(crowd) - 768, "some are closed")
            self.assertTrue(self.served(caller))
            with self.known("scan-02") as another:
                self.assertTrue(self.served(another))
            record = self.gateway.audited(event="handshake", reason="overloaded")
            self.assertIn("handshakes are under way", record["detail"])
            _, status = self.gateway.ask("status")
            self.assertLessEqual(sum(status["sessions"]), 768 + 10)
            self.assertGreater(status["sessions_max"], 768 + 10)

    def test_limits_change_with_a_reload_and_hold_for_each_device(self):
        before = self.gateway.config.read_text(encoding="utf-8")
        self.addCleanup(lambda: (self.gateway.config.write_text(before, encoding="utf-8"),
                                 self.gateway.ask("reload")))
        self.gateway.config.write_text(before + "limits { connections_per_device: 2 }\n",
                                       encoding="utf-8")
        self.assertEqual(self.gateway.ask("reload")[0], 0)
        with self.gateway.connect("temp-01"), self.gateway.connect("temp-01"):
            self.assertEqual(self.gateway.refusal("temp-01"), "internal error")
            record = self.gateway.audited(device="temp-01", reason="overloaded")
            self.assertIn("2 connections open", record["detail"])
            with self.known("scan-01") as caller:
                self.assertTrue(self.served(caller))

    def test_accepting_rests_without_descriptors_and_goes_on_with_them(self):
        pid = self.gateway.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, pid, resource.RLIMIT_NOFILE, before)
        with self.known("scan-01") as caller:
            self.assertTrue(self.served(caller))  # And a connection to the service is there now.
            highest = max(int(fd.name) for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())
            taken = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
            with contextlib.ExitStack() as stack:
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
                # Free numbers below the highest are still given out.
                self.strangers(stack, 1, highest + 1 - taken + 5)
                self.gateway.audited(reason="overloaded",
                                     detail="no file descriptor is free for another connection")
                self.assertTrue(self.served(caller))
                resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
                with self.known("scan-02") as another:
                    self.assertTrue(self.served(another))

    def test_process_takes_the_descriptors_that_it_may_have(self):
        soft, hard = resource.prlimit(self.gateway.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(soft, hard)


if __name__ == "__main__":
    main()
