#!/usr/bin/python3
"""Does Prometheus read the metrics, and take the configuration and alerts that we give as examples?
Method: Debian's prometheus scrapes a gateway until a counter has the value that it must have, and
its promtool looks for broken conventions.
"""
import contextlib
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

from harness import SECONDS_MAX, free_port, main, wait_until
from metrics_test import ALLOWED, MetricsCase, read
from processes import Process

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "packaging/examples/prometheus"
TOOLS = ("prometheus", "promtool")
REQUESTS = 7


class Prometheus(MetricsCase):
    @contextlib.contextmanager
    def scraping(self):
        """Prometheus at work by our example, but on this gateway and every second."""
        folder = self.folder / "prometheus"
        shutil.copytree(EXAMPLES, folder)
        config = folder / "prometheus.yml"
        text = config.read_text(encoding="utf-8")
        for what, instead in (("9464", str(self.metrics)), ("interval: 15s", "interval: 1s")):
            self.assertIn(what, text)
            text = text.replace(what, instead)
        config.write_text(text, encoding="utf-8")
        self.port = free_port()
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        with Process("prometheus", command, folder / "log") as server:
            wait_until(lambda: self.api("targets"), f"prometheus answers: {server.words()}")
            yield

    def api(self, path):
        """What its API answers; None while it does not."""
        try:
            status, body = read(self.port, path=f"/api/v1/{path}")
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body)["data"] if status == 200 else None

    def query(self, expression):
        found = self.api("query?query=" + urllib.parse.quote(expression))
        return [float(each["value"][1]) for each in (found or {}).get("result", [])]

    def test_it_scrapes_the_gateway(self):
        allowed = 'interlock_decisions_total{reason="none"}'
        before = self.value(allowed)
        self.ask(*[ALLOWED] * REQUESTS)
        with self.scraping():
            def up():
                return [each["health"] for each in self.api("targets")["activeTargets"]] == ["up"]
            wait_until(up, "the target is up")
            wait_until(lambda: self.query(allowed) == [before + REQUESTS], "the counter's value")
            # Durations can be reckoned with.
            median = "histogram_quantile(0.5, interlock_request_duration_seconds_bucket)"
            self.assertGreater(self.query(median)[0], 0)
            rules = [rule for group in self.api("rules")["groups"] for rule in group["rules"]]
            self.assertGreater(len(rules), 5)
            for rule in rules:
                # What an alert compares must exist, or it never fires.
                compared = re.split(" [<>=]+ ", rule["query"])[0]
                wait_until(lambda expression=compared: self.query(expression), compared)

    def test_promtool_has_no_complaint(self):
        _, page = read(self.metrics)
        done = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_promtool_takes_the_examples(self):
        done = subprocess.run(["promtool", "check", "config", EXAMPLES / "prometheus.yml"],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"{' and '.join(missing)} is not installed: packaging/install-dependencies --test")
        sys.exit(77)
    main()
