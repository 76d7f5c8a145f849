#!/usr/bin/python3
"""Does it ever matter which data thread a connection came to? Method: a gateway with three of them,
and so many connections that the kernel gives some to each; whatever is asked must end as it does on
every other connection.
"""
import collections
import socket
import ssl
import subprocess

from harness import (BIN, SECONDS_MAX, Caller, GatewayCase, main, program, request,
                     wait_until)

DEVICE = "scan-02"
OWN = f"/v1/devices/{DEVICE}/scans"
POST = request("POST", OWN, body=b"1")
CONNECTIONS = 24  # That all of them come to two of three threads has a chance of 1 in 5,000.
BURST = 10


class ThreeThreads(GatewayCase):
    arguments = ("--workers", "3")

    @classmethod
    def furnish(cls, plant):
        with open(plant / "policy.d/rate.textproto", "w", encoding="utf-8") as policy:
            policy.write('function { name: "counter" permit { name: "count" service: "historian" '
                         'http { method: "GET" path: "/count" } '
                         f'rate {{ limit: 1 per: "1d" burst: {BURST} }} }} }}\n')
        devices = plant / "devices.csv"
        text = devices.read_text(encoding="utf-8")
        row = next(line for line in text.splitlines() if line.startswith("temp-02,"))
        devices.write_text(text.replace(row, row.replace("temperature-sensor", "counter")),
                           encoding="utf-8")

    def connections(self, device=DEVICE):
        """Open connections of one device, some on each thread."""
        callers = []
        for _ in range(CONNECTIONS):
            callers.append(self.gateway.connect(device))
            self.addCleanup(callers[-1].sock.close)
        wait_until(lambda: min(self.gateway.ask("status")[1]["sessions"]) > 0,
                   "connections on every thread")
        return callers

    def test_status_counts_every_thread(self):
        self.connections()
        wait_until(lambda: sum(self.gateway.ask("status")[1]["sessions"]) >= CONNECTIONS,
                   "a count of all connections")
        self.assertEqual(len(self.gateway.ask("status")[1]["sessions"]), 3)

    def test_the_same_question_has_the_same_answer(self):
        asked = {
            POST: (200, None),
            request("GET", OWN): (403, "method_not_permitted"),
            request("POST", "/v1/devices/scan-01/scans", body=b"1"): (403, "no_permit"),
            request("POST", OWN, body=b"1" * 2000): (413, "too_large"),
        }
        for caller in self.connections():
            for text, (status, reason) in asked.items():
                answer = caller.ask(text)
                self.assertEqual(answer.status, status, answer)
                if reason:
                    self.assertEqual(answer.problem()["reason"], reason)

    def test_a_budget_is_one_whichever_thread_it_is_spent_on(self):
        statuses = collections.Counter(
            caller.ask(request("GET", "/count")).status for caller in self.connections("temp-02"))
        self.assertEqual(statuses, {200: BURST, 429: CONNECTIONS - BURST})

    def test_a_session_is_resumed_whichever_thread_began_it(self):
        context = ssl.create_default_context(cafile=str(self.gateway.plant / "trust/plant-ca.pem"))
        keys = self.gateway.plant / "devices"
        context.load_cert_chain(keys / f"{DEVICE}.pem", keys / f"{DEVICE}.key")

        def call(session=None):
            sock = socket.create_connection(("127.0.0.1", self.gateway.port), SECONDS_MAX)
            caller = Caller(context.wrap_socket(sock, server_hostname="127.0.0.1",
                                                session=session))
            self.addCleanup(caller.sock.close)
            self.assertEqual(caller.ask(POST).status, 200)
            return caller.sock

        session = call().session
        resumed = [call(session).session_reused for _ in range(CONNECTIONS)]
        wait_until(lambda: min(self.gateway.ask("status")[1]["sessions"]) > 0,
                   "connections on every thread")
        self.assertEqual(resumed, [True] * CONNECTIONS)

    def test_the_records_of_all_threads_are_one_chain(self):
        for caller in self.connections():
            self.assertEqual(caller.ask(POST).status, 200)
        records = self.gateway.audit()
        self.assertEqual([record["seq"] for record in records],
                         list(range(1, len(records) + 1)))
        verified = subprocess.run([program(BIN, "interlock"), "audit", "verify",
                                   str(self.gateway.audit_file)], capture_output=True, text=True,
                                  check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


class OneForEachProcessor(GatewayCase):
    def test_unless_told_otherwise_each_processor_has_one(self):
        allowed = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(len(self.gateway.ask("status")[1]["sessions"]), int(allowed))


if __name__ == "__main__":
    main()
