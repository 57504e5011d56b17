"""pyarrow's exceptions."""


class ArrowException(Exception):
    """Base of all."""


class ArrowInvalid(ValueError, ArrowException):
    """A value that the type cannot hold."""


class ArrowTypeError(TypeError, ArrowException):
    """A Python value of the wrong class."""


class ArrowKeyError(KeyError, ArrowException):
    """No such column."""


class ArrowNotImplementedError(NotImplementedError, ArrowException):
    """Asked for something that needs the real pyarrow."""
