"""`SparkSession.builder` as people write it for a local Spark, giving the one session of the notebook."""

from __future__ import annotations

import sys
import types
from typing import Any, Dict, Optional

from . import channel, seams

_engine: Optional[channel.Engine] = None
_session_id: Optional[str] = None
_session: Any = None


def connect(engine: channel.Engine, session_id: Optional[str] = None) -> None:
    """Says which engine sessions talk to, and which of its sessions the notebook's is."""
    global _engine, _session_id
    _engine, _session_id = engine, session_id


def _new_session(session_id: Optional[str] = None) -> Any:
    from pyspark.sql.connect.client.core import ChannelBuilder
    from pyspark.sql.connect.session import SparkSession

    assert _engine is not None, "no engine"
    engine = _engine

    class EngineChannelBuilder(ChannelBuilder):
        def toChannel(self) -> Any:
            return channel.engine_channel(engine)

        @property
        def host(self) -> str:
            return "localhost"

    session = SparkSession(connection=EngineChannelBuilder(params={"session_id": session_id} if session_id else None), userId="notebook")
    # Reattaching would release responses from a thread pool; a call in the same worker cannot lose its connection.
    session._client._use_reattachable_execute = False
    SparkSession._set_default_and_active_session(session)
    return session


def get_or_create(options: Optional[Dict[str, Any]] = None) -> Any:
    """The session, made if there is none, with `options` set on it."""
    global _session
    if _session is None or _session.is_stopped:
        _session = _new_session(_session_id)
    settings = {k: v for k, v in (options or {}).items() if k not in ("spark.remote", "spark.master", "spark.api.mode")}
    if settings:
        _session.conf._set_all(configs=settings, silent=True)
    return _session


@seams.after_import("pyspark.sql.session")
def _local_builder(module: types.ModuleType) -> None:
    builder = module.SparkSession.Builder  # type: ignore[attr-defined]

    def getOrCreate(self: Any) -> Any:
        _refuse_remote(self._options)
        return get_or_create(self._options)

    def create(self: Any) -> Any:
        _refuse_remote(self._options)
        from pyspark.sql.connect.session import SparkSession

        session = _new_session()
        settings = {k: v for k, v in self._options.items() if k not in ("spark.remote", "spark.master")}
        if settings:
            session.conf._set_all(configs=settings, silent=True)
        SparkSession._active_session.session = session
        return session

    def enableHiveSupport(self: Any) -> Any:
        # Hive's metastore is what `spark-warehouse` tables are here: there is nothing to switch on.
        return self

    getOrCreate.__doc__ = builder.getOrCreate.__doc__
    builder.getOrCreate = getOrCreate
    builder.create = create
    builder.enableHiveSupport = enableHiveSupport
    module.SparkSession.getActiveSession = classmethod(lambda cls: _session)  # type: ignore[attr-defined]
    module.SparkSession.active = classmethod(lambda cls: _connect_class().active())  # type: ignore[attr-defined]


def _connect_class() -> Any:
    from pyspark.sql.connect.session import SparkSession

    return SparkSession


@seams.after_import("pyspark.sql.connect.session")
def _connect_builder(module: types.ModuleType) -> None:
    builder = module.SparkSession.Builder  # type: ignore[attr-defined]

    def getOrCreate(self: Any) -> Any:
        _refuse_remote(self._options)
        return get_or_create(self._options)

    builder.getOrCreate = getOrCreate


def _refuse_remote(options: Dict[str, Any]) -> None:
    remote = options.get("spark.remote")
    if remote is not None and not remote.startswith(("local", "sc://localhost")):
        channel._network(remote)()


def install() -> None:
    """Registers the changes above; `pyspark` must not have been imported yet."""
    assert "pyspark" not in sys.modules
    seams.install()
