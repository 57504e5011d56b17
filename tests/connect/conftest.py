"""A `kindling connect` server on a free port, and a fresh session of the real client for every test."""

import os
import pathlib
import re
import subprocess

import pytest
from pyspark.sql import SparkSession

ROOT = pathlib.Path(__file__).parents[2]

# The machine's time zone would be the sessions' default.
UTC = ["--conf", "spark.sql.session.timeZone=UTC"]


def binary() -> pathlib.Path:
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "kindling"


class Server:
    """A running engine; `url` is what a client connects to."""

    def __init__(self, root: pathlib.Path, *arguments: str):
        command = [binary(), "connect", "--port", "0", "--root", root, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.search(r"sc://localhost:\d+", line)
        if not match:
            self.stop()
            raise RuntimeError(f"the server did not start: {line!r}")
        self.url = match.group()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory) -> pathlib.Path:
    """The folder that relative paths mean."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="session")
def server(workspace):
    server = Server(workspace, "--cores", "2", "--conf", "spark.sql.shuffle.partitions=4", *UTC)
    yield server
    server.stop()


@pytest.fixture
def spark(server):
    session = SparkSession.builder.remote(server.url).create()
    yield session
    session.stop()
