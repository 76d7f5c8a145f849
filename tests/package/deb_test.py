#!/usr/bin/python3
"""Does the package install as promised, run, and go again? Method: the package of INTERLOCK_DEB,
looked into; and installed by dpkg into a throw-away copy of this machine's root: an overlay in a
mount namespace of this process, which takes root, and which nobody else sees.
"""
import ctypes
import os
import pathlib
import re
import shutil
import stat
import sys
import tempfile
import time
import unittest

import support
from support import DEMO, ROOT, output, run
from client import Client
from processes import Failed, Process, free_port
import services

DEB = os.environ.get("INTERLOCK_DEB", "")
CLONE_NEWNS = 0x00020000

# Everything but manual pages, licences and the like: path, mode.
PATHS = {
    "./usr/sbin/interlockd": "-rwxr-xr-x",
    "./usr/bin/interlock": "-rwxr-xr-x",
    "./lib/systemd/system/interlockd.service": "-rw-r--r--",
    "./usr/lib/sysusers.d/interlock.conf": "-rw-r--r--",
    "./usr/share/bash-completion/completions/interlock": "-rw-r--r--",
    "./usr/share/doc/interlock/FORMAT.md.gz": "-rw-r--r--",
    "./usr/share/doc/interlock/examples/interlock.textproto": "-rw-r--r--",
    "./usr/share/doc/interlock/examples/devices.csv": "-rw-r--r--",
    "./usr/share/doc/interlock/examples/prometheus/alerts.yml": "-rw-r--r--",
    "./usr/share/doc/interlock/examples/prometheus/prometheus.yml": "-rw-r--r--",
    "./usr/share/doc/interlock/examples/policy.d/press-hall.textproto": "-rw-r--r--",
    "./usr/share/man/man1/interlock.1.gz": "-rw-r--r--",
    "./usr/share/man/man5/interlock.textproto.5.gz": "-rw-r--r--",
    "./usr/share/man/man7/interlock-metrics.7.gz": "-rw-r--r--",
    "./usr/share/man/man8/interlockd.8.gz": "-rw-r--r--",
}


class Contents(unittest.TestCase):
    def test_everything_is_in_its_place_and_roots(self):
        lines = [line.split(maxsplit=5) for line in output("dpkg-deb", "-c", DEB).splitlines()]
        self.assertEqual({line[1] for line in lines}, {"root/root"})
        modes = {line[5]: line[0] for line in lines}
        self.assertEqual({path: modes.get(path) for path in PATHS}, PATHS)
        self.assertFalse([path for path in modes if path.startswith("./etc/")])
        self.assertFalse([path for path, mode in modes.items() if "s" in mode[:10]])

    def test_it_depends_on_boringssl_and_on_no_openssl(self):
        depends = output("dpkg-deb", "-f", DEB, "Depends")
        self.assertIn("android-libboringssl (>=", depends)
        self.assertNotRegex(depends, r"libssl|openssl")

    def test_its_scripts_start_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            output("dpkg-deb", "-e", DEB, folder)
            postinst = pathlib.Path(folder, "postinst").read_text(encoding="utf-8")
            self.assertEqual(re.findall(r"deb-systemd-invoke (\S+)", postinst), ["try-restart"])
            self.assertNotRegex(postinst, r"systemctl.*\b(start|enable)\b")


class Overlay:
    """A root of our own over the machine's: what is written here is gone with this process."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="interlock-root-"))
        self.root = self.base / "root"
        self.upper = self.base / "upper"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self._mount("--make-rprivate", "/")
        self._mount("-t", "tmpfs", "none", self.base)
        for folder in ("root", "upper", "work"):
            (self.base / folder).mkdir()
        self._mount("-t", "overlay", "overlay", "-o",
                    f"lowerdir=/,upperdir={self.upper},workdir={self.base}/work", self.root)
        for folder in ("proc", "dev"):
            self._mount("--rbind", f"/{folder}", self.root / folder)
        (self.root / "tmp").chmod(0o1777)

    @staticmethod
    def _mount(*arguments):
        done = run("mount", *arguments)
        if done.returncode:
            raise OSError(done.returncode, done.stderr.strip())

    def run(self, *command, **options):
        return run("chroot", self.root, *command, **options)

    def output(self, *command, **options):
        return output("chroot", self.root, *command, **options)

    def changed(self):
        """Every file and folder that is there now and was not, or was another."""
        return {"/" + str(path.relative_to(self.upper)) for path in self.upper.rglob("*")
                if not stat.S_ISCHR(path.lstat().st_mode)}

    def remove(self):
        output("umount", "--recursive", "--lazy", self.root)
        output("umount", "--lazy", self.base)
        self.base.rmdir()


def as_interlock(*command):
    """As the service runs it: the package's user, in no other group."""
    return ("setpriv", "--reuid=interlock", "--regid=interlock", "--clear-groups", *command)


