"""A worker: one server, and jobs from standard input, one JSON line each; a JSON line per result, then `{"done": true}`.

A job is `{"items", "conf", "skip"}`: the items at the places in `skip` are left out. The parent kills a worker that takes too long, with its server.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings

from server import TIME_ZONE, Server

SERVER_CONF = {
    "doctests": [],
    "function_examples": [],
    "sql_golden": ["--conf", "spark.sql.shuffle.partitions=4"],
}


def main(suite: str) -> None:
    out = os.fdopen(os.dup(1), "w")
    # What a case prints past `sys.stdout` must not reach the protocol.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.environ["TZ"] = TIME_ZONE
    time.tzset()
    warnings.simplefilter("ignore")
    worker = Worker(suite)
    for line in sys.stdin:
        job = json.loads(line)
        for row in worker.run(job):
            out.write(json.dumps(row) + "\n")
            out.flush()
        out.write('{"done": true}\n')
        out.flush()


class Worker:
    def __init__(self, suite: str):
        self.run = {"doctests": self.doctests}.get(suite, self.statements)
        self.suite = suite
        self.root = tempfile.mkdtemp(prefix="kindling-conformance-")
        os.chdir(self.root)
        self.server = Server(self.root, *SERVER_CONF[suite])

    def session(self):
        from pyspark.sql import SparkSession

        if not self.server.alive():
            self.server = Server(self.root, *SERVER_CONF[self.suite])
        return SparkSession.builder.remote(self.server.url).create()

    def restart(self) -> None:
        self.server.stop()
        os.chdir("/")
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        os.chdir(self.root)
        self.server = Server(self.root, *SERVER_CONF[self.suite])

    def doctests(self, job: dict):
        from doctest_case import run_case

        for case in job["items"]:
            session = self.session()

            def make_global(name: str, session=session):
                return session if name == "spark" else tempfile.mkdtemp()

            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    row = run_case(case, make_global)
            except BaseException as error:
                row = {"id": case["id"], "status": "failed", "reason": repr(error)[:200], "log": traceback.format_exc()[-2000:]}
            if not self.server.alive():
                row |= {"status": "failed", "reason": "the server died", "log": self.server_log()}
            with contextlib.suppress(Exception):
                session.stop()
            yield row

    def statements(self, job: dict):
        from sql_case import example, golden

        if self.suite == "sql_golden":
            # What one file leaves behind is no other's business.
            self.restart()
        session = self.session()
        for key, value in job["conf"].items():
            with contextlib.suppress(Exception):
                session.conf.set(key, value)
        check = golden if self.suite == "sql_golden" else example
        for index, item in enumerate(job["items"]):
            if index in job["skip"]:
                continue
            start = time.time()
            try:
                row = check(session, item)
            except Exception as error:
                row = {"status": "failed", "reason": f"harness: {error!r}"[:200], "log": traceback.format_exc()[-2000:]}
            died = not self.server.alive()
            if died:
                # Its session is gone: the parent starts the job anew without this item.
                row = {"status": "failed", "reason": "the server died", "log": self.server_log(), "died": True}
            yield {"index": index, "secs": round(time.time() - start, 3), **row}
        with contextlib.suppress(Exception):
            session.stop()

    def server_log(self) -> str:
        with open(os.path.join(self.root, "server.log"), errors="replace") as log:
            return log.read()[-1500:]


if __name__ == "__main__":
    main(sys.argv[1])
