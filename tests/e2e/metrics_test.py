#!/usr/bin/python3
"""Do the metrics say what happened, wherever the configuration wants them, and to nobody's harm?
Method: the page over plain HTTP, before and after requests, reloads, and readers that misbehave.
"""
import contextlib
import http.client
import re
import socket

from harness import SECONDS_MAX, GatewayCase, free_port, main, request, wait_until

ALLOWED = request("POST", "/v1/devices/temp-01/readings", body=b"1")
REFUSED = request("DELETE", "/v1/devices/temp-01/readings")
CONNECTIONS_MAX = 8  # limits::kMetricsConnectionsMax


def read(port, method="GET", path="/metrics"):
    """The answer: its status, and its body."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, SECONDS_MAX)) as reader:
        reader.request(method, path)
        answer = reader.getresponse()
        return answer.status, answer.read().decode()


class MetricsCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.without = cls.gateway.config.read_text(encoding="utf-8")
        cls.metrics = free_port()
        cls.serve(cls.metrics)

    @classmethod
    def serve(cls, port):
        """Reloads with the metrics there, or without (None); returns what `reload` says."""
        block = f'metrics: "127.0.0.1:{port}"' if port else ""
        cls.gateway.config.write_text(cls.without.replace("admin {", f"admin {{ {block}"),
                                      encoding="utf-8")
        return cls.gateway.ask("reload")

    def value(self, series):
        status, page = read(self.metrics)
        self.assertEqual(status, 200)
        found = re.search(rf"(?m)^{re.escape(series)} (\S+)$", page)
        self.assertTrue(found, f"no {series} in {page}")
        return float(found[1])

    def becomes(self, series, value):
        """The page is made anew once a second."""
        wait_until(lambda: self.value(series) == value, f"{series} {value}")

    def ask(self, *requests):
        with self.gateway.connect("temp-01") as caller:
            return [caller.ask(each).status for each in requests]


class Page(MetricsCase):
    def test_it_counts_what_happened(self):
        decided = 'interlock_decisions_total{reason="%s"}'
        before = {reason: self.value(decided % reason) for reason in ("none", "no_permit")}
        full = 'interlock_handshakes_total{result="full",reason="none"}'
        revoked = 'interlock_handshakes_total{result="refused",reason="certificate_revoked"}'
        handshakes, refused = self.value(full), self.value(revoked)
        elsewhere = request("GET", "/elsewhere")
        self.assertEqual(self.ask(ALLOWED, ALLOWED, elsewhere), [200, 200, 403])
        self.gateway.refusal("revoked-01")
        self.becomes(decided % "none", before["none"] + 2)
        self.becomes(decided % "no_permit", before["no_permit"] + 1)
        self.becomes(full, handshakes + 1)
        self.becomes(revoked, refused + 1)
        self.becomes('interlock_connections_open{listener="telemetry"}', 0)
        self.assertGreater(self.value('interlock_service_requests_total{service="historian"}'), 1)
        self.assertGreater(self.value("interlock_request_duration_seconds_count"), 1)
        self.assertGreater(self.value("interlock_audit_records_total"), 3)

    def test_it_knows_the_process_and_what_will_end(self):
        for series in ("process_cpu_seconds_total", "process_resident_memory_bytes",
                       "process_open_fds", "process_max_fds", "process_start_time_seconds",
                       'interlock_certificate_not_after_timestamp_seconds{listener="telemetry"}',
                       "interlock_audit_healthy"):
            self.assertGreater(self.value(series), 0, series)
        _, page = read(self.metrics)
        self.assertRegex(page, r'(?m)^interlock_crl_fresh_until_timestamp_seconds\{trust="plant",'
                               r'issuer="[^"]+"\} \d+')

    def test_it_names_no_device(self):
        self.ask(ALLOWED, REFUSED)
        _, page = read(self.metrics)
        for word in ("temp-01", "/v1/", "127.0.0.1"):
            self.assertNotIn(word, page)

    def test_there_is_nothing_else(self):
        self.assertEqual(read(self.metrics, "HEAD"), (200, ""))
        self.assertEqual(read(self.metrics, "POST")[0], 405)
        self.assertEqual(read(self.metrics, path="/")[0], 404)


# A gateway of its own: until all are gone, others are turned away.
class Readers(MetricsCase):
    def test_readers_who_never_end_stop_nobody_but_other_readers(self):
        with contextlib.ExitStack() as held:
            # One more than have room: one has been read, and closed.
            for _ in range(CONNECTIONS_MAX):
                silent = socket.create_connection(("127.0.0.1", self.metrics), SECONDS_MAX)
                held.enter_context(silent)
            with socket.create_connection(("127.0.0.1", self.metrics), SECONDS_MAX) as late:
                self.assertEqual(late.recv(1), b"")
            self.assertEqual(self.ask(ALLOWED), [200])
            self.assertEqual(self.gateway.ask("status")[0], 0)

        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return read(self.metrics)[0] == 200
        wait_until(answers, "a page once they are gone")


class Reload(MetricsCase):
    def reaches(self, port):
        try:
            return read(port)[0] == 200
        except ConnectionRefusedError:
            return False

    def test_it_moves_the_page_ends_it_and_begins_it_again(self):
        other = free_port()
        self.assertEqual(self.serve(other)[0], 0)
        self.assertTrue(self.reaches(other))
        self.assertFalse(self.reaches(self.metrics))
        self.assertEqual(self.serve(None)[0], 0)
        self.assertFalse(self.reaches(other))
        self.assertEqual(self.serve(self.metrics)[0], 0)
        self.assertTrue(self.reaches(self.metrics))

    def test_an_address_that_is_taken_is_refused_and_the_page_stays(self):
        rejected = 'interlock_config_reloads_total{result="rejected"}'
        before = self.value(rejected)
        code, said = self.serve(self.historian.port)
        self.assertNotEqual(code, 0)
        self.assertIn("metrics cannot be served on", str(said))
        self.becomes(rejected, before + 1)
        self.becomes("interlock_config_last_reload_successful", 0)
        self.assertEqual(self.serve(self.metrics)[0], 0)
        self.becomes("interlock_config_last_reload_successful", 1)

    def test_the_gateway_starts_with_it_and_not_without_its_address(self):
        self.assertEqual(self.serve(self.metrics)[0], 0)
        self.assertEqual(self.gateway.stop(), 0)
        with socket.create_server(("127.0.0.1", self.metrics)):
            with self.assertRaisesRegex(Exception, "metrics cannot be served on"):
                self.gateway.start()
        self.gateway.start()
        self.assertTrue(self.reaches(self.metrics))


if __name__ == "__main__":
    main()