class Installed(unittest.TestCase):
    """One life of the package, told in the order of the names."""

    @classmethod
    def setUpClass(cls):
        try:
            cls.here = Overlay()
        except OSError as failure:
            raise unittest.SkipTest(f"no root of our own: {failure}") from failure
        cls.addClassCleanup(cls.here.remove)
        (cls.here.root / "tmp/interlock.deb").write_bytes(pathlib.Path(DEB).read_bytes())
        # As it would be on a machine that has never seen it.
        cls.here.run("dpkg", "--purge", "interlock")
        cls.here.output("dpkg", "-i", "/tmp/interlock.deb",
                        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})

    def configure(self):
        """The example, and certificates where it says that they are to be."""
        etc = self.here.root / "etc/interlock"
        self.here.output("sh", "-c", "cp -r /usr/share/doc/interlock/examples/* /etc/interlock/")
        output(DEMO / "make-plant", self.here.root / "tmp/plant")
        for name in ("tls", "trust"):
            self.here.output("sh", "-c", f"cp /tmp/plant/{name}/* /etc/interlock/{name}/")
        (etc / "tls/gateway.key").chmod(0o640)
        for name in ("tls/gateway.pem", "trust/plant-ca.pem", "trust/plant.crl"):
            (etc / name).chmod(0o644)

    def test_1_its_user_can_do_nothing_else(self):
        name, _, uid, _, _, _, shell = self.here.output("getent", "passwd", "interlock").strip() \
            .split(":")
        self.assertEqual((name, shell), ("interlock", "/usr/sbin/nologin"))
        self.assertLess(int(uid), 1000)

    def test_2_its_folders_are_its_own(self):
        for path, owner in (("/etc/interlock", "root interlock 2750"),
                            ("/etc/interlock/policy.d", "root interlock 2750"),
                            ("/etc/interlock/tls", "root interlock 2750"),
                            ("/etc/interlock/trust", "root interlock 2750"),
                            ("/var/lib/interlock", "interlock interlock 750"),
                            ("/var/log/interlock", "interlock interlock 750")):
            self.assertEqual(self.here.output("stat", "-c", "%U %G %a", path).strip(), owner, path)

    def test_3_nothing_starts_by_itself(self):
        enabled = self.here.run("systemctl", "is-enabled", "interlockd.service")
        self.assertEqual(enabled.stdout.strip(), "disabled")
        self.assertFalse([path for path in self.here.changed() if ".wants/" in path])
        done = self.here.run("/usr/sbin/interlockd")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/etc/interlock/interlock.textproto", done.stderr)

    def test_4_systemd_has_no_complaint(self):
        unit = "/lib/systemd/system/interlockd.service"
        done = self.here.run("systemd-analyze", "verify", "--man=no", unit)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_5_the_example_works_for_the_user_of_the_service(self):
        self.configure()
        done = self.here.run(*as_interlock("interlock", "check"))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for path in ("/etc/interlock/evil", "/usr/evil"):
            self.assertNotEqual(self.here.run(*as_interlock("touch", path)).returncode, 0)

    def test_6_installing_it_again_changes_nothing_of_the_operators(self):
        config = self.here.root / "etc/interlock/interlock.textproto"
        before = config.read_bytes()
        self.here.output("dpkg", "-i", "/tmp/interlock.deb")
        self.assertEqual(config.read_bytes(), before)

    def test_7_purging_leaves_the_audit_trail_and_nothing_else(self):
        trail = "/var/log/interlock/audit.jsonl"
        self.here.output(*as_interlock("touch", trail, "/var/lib/interlock/state"))
        said = self.here.output("dpkg", "--purge", "interlock")
        self.assertIn("the audit trail stays in /var/log/interlock", said)
        left = {path for path in self.here.changed()
                if "interlock" in path and not path.startswith("/tmp/")}
        self.assertEqual(left, {"/var/log/interlock", trail})
        self.assertEqual(self.here.run("getent", "passwd", "interlock").returncode, 0)
        self.here.output("rm", "-r", "/var/log/interlock")
        self.here.output("dpkg", "-i", "/tmp/interlock.deb")
        self.assertNotIn("audit trail", self.here.output("dpkg", "--purge", "interlock"))
        self.assertFalse((self.here.root / "var/log/interlock").exists())


