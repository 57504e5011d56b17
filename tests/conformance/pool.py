"""Jobs over worker processes, each with its own server; a worker that takes too long is killed and replaced."""

import json
import os
import pathlib
import queue
import select
import shutil
import signal
import subprocess
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
# A browser with the engine and Python starts slower than a server.
START_SECONDS = 180
MOST_DEATHS = 20


class Process:
    """A worker process and the pipe to it."""

    def __init__(self, command: list[str], scratch: str):
        environment = {**os.environ, "TMPDIR": scratch, "PYTHONPATH": str(HERE)}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.buffer = b""

    def send(self, job: dict) -> None:
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self, seconds: float) -> dict:
        """The next line; raises `TimeoutError`, or `EOFError` when the worker ended."""
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            if not ready:
                raise TimeoutError(f"timed out after {seconds:.0f} s")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError("the worker died")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def kill(self) -> None:
        """Ends the worker and the server that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def run(command: list[str], jobs: list[dict], workers: int, seconds: float, report) -> None:
    """Runs every job; `report(job, index, row)` is called once for each item, from one thread at a time.

    `command` starts a worker, `seconds` is what one item may take.
    """
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    for job in jobs:
        waiting.put({"conf": {}, "skip": [], **job})
    lock = threading.Lock()
    scratch = tempfile.mkdtemp(prefix="kindling-conformance-")

    def locked(job: dict, index: int, row: dict) -> None:
        with lock:
            report(job, index, row)

    def serve() -> None:
        process = None
        while True:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                break
            process = run_job(process, command, job, seconds, locked, scratch)
        if process:
            process.kill()

    threads = [threading.Thread(target=serve) for _ in range(max(1, min(workers, len(jobs))))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shutil.rmtree(scratch, ignore_errors=True)


def run_job(process: Process | None, command: list[str], job: dict, seconds: float, report, scratch: str) -> Process | None:
    """Runs one job, anew without the item that a worker hung or died on; returns the worker to go on with."""
    reported: set[int] = set()

    def once(index: int, row: dict) -> None:
        if index not in reported:
            reported.add(index)
            report(job, index, row)

    for _ in range(MOST_DEATHS):
        starting = process is None
        process = process or Process(command, scratch)
        process.send(job)
        at = -1
        try:
            while True:
                row = process.receive(seconds + (START_SECONDS if starting or at < 0 else 0))
                if row.get("done"):
                    return process
                at = row.pop("index", at + 1)
                once(at, row)
                if row.get("died"):
                    raise EOFError
        except (EOFError, TimeoutError) as error:
            process.kill()
            process = None
            if not (isinstance(error, EOFError) and at in reported and not str(error)):
                at = next((index for index in range(at + 1, len(job["items"])) if index not in job["skip"]), at)
                once(at, {"status": "failed", "reason": str(error), "log": ""})
            job = {**job, "skip": [*job["skip"], at]}
    for index in range(len(job["items"])):
        once(index, {"status": "failed", "reason": "not reached: the worker died too often", "log": ""})
    return None
