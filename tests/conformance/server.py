"""A `kindling connect` server of one's own on a free port."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
TIME_ZONE = "America/Los_Angeles"


def binary() -> pathlib.Path:
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "kindling"


class Server:
    """A running engine whose relative paths mean `root`; `url` is what a client connects to."""

    def __init__(self, root: str, *arguments: str):
        command = [binary(), "connect", "--port", "0", "--root", root, "--cores", "4", *arguments]
        self.log = open(pathlib.Path(root) / "server.log", "ab")
        environment = {**os.environ, "TZ": TIME_ZONE}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment)
        line = self.process.stdout.readline()
        match = re.search(r"sc://localhost:\d+", line)
        if not match:
            self.stop()
            raise RuntimeError(f"the server did not start: {line!r}")
        self.url = match.group()

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)
        self.log.close()
