#!/usr/bin/python3
"""Is a reload harmless to what runs, and is it in force once it is acknowledged? Method: callers
that keep asking, on connections that stay open and on new ones, while the policy changes a hundred
times; and while an inventory of a hundred thousand devices is read.
"""
import itertools
import threading

from harness import GatewayCase, main, request, wait_until

RELOADS = 100
CALLERS = 4
REQUESTS_PER_CONNECTION = 25
DEVICES = 100_000

DEVICE = "scan-02"
ALWAYS = request("POST", f"/v1/devices/{DEVICE}/scans", body=b"1")
SOMETIMES = request("GET", f"/v1/sometimes/{DEVICE}")
PERMIT = ('permit { name: "sometimes" service: "recipes" '
          'http { method: "GET" path: "/v1/sometimes/{device.id}" } }\n')


class Load:
    """Callers in threads of their own. `version` is odd while a reload is under way; with it even,
    SOMETIMES is permitted where `permitted` says so, to whoever asks now."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.version, self.permitted = 0, False
        self.wrong = []        # What should not have been.
        self.num_allowed = 0   # Answers to ALWAYS.
        self.num_judged = 0    # Answers to SOMETIMES that say something about the policy.
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(CALLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        try:
            while not self._stop.is_set():
                with self.gateway.connect(DEVICE) as caller:
                    for _ in range(REQUESTS_PER_CONNECTION):
                        self._ask(caller)
        except (OSError, EOFError) as failure:
            self.wrong.append(f"a connection broke: {failure!r}")

    def _ask(self, caller):
        status = caller.ask(ALWAYS).status
        if status != 200:
            self.wrong.append(f"an allowed request was answered {status}")
        before = (self.version, self.permitted)
        sometimes = caller.ask(SOMETIMES).status
        judged = before[0] % 2 == 0 and before == (self.version, self.permitted)
        if judged and sometimes != (200 if before[1] else 403):
            self.wrong.append(f"{sometimes} under version {before}")
        with self._lock:
            self.num_allowed += 1
            self.num_judged += judged

    def more(self, what):
        """Waits until the callers have been answered once more, all of them."""
        until = self.num_allowed + 2 * CALLERS
        wait_until(lambda: self.num_allowed >= until or self.wrong, f"answers {what}")


class UnderLoad(GatewayCase):
    arguments = ("--workers", "2")

    def reload(self):
        code, report = self.gateway.ask("reload")
        self.assertEqual((code, report["outcome"]), (0, "applied"), report)

    def test_a_hundred_reloads_lose_nothing_and_allow_nothing_by_the_old_policy(self):
        policy = self.gateway.plant / "policy.d/plant.textproto"
        without = policy.read_text(encoding="utf-8")
        scanner = 'name: "barcode-scanner"\n'
        self.assertEqual(without.count(scanner), 1)
        texts = itertools.cycle((without.replace(scanner, scanner + PERMIT), without))
        with Load(self.gateway) as load:
            for number in range(RELOADS):
                policy.write_text(next(texts), encoding="utf-8")
                load.version += 1
                self.reload()
                load.permitted = not load.permitted
                load.version += 1
                if number % 10 == 0:
                    load.more("between two reloads")
        self.assertEqual(load.wrong, [])
        self.assertGreater(load.num_judged, RELOADS // 10)
        applied = self.gateway.audit(event="config.applied")
        self.assertEqual(len(applied), RELOADS)

    def test_a_large_inventory_is_read_while_requests_are_answered(self):
        devices = self.gateway.plant / "devices.csv"
        before = devices.read_text(encoding="utf-8")
        self.addCleanup(devices.write_text, before, encoding="utf-8")
        row = "bulk-{0:06},barcode-scanner,,cn,bulk-{0:06},plant,press-hall\n"
        with Load(self.gateway) as load:
            load.more("before")
            devices.write_text(before + "".join(map(row.format, range(DEVICES))), encoding="utf-8")
            answered = load.num_allowed
            self.reload()
            # Were it read by the threads that serve, each caller would get an answer or two.
            self.assertGreater(load.num_allowed - answered, 5 * CALLERS)
            load.more("after")
        self.assertEqual(load.wrong, [])
        self.assertGreater(self.gateway.ask("status")[1]["devices"], DEVICES)


if __name__ == "__main__":
    main()
