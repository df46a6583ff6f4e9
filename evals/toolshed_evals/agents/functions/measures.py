"""Units and dates."""

from datetime import date, timedelta
from typing import Literal

Length = Literal["m", "km", "mile", "foot", "inch"]
Weight = Literal["kg", "pound", "ounce"]
_METRES = {"m": 1.0, "km": 1000.0, "mile": 1609.344, "foot": 0.3048, "inch": 0.0254}
_KILOGRAMS = {"kg": 1.0, "pound": 0.45359237, "ounce": 0.028349523125}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Measures:
    """What is reckoned with and changes nothing."""

    def convert_length(self, value: float, source: Length, target: Length) -> float:
        """Convert a length or a distance from one unit to another."""
        return round(value * _METRES[source] / _METRES[target], 3)

    def convert_weight(self, value: float, source: Weight, target: Weight) -> float:
        """Convert a weight from one unit to another."""
        return round(value * _KILOGRAMS[source] / _KILOGRAMS[target], 3)

    def celsius_to_fahrenheit(self, celsius: float) -> float:
        """Convert a temperature from degrees Celsius to Fahrenheit."""
        return round(celsius * 9 / 5 + 32, 1)

    def days_between(self, first_day: str, last_day: str) -> int:
        """How many days lie between two dates, written YYYY-MM-DD."""
        return (date.fromisoformat(last_day) - date.fromisoformat(first_day)).days

    def add_days(self, day: str, days: int) -> str:
        """The date so many days after a date, written YYYY-MM-DD."""
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()

    def day_of_week(self, day: str) -> str:
        """Which day of the week a date is, written YYYY-MM-DD."""
        return _DAYS[date.fromisoformat(day).weekday()]
