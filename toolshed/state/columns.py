"""Kinds of columns that tables of relational state share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, types

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(types.TypeDecorator[datetime]):
    """A time, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002  # its signature
        """Time to microseconds."""
        return None if value is None else (value.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:  # noqa: ARG002  # its signature
        """Microseconds to time."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)