class SystemCalls(unittest.TestCase):
    """systemd does not run here, so its filter is compared with what the gateway calls."""

    @staticmethod
    def members(name):
        """The system calls of one of systemd's sets, with those of the sets in it."""
        found = set()
        for line in output("systemd-analyze", "syscall-filter", name).splitlines()[1:]:
            word = line.strip()
            if word.startswith("@"):
                found |= SystemCalls.members(word)
            elif word and not word.startswith("#"):
                found.add(word)
        return found

    def allowed(self):
        allowed = set()
        for line in support.UNIT.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "SystemCallFilter":
                sets = set().union(*(self.members(word) for word in value.strip("~").split()))
                allowed = allowed - sets if value.startswith("~") else allowed | sets
        return allowed

    @unittest.skipUnless(shutil.which("strace"), "strace is not on this machine")
    def test_the_filter_allows_every_call_of_a_gateway_at_work(self):
        with tempfile.TemporaryDirectory(prefix="interlock-calls-") as name:
            folder = pathlib.Path(name)
            output("dpkg-deb", "-x", DEB, folder / "root")
            output(DEMO / "make-plant", folder / "plant")
            ports = {"LISTENER": free_port(), "HISTORIAN": free_port(), "RECIPES": free_port()}
            text = (DEMO / "interlock.textproto.in").read_text(encoding="utf-8")
            for key, port in ports.items():
                text = text.replace(f"@{key}@", f"127.0.0.1:{port}")
            config = folder / "plant/interlock.textproto"
            config.write_text(text, encoding="utf-8")
            # -D: the child is the gateway, and strace its grandchild, so that signals reach it.
            command = ["strace", "-D", "-f", "-q", "-o", folder / "calls",
                       folder / "root/usr/sbin/interlockd", "--config", config, "--workers", "2"]
            with services.historian(folder / "historian", ports["HISTORIAN"]) as historian, \
                    Process("interlockd", list(map(str, command)), folder / "log") as gateway:
                historian.wait_for_port(ports["HISTORIAN"])
                gateway.wait_for_words("interlockd: ready")
                client = Client(folder / "plant", ports["LISTENER"])
                self.assertEqual(client.curl("hmi-01", "GET", "/v1/devices/temp-01/readings").status,
                                 200)
                self.assertEqual(client.curl("hmi-01", "DELETE", "/").status, 403)
                self.assertEqual(client.curl("revoked-01", "GET", "/").alert, "certificate revoked")
                self.assertEqual(gateway.stop(), 0)
            calls = self.calls(folder / "calls")
            self.assertLessEqual({"accept4", "connect", "epoll_wait", "fdatasync"}, calls)
            # Run as root, as the unit never is, SQLite gives each file to its database's owner.
            as_root = {"fchown"} if os.geteuid() == 0 else set()
            self.assertEqual(calls - self.allowed() - as_root, set())

    def calls(self, log):
        """The names in strace's log, which is whole once every thread in it has ended."""
        deadline = time.monotonic() + support.SECONDS_MAX
        while True:
            text = log.read_text(encoding="utf-8", errors="replace")
            threads = set(re.findall(r"(?m)^(\d+) ", text))
            if threads == set(re.findall(r"(?m)^(\d+) +\+\+\+ exited", text)):
                return set(re.findall(r"(?m)^\d+ +(\w+)\(", text))
            if time.monotonic() > deadline:
                raise Failed(f"strace does not end: {text[-200:]}")


if __name__ == "__main__":
    if not DEB:
        print("INTERLOCK_DEB does not name a package: packaging/build-deb makes one")
        sys.exit(77)
    unittest.main(verbosity=2)  # So that a skip is seen.
