"""Both engines behind the same client: a Spark Connect server of real Spark in a local JVM, and `kindling connect`."""

import concurrent.futures
import contextlib
import logging
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import pyspark
from answers import TIME_ZONE, answer
from pyspark.sql import SparkSession

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from server import Server  # noqa: E402

# The client logs every error that a query raises.
logging.disable(logging.ERROR)
SECONDS = 60
COMMON = {"spark.sql.session.timeZone": TIME_ZONE}


class Engine:
    """Sessions of one engine, one with ANSI mode and one without."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.sessions = {}
        self.views = []

    def session(self, ansi: bool):
        if ansi not in self.sessions:
            session = SparkSession.builder.remote(self.url).create()
            for key, value in {**COMMON, "spark.sql.ansi.enabled": str(ansi).lower()}.items():
                session.conf.set(key, value)
            for view in self.views:
                session.sql(view).collect()
            self.sessions[ansi] = session
        return self.sessions[ansi]

    def define(self, views: list[str]) -> None:
        """Views that every later query may read; raises when this engine refuses one."""
        self.views = views
        for session in self.sessions.values():
            for view in views:
                session.sql(view).collect()

    def ask(self, sql: str, ansi: bool, views: list[str] = ()) -> concurrent.futures.Future:
        """Starts a query; `views` are made first, for it."""
        return self.pool.submit(self.attempt, sql, ansi, views)

    def wait(self, asked: concurrent.futures.Future) -> dict:
        """What was answered; an engine that does not answer is started anew."""
        try:
            return asked.result(SECONDS)
        except concurrent.futures.TimeoutError:
            self.restart()
            return {"error": f"no answer within {SECONDS} s", "state": None, "parameters": {}}
        except Exception as error:
            self.revive()
            return {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:150]}", "state": None, "parameters": {}}

    def attempt(self, sql: str, ansi: bool, views: list[str]) -> dict:
        session = self.session(ansi)
        for view in views:
            session.sql(view).collect()
        return answer(session, sql)

    def restart(self) -> None:
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.sessions = {}

    def revive(self) -> None:
        """After a failure that is not the query's."""


class Spark(Engine):
    """Real Spark: its own Connect server on a free port."""

    def __init__(self):
        super().__init__()
        self.root = tempfile.mkdtemp(prefix="spark-differential-")
        self.start()

    def start(self) -> None:
        port = free_port()
        options = {
            # The rule would run queries over VALUES by another evaluator, in the analyser's thread.
            "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
            "spark.sql.shuffle.partitions": "1",
            "spark.connect.grpc.binding.port": str(port),
            "spark.ui.enabled": "false",
        }
        command = [str(pathlib.Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[1]"]
        command += [word for key, value in options.items() for word in ("--conf", f"{key}={value}")]
        command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        with open(pathlib.Path(self.root) / "spark.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, stdout=log, stderr=log)
        self.url = f"sc://localhost:{port}"
        deadline = time.monotonic() + 4 * SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("localhost", port)):
                return
            time.sleep(0.2)
        raise RuntimeError(f"Spark did not start, see {self.root}")

    def restart(self) -> None:
        super().restart()
        self.stop()
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("localhost", 0))
        return listening.getsockname()[1]


class Kindling(Engine):
    """A `kindling connect` server; one that hangs or dies is replaced."""

    def __init__(self):
        super().__init__()
        self.root = tempfile.mkdtemp(prefix="kindling-differential-")
        self.start()

    def start(self) -> None:
        self.server = Server(self.root, "--conf", "spark.sql.shuffle.partitions=2")
        self.url = self.server.url

    def restart(self) -> None:
        super().restart()
        with contextlib.suppress(Exception):
            self.server.stop()
        self.start()

    def revive(self) -> None:
        if not self.server.alive():
            self.restart()

    def stop(self) -> None:
        self.server.stop()
