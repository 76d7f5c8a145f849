#!/usr/bin/python3
"""Do requests go on while an endpoint of a service is down, and do people learn of it? Method: a
service with two endpoints, one of which stops and comes back; one with health checks; one that is
full; and a gateway that has no descriptor left for any.
"""
import threading

from harness import OK, GatewayCase, Service, main, request, wait_until

DEVICE = "scan-02"
OWN = f"/v1/devices/{DEVICE}/scans"
POST = request("POST", OWN, body=b"1")
LABEL = request("GET", "/labels/1")


class ServicesCase(GatewayCase):
    arguments = ("--workers", "2")

    def configure(self, service, settings):
        """Replaces what stands in a service's block."""
        config = self.gateway.config
        before = config.read_text(encoding="utf-8")
        start = before.index(f'name: "{service}"')
        end = before.index("}", start)
        config.write_text(before[:start] + f'name: "{service}" {settings} ' + before[end:],
                          encoding="utf-8")
        self.addCleanup(self.reload)
        self.addCleanup(config.write_text, before, encoding="utf-8")
        self.reload()

    def reload(self):
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (0, "applied"), report)

    def endpoint(self, port):
        return f'endpoint: "127.0.0.1:{port}"'

    def health(self, service):
        status = self.gateway.ask("status")[1]
        found, = [each for each in status["services"] if each["name"] == service]
        return {each["address"].split(":")[1]: each["health"] for each in found["endpoints"]}


class Endpoints(ServicesCase):
    def test_an_endpoint_that_stops_costs_no_request_and_is_used_again(self):
        second = Service()
        self.addCleanup(lambda: second.stop())
        port = second.port
        self.configure("historian", self.endpoint(self.historian.port) + self.endpoint(port))
        with self.gateway.connect(DEVICE) as caller:
            for _ in range(4):
                self.assertEqual(caller.ask(POST).status, 200)
            self.assertEqual((len(self.historian.requests), len(second.requests)), (2, 2))
            second.stop()
            for _ in range(10):
                self.assertEqual(caller.ask(POST).status, 200)
            wait_until(lambda: self.health("historian")[str(port)] == "failing", "it is noticed")
            record = self.gateway.audited(event="service.down")
            self.assertEqual(record["service"], "historian")
            self.assertEqual(record["detail"], f"127.0.0.1:{port} does not answer: the service "
                                               "cannot be reached: Connection refused")
            said = self.gateway.cli("status", "--socket", self.gateway.socket)
            self.assertEqual(said.returncode, 1)
            self.assertIn(f"historian at 127.0.0.1:{port}: FAILING: the service cannot be "
                          "reached: Connection refused", said.stdout)
            second = Service(port)

            def asked_again():
                self.assertEqual(caller.ask(POST).status, 200)
                return second.requests
            wait_until(asked_again, "the endpoint is used again")
            self.gateway.audited(event="service.up", service="historian")

    def test_why_a_service_cannot_be_reached_is_on_record_and_explained(self):
        gone = Service()
        gone.stop()
        self.configure("recipes", self.endpoint(gone.port))
        with self.gateway.connect(DEVICE) as caller:
            answer = caller.ask(LABEL)
        self.assertEqual(answer.status, 502)
        self.assertEqual(answer.problem()["detail"],
                         "the service cannot be reached: Connection refused")
        denial = answer.problem()["denial_id"]
        self.assertEqual(self.gateway.audited(denial_id=denial)["event"], "service")
        explained = self.gateway.cli("explain", "--config", self.gateway.config, denial)
        self.assertIn("Connection refused", explained.stdout)


class Health(ServicesCase):
    def test_checks_take_an_endpoint_out_and_bring_it_back(self):
        well = True

        class Checked(Service):
            def _serve(self, wire):
                with wire.sock:
                    try:
                        while True:
                            asked = wire.message()
                            self.requests.append(asked)
                            status = b"200 OK" if well else b"500 No"
                            wire.sock.sendall(b"HTTP/1.1 " + status +
                                              b"\r\nContent-Length: 0\r\n\r\n")
                    except (EOFError, OSError):
                        pass

        service = Checked()
        self.addCleanup(service.stop)
        self.configure("recipes", self.endpoint(service.port) +
                       ' health_path: "/healthz" health_interval: "1s"')
        wait_until(lambda: service.requests, "a check")
        self.assertEqual(service.requests[0].start, "GET /healthz HTTP/1.1")
        self.assertFalse(service.requests[0].all("client-cert"))
        well = False
        wait_until(lambda: self.health("recipes")[str(service.port)] == "down", "it is down")
        with self.gateway.connect(DEVICE) as caller:
            answer = caller.ask(LABEL)
            self.assertEqual((answer.status, answer.one("retry-after")), (503, "1"))
            self.assertEqual(answer.problem()["reason"], "service_unavailable")
            self.assertFalse([each for each in service.requests if "labels" in each.start])
            record = self.gateway.audited(event="service.down", service="recipes")
            self.assertIn("its health check was answered 500", record["detail"])
            well = True
            wait_until(lambda: self.health("recipes")[str(service.port)] == "up", "it is up")
            self.assertEqual(caller.ask(LABEL).status, 200)


class Full(ServicesCase):
    def test_one_connection_goes_round_all_threads_and_devices(self):
        one_at_a_time = Counted()
        self.addCleanup(one_at_a_time.stop)
        self.configure("historian", self.endpoint(one_at_a_time.port) +
                       ' max_connections: 1 queue_wait: "20s"')
        # On both data threads, of two devices; each has a request more to send as long as it lives.
        callers = [(self.gateway.connect(device), request("POST", f"/v1/devices/{device}/scans",
                                                          body=b"1"))
                   for device in ("scan-01", "scan-02") for _ in range(6)]
        statuses = []

        def ask_all(caller, question):
            with caller:
                statuses.extend(caller.ask(question).status for _ in range(10))
        threads = [threading.Thread(target=ask_all, args=each) for each in callers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * (10 * len(callers)))
        self.assertEqual(one_at_a_time.most, 1)


class Counted(Service):
    """Counts how many requests it works on at the same time."""

    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0
        super().__init__()

    def _serve(self, wire):
        with wire.sock:
            try:
                while True:
                    self.requests.append(wire.message())
                    with self.lock:
                        self.now += 1
                        self.most = max(self.most, self.now)
                    wire.sock.sendall(OK[:-1])
                    with self.lock:
                        self.now -= 1
                    wire.sock.sendall(OK[-1:])
            except (EOFError, OSError):
                pass


if __name__ == "__main__":
    main()
