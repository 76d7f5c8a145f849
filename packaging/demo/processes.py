"""Child processes on free loopback ports: started, waited for, and always ended."""
import ctypes
import pathlib
import signal
import socket
import subprocess
import time

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 5

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """Something around the demonstration did not work; the text is for people."""


def free_port():
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(folder, name):
    """The path of interlockd or interlock under a build folder, under the root of an installation,
    or beside each other."""
    for candidate in (f"src/daemon/{name}", f"src/cli/{name}", f"usr/sbin/{name}",
                      f"usr/bin/{name}", name):
        path = pathlib.Path(folder, candidate)
        if path.is_file():
            return str(path.resolve())
    raise Failed(f"there is no {name} in {folder}: build it, or name its folder with --bin")


class Process:
    """One child in the foreground, its words in a log file. Ended by stop(), by leaving the `with`,
    and by the kernel if this program is killed. It has a session of its own: Ctrl-C reaches this
    program alone, which then ends its children in order."""

    def __init__(self, name, command, log, env=None):
        self.name = name
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as out:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                start_new_session=True,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self._child.pid

    def send(self, number):
        self._child.send_signal(number)

    def words(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, ready, what):
        """Returns once ready() is true; Failed with the child's last words if it ends, or takes
        too long."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while not ready():
            ended = self._child.poll()
            if ended is not None:
                raise Failed(f"{self.name} ended with {ended}:\n{self.words()}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.name}: no {what} in {START_SECONDS_MAX} s:\n{self.words()}")
            time.sleep(0.02)

    def wait_for_port(self, port):
        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        self.wait_for(answers, f"listener on port {port}")

    def wait_for_words(self, words):
        self.wait_for(lambda: words in self.words(), f'"{words}"')

    def stop(self):
        """Ends the child, asking first, and returns its exit code; harmless when it has ended."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._child.wait()


def interlockd(folder, config, log, env=None, arguments=()):
    """Starts the gateway and returns once it says that it listens."""
    process = Process("interlockd", [program(folder, "interlockd"), "--config", str(config),
                                     *arguments], log, env)
    try:
        process.wait_for_words("interlockd: ready")
    except Failed:
        process.stop()
        raise
    return process
