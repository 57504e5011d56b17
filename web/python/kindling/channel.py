"""What stands in for `grpc` and `grpc_status` under the Connect client: a channel whose other end is a function.

The engine answers in the same worker. A request is its serialised bytes; responses come back through a callback while the
call runs, or an `EngineError` is raised with the status that a gRPC server would put into the trailers.
"""

from __future__ import annotations

import enum
import types
from typing import Any, Callable, Iterable, Iterator, List

# method name, request bytes, callback for each response's bytes
Engine = Callable[[str, bytes, Callable[[Any], None]], None]


class StatusCode(enum.Enum):
    """gRPC's codes, with the values that `grpc.StatusCode` has."""

    OK = (0, "ok")
    CANCELLED = (1, "cancelled")
    UNKNOWN = (2, "unknown")
    INVALID_ARGUMENT = (3, "invalid argument")
    DEADLINE_EXCEEDED = (4, "deadline exceeded")
    NOT_FOUND = (5, "not found")
    ALREADY_EXISTS = (6, "already exists")
    PERMISSION_DENIED = (7, "permission denied")
    RESOURCE_EXHAUSTED = (8, "resource exhausted")
    FAILED_PRECONDITION = (9, "failed precondition")
    ABORTED = (10, "aborted")
    OUT_OF_RANGE = (11, "out of range")
    UNIMPLEMENTED = (12, "unimplemented")
    INTERNAL = (13, "internal")
    UNAVAILABLE = (14, "unavailable")
    DATA_LOSS = (15, "data loss")
    UNAUTHENTICATED = (16, "unauthenticated")


class EngineError(Exception):
    """What an engine function raises: code, message, and a serialised `google.rpc.Status`."""

    def __init__(self, code: int, message: str, status: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Call:
    """Base of `RpcError`s that carry a status."""


class RpcError(Exception):
    """As `grpc.RpcError`."""


class EngineRpcError(RpcError, Call):
    """A failed call."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(str(error))
        self._error = error

    def code(self) -> StatusCode:
        return next((c for c in StatusCode if c.value[0] == self._error.code), StatusCode.UNKNOWN)

    def details(self) -> str:
        return str(self._error)

    def trailing_metadata(self) -> tuple:
        return (("grpc-status-details-bin", self._error.status),) if self._error.status else ()

    def initial_metadata(self) -> tuple:
        return ()


class _Channel:
    """Calls the engine. Whatever method the generated stub asks for is the last part of its path."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _call(self, path: str, request: bytes) -> List[Any]:
        responses: List[bytes] = []
        try:
            self._engine(path.rsplit("/", 1)[1], request, responses.append)
        except EngineError as error:
            raise EngineRpcError(error) from None
        return responses

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> Any:
        def call(request: Any, metadata: Any = None, **_: Any) -> Any:
            responses = self._call(path, request_serializer(request))
            return response_deserializer(responses[-1])

        return call

    def unary_stream(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> Any:
        def call(request: Any, metadata: Any = None, **_: Any) -> Iterator[Any]:
            responses = self._call(path, request_serializer(request))
            responses.reverse()

            def stream() -> Iterator[Any]:
                # Popped, so that each response's memory goes as soon as it is decoded.
                while responses:
                    yield response_deserializer(responses.pop())

            return stream()

        return call

    def stream_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: Any) -> Any:
        def call(requests: Iterable[Any], metadata: Any = None, **_: Any) -> Any:
            # One call takes all of the stream: each request after its length.
            parts = []
            for request in requests:
                data = request_serializer(request)
                parts += [len(data).to_bytes(4, "little"), data]
            return response_deserializer(self._call(path, b"".join(parts))[-1])

        return call

    def close(self) -> None:
        pass


def engine_channel(engine: Engine) -> Any:
    """A channel to `engine`."""
    return _Channel(engine)


def _network(name: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        from pyspark.errors.exceptions.base import PySparkNotImplementedError

        raise PySparkNotImplementedError(
            errorClass="NOT_IMPLEMENTED", messageParameters={"feature": f"connecting to another Spark from the tab ({name})"}
        )

    return refuse


def grpc_module() -> types.ModuleType:
    """What `import grpc` gives to pyspark."""
    module = types.ModuleType("grpc")
    module.__dict__.update(
        __version__="1.76.0",
        StatusCode=StatusCode,
        RpcError=RpcError,
        Call=Call,
        Channel=_Channel,
        UnaryStreamClientInterceptor=type("UnaryStreamClientInterceptor", (), {}),
        UnaryUnaryClientInterceptor=type("UnaryUnaryClientInterceptor", (), {}),
        StreamUnaryClientInterceptor=type("StreamUnaryClientInterceptor", (), {}),
        insecure_channel=_network("grpc.insecure_channel"),
        secure_channel=_network("grpc.secure_channel"),
    )
    return module


def grpc_status_module() -> types.ModuleType:
    """What `import grpc_status` gives to pyspark."""

    def from_call(call: Any) -> Any:
        from google.rpc import status_pb2

        for key, value in call.trailing_metadata():
            if key == "grpc-status-details-bin":
                return status_pb2.Status.FromString(value)
        return None

    module = types.ModuleType("grpc_status")
    module.rpc_status = types.SimpleNamespace(from_call=from_call)  # type: ignore[attr-defined]
    return module
