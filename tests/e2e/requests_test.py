#!/usr/bin/python3
"""Does an operation reach the service exactly when it may, as it was judged, and with the name of
the device that proved itself? Method: raw requests over TLS, and services that record every byte.
"""
from harness import Cut, GatewayCase, Service, main, request, wait_until

OWN = "/v1/devices/temp-01/readings"
OTHER = "/v1/devices/temp-02/readings"
READING = b'{"celsius":21.5}'

POST = request("POST", OWN, body=READING)


class Permitted(GatewayCase):
    def test_a_permitted_post_arrives_and_its_answer_returns(self):
        self.historian.script.append(b"HTTP/1.1 201 Created\r\nX-Stored: 7\r\n"
                                     b"Content-Length: 15\r\n\r\n{\"stored\":true}")
        with self.gateway.connect("temp-01") as caller:
            answer = caller.ask(request("POST", OWN + "?unit=C&x=%2F", body=READING))
        self.assertEqual((answer.status, answer.body), (201, b'{"stored":true}'))
        self.assertEqual(answer.one("x-stored"), "7")
        seen = self.historian.last()
        self.assertEqual(seen.start, f"POST {OWN}?unit=C&x=%2F HTTP/1.1")
        self.assertEqual(seen.body, READING)
        self.assertEqual(seen.one("content-length"), str(len(READING)))
        self.assertEqual(seen.one("content-type"), "application/json")
        self.assertEqual(seen.one("host"), f"127.0.0.1:{self.historian.port}")

    def test_the_permit_chooses_the_service_and_host_never_does(self):
        with self.gateway.connect("hmi-02") as caller:
            self.assertEqual(caller.ask(request("GET", OWN, host="recipes")).status, 200)
            self.assertEqual(caller.ask(request("GET", "/recipes/a.json", host="historian")).status,
                             200)
        self.assertEqual([one.start for one in self.historian.requests], [f"GET {OWN} HTTP/1.1"])
        self.assertEqual([one.start for one in self.recipes.requests],
                         ["GET /recipes/a.json HTTP/1.1"])

    def test_many_requests_of_one_connection_use_one_connection_to_the_service(self):
        before = self.historian.connections
        with self.gateway.connect("temp-01") as caller:
            for number in range(5):
                answer = caller.ask(request("POST", OWN, body=b"%d" % number))
                self.assertEqual(answer.status, 200)
        self.assertEqual([one.body for one in self.historian.requests],
                         [b"0", b"1", b"2", b"3", b"4"])
        self.assertLessEqual(self.historian.connections - before, 1)

    def test_pipelined_requests_are_answered_in_order(self):
        for number in b"12":
            self.historian.script.append(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%c" % number)
        with self.gateway.connect("temp-01") as caller:
            caller.send(POST + request("DELETE", OWN) + POST)
            answers = [caller.message() for _ in range(3)]
        self.assertEqual([one.status for one in answers], [200, 403, 200])
        self.assertEqual([answers[0].body, answers[2].body], [b"1", b"2"])

    def test_a_chunked_body_arrives_whole(self):
        head = request("POST", OWN, "Transfer-Encoding: chunked")
        with self.gateway.connect("temp-01") as caller:
            for piece in (head, b"4;ext=1\r\n{\"a\"", b"\r\n3\r\n:1}\r\n", b"0\r\n\r\n"):
                caller.send(piece)
            self.assertEqual(caller.message().status, 200)
        self.assertEqual(self.historian.last().body, b'{"a":1}')
        self.assertEqual(self.historian.last().one("transfer-encoding"), "chunked")
        self.assertNotIn(b"ext=1", self.historian.last().raw)

    def test_a_client_that_expects_100_is_told_to_go_on(self):
        head, _, body = request("POST", OWN, "Expect: 100-continue", body=READING).partition(
            b"\r\n\r\n")
        with self.gateway.connect("temp-01") as caller:
            self.assertEqual(caller.ask(head + b"\r\n\r\n").status, 100)
            self.assertEqual(caller.ask(body).status, 200)
        self.assertEqual(self.historian.last().body, READING)
        self.assertEqual(self.historian.last().all("expect"), [])

    def test_large_and_chunked_answers_return_whole(self):
        large = bytes(range(256)) * 4096
        self.historian.script += [
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(large) + large,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]
        with self.gateway.connect("hmi-01") as caller:
            self.assertEqual(caller.ask(request("GET", OWN)).body, large)
            self.assertEqual(caller.ask(request("GET", OWN)).body, b"abcde")


class Identity(GatewayCase):
    def test_the_service_is_told_which_device_called(self):
        with self.gateway.connect("temp-01") as caller:
            caller.ask(POST)
        seen = self.historian.last()
        self.assertEqual(seen.one("interlock-device"), "temp-01")
        self.assertEqual(seen.one("interlock-function"), "temperature-sensor")
        self.assertEqual(seen.one("client-cert"), f":{self.gateway.leaf_base64('temp-01')}:")
        self.assertIn("URI=spiffe://plant.example/device/temp-01",
                      seen.one("x-forwarded-client-cert"))
        self.assertRegex(seen.one("forwarded"), r'^for="127\.0\.0\.1:\d+";proto=https$')

    def test_forged_identity_is_removed_in_any_spelling(self):
        forged = [f"{name}: forged" for name in (
            "Interlock-Device", "interlock-device", "INTERLOCK_DEVICE", "Interlock_Device",
            "Interlock-Anything", "Client-Cert", "Client_Cert", "Client-Cert-Chain",
            "X-Forwarded-Client-Cert", "x_forwarded_client_cert", "Forwarded", "X-Forwarded-For",
            "X_Forwarded_For", "X-Forwarded-Host", "X-Real-IP", "X-SSL-Client-CN",
            "SSL_CLIENT_S_DN", "X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Via",
            "Proxy", "X-Client-Cert", "X-ARR-ClientCert", "X-Amzn-Mtls-Clientcert-Leaf",
            "True-Client-IP", "CF-Connecting-IP", "X-Original-Method", "X-Forwarded-Prefix",
            "X-Forwarded-Uri", "Proxy-Connection", "interlock.device", "CLIENT.CERT",
            "Interlock-Device", "Interlock-Assurance", "Interlock-Via")]
        with self.gateway.connect("temp-01") as caller:
            answer = caller.ask(request("POST", OWN, *forged, "X-Sensor: kept", body=READING))
        self.assertEqual(answer.status, 200)
        seen = self.historian.last()
        self.assertNotIn(b"forged", seen.raw)
        self.assertEqual(seen.one("interlock-device"), "temp-01")
        self.assertEqual(seen.one("x-sensor"), "kept")

    def test_identity_in_trailers_reaches_nobody(self):
        head = request("POST", OWN, "Transfer-Encoding: chunked", "Trailer: Interlock-Device")
        with self.gateway.connect("temp-01") as caller:
            self.assertEqual(caller.ask(head + b"1\r\nx\r\n0\r\nInterlock-Device: forged\r\n"
                                        b"client_cert: forged\r\n\r\n").status, 200)
            self.assertEqual(caller.ask(POST).status, 200)
        for seen in self.historian.requests:
            self.assertNotIn(b"forged", seen.raw)
            self.assertEqual(seen.all("trailer"), [])
            self.assertEqual(seen.one("interlock-device"), "temp-01")

    def test_connection_takes_no_identity_away(self):
        for name in ("Client-Cert", "interlock_device", "X-Forwarded-Client-Cert", "Forwarded",
                     "Authorization"):
            with self.subTest(name), self.gateway.connect("temp-01") as caller:
                answer = caller.ask(request("POST", OWN, f"Connection: close, {name}", body=READING))
                self.assertEqual((answer.status, answer.problem()["reason"]),
                                 (400, "ambiguous_request"))
        self.assertTrue(self.nothing_arrived())

    def test_what_belongs_to_one_hop_stays_there(self):
        with self.gateway.connect("temp-01") as caller:
            caller.ask(request("POST", OWN, "Connection: keep-alive, X-Hop", "X-Hop: mine",
                               "Keep-Alive: timeout=5", "TE: trailers", "Upgrade: h2c",
                               "Proxy-Authorization: Basic eA==", body=READING))
        self.assertEqual([name for name, _ in self.historian.last().fields if name in
                          ("x-hop", "keep-alive", "te", "upgrade", "proxy-authorization")], [])

    def test_each_device_is_itself_on_a_pooled_connection(self):
        for device in ("temp-01", "temp-02", "temp-01"):
            with self.gateway.connect(device) as caller:
                self.assertEqual(
                    caller.ask(request("POST", f"/v1/devices/{device}/readings", body=b"1")).status,
                    200)
            self.assertEqual(self.historian.last().one("interlock-device"), device)


class Refused(GatewayCase):
    def refused(self, device, data, status, reason):
        """Sends the bytes; the refusal must be in the protocol's words, on record, and final."""
        self.forget()
        with self.gateway.connect(device) as caller:
            answer = caller.ask(data)
        self.assertEqual(answer.status, status, answer.raw)
        self.assertEqual(answer.one("content-type"), "application/problem+json")
        problem = answer.problem()
        self.assertEqual((problem["status"], problem["reason"]), (status, reason))
        self.assertTrue(problem["detail"])
        self.assertRegex(problem["denial_id"], r"^[0-9a-f]{32}$")
        record = self.gateway.audited(denial_id=problem["denial_id"])
        self.assertEqual((record["decision"], record["reason"], record["device"]),
                         ("deny", reason, device))
        self.assertTrue(self.nothing_arrived())

    def test_what_no_permit_covers(self):
        for device, method, path, reason in (
                ("temp-01", "POST", OTHER, "no_permit"),
                ("temp-01", "POST", OWN + "/", "no_permit"),
                ("temp-01", "POST", OWN + "/x", "no_permit"),
                ("temp-01", "POST", "/", "no_permit"),
                ("temp-01", "POST", "/V1/devices/temp-01/readings", "no_permit"),
                ("temp-01", "DELETE", OWN, "method_not_permitted"),
                ("temp-01", "post", OWN, "method_not_permitted"),
                ("temp-01", "GET", OWN, "method_not_permitted"),
                ("hmi-01", "DELETE", OWN, "method_not_permitted"),
                ("hmi-01", "GET", "/labels/4711.txt", "no_permit"),
                ("scan-01", "POST", "/v1/devices/scan-02/scans", "no_permit")):
            with self.subTest(f"{device} {method} {path}"):
                self.refused(device, request(method, path, body=b""), 403, reason)

    def test_a_body_larger_than_its_permit(self):
        self.refused("temp-01", request("POST", OWN, body=b"9" * 4097), 413, "too_large")

    def test_a_body_of_just_the_permitted_size_is_allowed(self):
        with self.gateway.connect("temp-01") as caller:
            self.assertEqual(caller.ask(request("POST", OWN, body=b"9" * 4096)).status, 200)
        self.assertEqual(len(self.historian.last().body), 4096)

    def test_a_chunked_body_that_grows_too_large_is_never_whole_at_the_service(self):
        data = request("POST", OWN, "Transfer-Encoding: chunked") + b"1000\r\n" + b"9" * 4096 + (
            b"\r\n1\r\n9\r\n0\r\n\r\n")
        self.refused("temp-01", data, 413, "too_large")

    def test_a_path_that_could_be_read_in_two_ways(self):
        for path in ("/v1/devices/temp-02/../temp-01/readings", "/v1/devices/./temp-01/readings",
                     "/v1/devices/temp-02/%2e%2e/temp-01/readings", "/v1//devices/temp-01/readings",
                     "/v1/devices%2ftemp-01/readings", "/v1/devices%5ctemp-01/readings",
                     "/v1/devices/temp-01/readings;x=1", "/v1/devices/temp-01/%252e/readings"):
            with self.subTest(path):
                self.refused("temp-01", request("POST", path, body=READING), 400,
                             "ambiguous_request")

    def test_the_spelling_of_a_path_does_not_matter(self):
        with self.gateway.connect("temp-01") as caller:
            self.assertEqual(
                caller.ask(request("POST", "/v1/devices/%74emp%2D01/readings", body=b"1")).status,
                200)
        self.assertEqual(self.historian.last().start, f"POST {OWN} HTTP/1.1")


class Smuggling(GatewayCase):
    """Whatever follows such a request on its connection must never be read as another one."""

    HIDDEN = request("POST", OWN, "X-Hidden: yes", body=b"hidden")

    def broken(self, data):
        self.forget()
        with self.gateway.connect("temp-01") as caller:
            answer = caller.ask(data + self.HIDDEN)
            self.assertEqual(answer.status, 400, answer.raw)
            self.assertIn(answer.problem()["reason"], ("malformed", "ambiguous_request"))
            self.assertTrue(caller.closed())
        self.assertTrue(self.nothing_arrived())

    def test_a_message_with_two_meanings_ends_the_connection(self):
        start = f"POST {OWN} HTTP/1.1\r\n"
        host = "Host: gateway.local\r\n"
        for name, text in {
                "length and chunked": start + host + "Content-Length: 6\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "two lengths": start + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12",
                "a list of lengths": start + host + "Content-Length: 1, 1\r\n\r\n1",
                "a signed length": start + host + "Content-Length: +1\r\n\r\n1",
                "chunked twice": start + host + "Transfer-Encoding: chunked, chunked\r\n\r\n"
                                 "0\r\n\r\n",
                "a hidden coding": start + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "two hosts": start + host + host + "\r\n",
                "no host": start + "\r\n",
                "a space before the colon": start + host + "Content-Length : 1\r\n\r\n1",
                "a folded line": start + host + "X-A: 1\r\n 2\r\n\r\n",
                "a bare line feed": start + host + "X-A: 1\nX-B: 2\r\n\r\n",
                "a bare carriage return": start + host + "X-A: 1\rX-B: 2\r\n\r\n",
                "a NUL": start + host + "X-A: 1\0\r\n\r\n",
                "a bad chunk": start + host + "Transfer-Encoding: chunked\r\n\r\n0x1\r\n1\r\n",
                "length named by connection": start + host + "Connection: Content-Length\r\n"
                                              "Content-Length: 1\r\n\r\n1"}.items():
            with self.subTest(name):
                self.broken(text.encode("latin-1"))


class Failing(GatewayCase):
    def test_a_service_that_is_down_is_502_and_comes_back(self):
        port = self.historian.port
        self.historian.stop()
        with self.gateway.connect("temp-01") as caller:
            answer = caller.ask(POST)
            self.assertEqual((answer.status, answer.problem()["reason"]),
                             (502, "service_unavailable"))
            self.gateway.audited(event="service", reason="service_unavailable", status=502,
                                 device="temp-01")
            type(self).historian = Service(port)
            self.assertEqual(caller.ask(POST).status, 200)

    def test_an_unsafe_request_is_never_sent_twice(self):
        self.historian.script.append(Cut())
        with self.gateway.connect("temp-01") as caller:
            self.assertEqual(caller.ask(POST).status, 502)
        self.assertEqual(len(self.historian.requests), 1)

    def test_a_service_that_answers_nonsense_is_502(self):
        for nonsense in (b"SMTP ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            with self.subTest(nonsense), self.gateway.connect("temp-01") as caller:
                self.historian.script.append(nonsense)
                self.assertEqual(caller.ask(POST).status, 502)

    def test_an_answer_cut_short_is_never_passed_off_as_whole(self):
        for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"):
            with self.subTest(answer), self.gateway.connect("hmi-01") as caller:
                self.historian.script.append(Cut(answer))
                caller.send(request("GET", OWN))
                with self.assertRaises(EOFError):
                    caller.message()

    def test_bytes_after_an_answer_reach_nobody(self):
        self.historian.script.append(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                     b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nleaking")
        with self.gateway.connect("hmi-01") as caller:
            self.assertEqual(caller.ask(request("GET", OWN)).body, b"ok")
            self.assertEqual(caller.ask(request("GET", OWN)).body, b"ok")
        with self.gateway.connect("hmi-02") as caller:
            self.assertEqual(caller.ask(request("GET", OWN)).body, b"ok")

    def test_a_client_that_leaves_in_the_middle_cuts_its_request_short(self):
        with self.gateway.connect("temp-01") as caller:
            caller.send(request("POST", OWN, body=b"9" * 100)[:-50])
            wait_until(self.historian.in_the_middle, "the beginning at the service")
        wait_until(lambda: self.historian.cut_short, "the cut at the service")
        self.assertTrue(self.nothing_arrived())


if __name__ == "__main__":
    main()
