#!/usr/bin/python3
"""Can an engineer find out with one command what is permitted, why something was refused, and what
would allow it? Method: the real command-line tool on the configuration of a running gateway, with a
function of our own.
"""
import json
import re

from harness import GatewayCase, main, request

POLICY = """
function {
  name: "gauge"
  min_assurance: 1
  permit { name: "readings" service: "historian"
           http { method: "POST" path: "/v2/{device.id}/readings" content_type: "application/json"
                  max_body: "4KiB" }
           rate { limit: 2 per: "1s" burst: 10 } }
  permit { name: "csv" service: "historian"
           http { method: "GET" method: "HEAD" path_regex: "/csv/[a-z]+" max_body: "0B" } }
  permit { name: "long" service: "recipes"
           http { method: "GET" path: "/%s" } }
}
function { name: "nothing" }
""" % ("n" * 100)


class Explaining(GatewayCase):
    def setUp(self):
        super().setUp()
        text = self.gateway.config.read_text(encoding="utf-8")
        self.config = self.gateway.plant / "explained.textproto"
        self.config.write_text(text + POLICY, encoding="utf-8")
        inventory = self.gateway.plant / "devices.csv"
        rows = inventory.read_text(encoding="utf-8")
        columns = rows.splitlines()[0].split(",")
        row = {"device_id": "gauge-01", "function": "gauge", "identity_type": "cn",
               "identity": "gauge-01", "trust": "plant"}
        inventory.write_text(rows + ",".join(row.get(name, "") for name in columns) + "\n",
                             encoding="utf-8")
        self.addCleanup(inventory.write_text, rows, encoding="utf-8")

    def explain(self, http, *more, code=3):
        said = self.gateway.cli("explain", "--config", self.config, "--device", "gauge-01",
                                "--http", http, *more)
        self.assertEqual(said.returncode, code, said.stdout)
        return said.stdout

    def line(self, said, name):
        found = re.search(rf"(?m)^{name} +(.*)$", said)
        self.assertTrue(found, f"no line {name} in:\n{said}")
        return found[1]

    def test_a_refusal_names_the_nearest_permit_and_the_smallest_that_would_allow_it(self):
        said = self.explain("GET /v2/gauge-01/alarms")
        self.assertEqual(self.line(said, "decision"), "deny: no_permit")
        self.assertEqual(self.line(said, "function"), "gauge")
        self.assertIn("readings (POST /v2/{device.id}/readings on historian)",
                      self.line(said, "nearest"))
        self.assertIn('segment 3 of the path is "alarms"', self.line(said, "because"))
        smallest = self.line(said, "smallest")
        self.assertEqual(smallest, 'permit { name: "get-alarms" service: "historian" http { '
                         'method: "GET" path: "/v2/{device.id}/alarms" max_body: "0B" } }')
        # Pasted, it allows that and leaves everything else in order.
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace('  permit { name: "csv"',
                                            f'  {smallest}\n  permit {{ name: "csv"'),
                               encoding="utf-8")
        said = self.explain("GET /v2/gauge-01/alarms", code=0)
        self.assertIn("get-alarms", self.line(said, "permit"))
        self.explain("GET /v2/gauge-02/alarms")

    def test_kind_and_size_of_the_body_count(self):
        post = "POST /v2/gauge-01/readings"
        said = self.explain(post, "--content-type", "application/json", "--body", "4KiB", code=0)
        self.assertIn("2 per 1s, burst 10", self.line(said, "rate"))
        said = self.explain(post, "--content-type", "application/json", "--body", "5000B")
        self.assertEqual(self.line(said, "decision"), "deny: too_large")
        self.assertEqual(self.line(said, "smallest"),
                         'write max_body: "8KiB" in the http block of permit "readings"')
        said = self.explain(post, "--content-type", "text/csv")
        self.assertEqual(self.line(said, "decision"), "deny: content_type_not_permitted")
        said = self.explain(post, "--body", "1B")
        self.assertEqual(self.line(said, "note"),
                         "let the client send one well-formed Content-Type: application/json")
        self.explain(post, code=0)
        said = self.explain(post, "--body", "much", code=2)
        self.assertIn("'much' is no size", said)

    def test_an_expression_is_named_as_one(self):
        said = self.explain("GET /csv/A")
        self.assertIn('csv (GET|HEAD path_regex "/csv/[a-z]+" on historian)',
                      self.line(said, "nearest"))
        self.assertIn("the path does not match the expression", self.line(said, "because"))

    def test_json_says_the_same(self):
        said = json.loads(self.explain("GET /v2/gauge-01/alarms", "--json"))
        self.assertEqual((said["decision"], said["reason"], said["nearest_permit"]),
                         ("deny", "no_permit", "readings"))
        self.assertTrue(said["smallest_permit"].startswith('permit { name: "get-alarms"'))
        said = json.loads(self.explain("DELETE /csv/a", "--json"))
        self.assertEqual(said["reason"], "method_not_permitted")

    def test_a_certificate_that_is_refused_needs_another_remedy(self):
        said = self.gateway.cli("explain", "--config", self.config, "--listener", "telemetry",
                                "--cert", self.gateway.plant / "devices/revoked-01.pem",
                                "--http", "GET /v2")
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertEqual(self.line(said.stdout, "decision"), "deny: certificate_revoked")
        self.assertEqual(self.line(said.stdout, "note"), "no permit would help")
        self.assertNotIn("smallest", said.stdout)

    def test_a_denial_id_leads_to_the_record_and_to_what_holds_now(self):
        with self.gateway.connect("temp-01") as caller:
            told = caller.ask(request("DELETE", "/v1/devices/temp-01/readings")).problem()
        self.gateway.audited(denial_id=told["denial_id"])
        said = self.gateway.cli("explain", "--config", self.config, told["denial_id"])
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertEqual(self.line(said.stdout, "device"), "temp-01")
        self.assertEqual(self.line(said.stdout, "reason"), "method_not_permitted")
        self.assertEqual(self.line(said.stdout, "operation"),
                         "DELETE /v1/devices/temp-01/readings")
        self.assertIn("the method is DELETE", self.line(said.stdout, "because"))
        self.assertIn(":", self.line(said.stdout, "peer"))
        self.assertTrue(self.line(said.stdout, "policy").endswith("which is not the one on disk now"),
                        said.stdout)  # Ours has a function and a device more.
        now = said.stdout.split("by the configuration on disk", 1)[1]
        self.assertEqual(self.line(now, "decision"), "deny: method_not_permitted")
        self.assertIn("DELETE", self.line(now, "smallest"))
        said = self.gateway.cli("explain", "--json", "--config", self.config, "--audit",
                                self.gateway.audit_file, told["denial_id"].upper())
        answer = json.loads(said.stdout)
        self.assertEqual(answer["record"]["denial_id"], told["denial_id"])
        self.assertEqual(answer["now"]["reason"], "method_not_permitted")

    def test_a_refused_handshake_is_found_too(self):
        self.gateway.refusal("revoked-01")
        record = self.gateway.audited(reason="certificate_revoked")
        said = self.gateway.cli("explain", "--config", self.config, record["denial_id"])
        self.assertEqual(said.returncode, 3, said.stdout)
        self.assertEqual(self.line(said.stdout, "event"), "handshake")
        self.assertNotIn("by the configuration on disk", said.stdout)

    def test_an_id_that_is_nowhere_is_said_to_be(self):
        config = ("--config", self.config)
        for arguments, words in (((*config, "0" * 32), "has the denial id 0000"),
                                 ((*config, "12"), "'12' is no denial id"),
                                 ((*config, "0" * 32, "--audit", self.folder / "absent"),
                                  "No such file"),
                                 ((*config, "0" * 32, "--device", "temp-01"), "excludes"),
                                 (("--config", self.folder / "absent", "0" * 32),
                                  "name the audit log with --audit FILE"),
                                 ((*config, "--device", "temp-01"), "--http is required")):
            with self.subTest(words):
                said = self.gateway.cli("explain", *arguments)
                self.assertEqual(said.returncode, 2, said.stdout)
                self.assertIn(words, said.stdout)

    def test_a_log_with_other_things_in_it_is_searched_to_its_end(self):
        record = self.folder / "record"
        with self.gateway.connect("temp-01") as caller:
            told = caller.ask(request("GET", "/nowhere")).problem()
        self.gateway.audited(denial_id=told["denial_id"])
        line = next(line for line in self.gateway.audit_file.read_bytes().splitlines()
                    if told["denial_id"].encode() in line)
        rubbish = b'{"denial_id":"' + told["denial_id"].encode() + b'"}'
        record.write_bytes(b"x" * 100_000 + b"\n" + b"x" * 8192 + b"\n\n" + rubbish + b"\n\0\n" + line)
        said = self.gateway.cli("explain", "--json", "--config", self.config, "--audit",
                                record, told["denial_id"])
        self.assertEqual(json.loads(said.stdout)["record"], json.loads(line))

    def test_check_shows_what_each_function_may_do(self):
        said = self.gateway.cli("check", "--config", self.config)
        self.assertEqual(said.returncode, 0, said.stdout)
        table = said.stdout.split("function gauge", 1)[1].split("\n\n")[0]
        self.assertIn("(assurance 1 at least)", table)
        title, csv, long, readings = table.splitlines()[1:5]
        for column, value in (("permit", "readings"), ("methods", "POST"),
                              ("path", "/v2/{device.id}/readings"),
                              ("body up to", "4KiB application/json"),
                              ("rate", "2 per 1s, burst 10"), ("service", "historian at ")):
            self.assertEqual(readings.index(value), title.index(column), f"{title}\n{readings}")
        self.assertEqual(csv.index('path_regex "/csv/[a-z]+"'), title.index("path"))
        self.assertIn("none", csv)
        self.assertIn("/" + "n" * 100, long)
        self.assertIn("function nothing\n  may do nothing", said.stdout)

    def test_check_in_json_has_it_for_scripts(self):
        said = json.loads(self.gateway.cli("check", "--json", "--config", self.config).stdout)
        function = {each["name"]: each for each in said["functions"]}["gauge"]
        self.assertEqual(function["min_assurance"], 1)
        permits = {each["name"]: each for each in function["permits"]}
        self.assertEqual({name: value for name, value in permits["readings"].items()
                          if name != "endpoint"},
                         {"name": "readings", "methods": ["POST"],
                          "path": "/v2/{device.id}/readings", "max_body_bytes": 4096,
                          "content_types": ["application/json"],
                          "rate": {"limit": 2, "per_ms": 1000, "burst": 10},
                          "service": "historian"})
        self.assertEqual(permits["csv"]["path_regex"], "/csv/[a-z]+")
        self.assertNotIn("rate", permits["csv"])


if __name__ == "__main__":
    main()
