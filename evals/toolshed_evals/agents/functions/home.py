"""A home, the weather around it, and leaving it: travel."""

from toolshed_evals.agents.world import Row, World


class Home:
    """Devices, weather, flights and hotels."""

    def __init__(self, world: World) -> None:
        self._world = world

    def turn_on_light(self, room: str) -> str:
        """Switch on the light in a room."""
        return self._set("light", room, "on")

    def turn_off_light(self, room: str) -> str:
        """Switch off the light in a room."""
        return self._set("light", room, "off")

    def set_thermostat(self, room: str, celsius: int) -> str:
        """Heat a room to a temperature."""
        return self._set("thermostat", room, str(celsius))

    def set_blinds(self, room: str, percent: int) -> str:
        """Lower the blinds of a room: 0 is open, 100 is closed."""
        return self._set("blinds", room, str(percent))

    def lock_door(self, door: str) -> str:
        """Lock a door of the house."""
        return self._set("lock", door, "locked")

    def unlock_door(self, door: str) -> str:
        """Unlock a door of the house."""
        return self._set("lock", door, "unlocked")

    def start_vacuum(self) -> str:
        """Let the robot clean the floor."""
        return self._set("vacuum", "hall", "cleaning")

    def dock_vacuum(self) -> str:
        """Send the robot that cleans the floor back to its charger."""
        return self._set("vacuum", "hall", "docked")

    def arm_burglar_alarm(self) -> str:
        """Arm the burglar alarm of the house."""
        return self._set("alarm", "house", "armed")

    def devices_in(self, room: str) -> list[Row]:
        """The devices in a room of the house and their states."""
        return self._world.rows("SELECT device, state FROM devices WHERE room = ?", room)

    def set_wake_up_alarm(self, time: str, label: str = "") -> str:
        """Ring at a time of day, written HH:MM, to wake somebody up."""
        self._world.write("INSERT INTO alarms VALUES (?, ?)", time, label)
        return "set"

    def current_weather(self, city: str) -> Row:
        """What the weather is like in a city now."""
        return self._world.row("SELECT celsius, sky FROM weather WHERE city = ? ORDER BY day", city)

    def weather_forecast(self, city: str, day: str) -> Row:
        """The weather in a city on a coming day, written YYYY-MM-DD."""
        return self._world.row("SELECT celsius, sky FROM weather WHERE city = ? AND day = ?", city, day)

    def search_flights(self, origin: str, destination: str, day: str) -> list[Row]:
        """Flights between two cities on a day, with flight_id and price."""
        sql = "SELECT flight_id, price FROM flights WHERE origin = ? AND destination = ? AND day = ?"
        return self._world.rows(sql, origin, destination, day)

    def book_flight(self, flight_id: str, passenger: str) -> Row:
        """Book a seat on a flight for a passenger."""
        flight = self._world.row("SELECT * FROM flights WHERE flight_id = ?", flight_id)
        return {"booking_id": self._book(flight_id, passenger, flight["day"], 0)}

    def search_hotels(self, city: str) -> list[Row]:
        """Hotels in a city, with hotel_id and the price of a night."""
        return self._world.rows("SELECT hotel_id, hotel, price FROM hotels WHERE city = ?", city)

    def book_hotel(self, hotel_id: str, guest: str, day: str, nights: int) -> Row:
        """Reserve a hotel room from a day on for some nights."""
        self._world.row("SELECT * FROM hotels WHERE hotel_id = ?", hotel_id)
        return {"booking_id": self._book(hotel_id, guest, day, nights)}

    def find_booking(self, guest: str) -> Row:
        """Look up the booking of a flight or hotel of a guest; gives its booking_id."""
        return self._world.row("SELECT * FROM bookings WHERE guest LIKE ?", f"%{guest}%")

    def cancel_booking(self, booking_id: int) -> str:
        """Cancel the booking of a flight or a hotel."""
        self._world.write("DELETE FROM bookings WHERE booking_id = ?", booking_id)
        return "cancelled"

    def _set(self, device: str, room: str, state: str) -> str:
        sql = "UPDATE devices SET state = ? WHERE device = ? AND room = ?"
        self._world.write(sql, state, device, room)
        return f"{room}: {state}"

    def _book(self, item: str, guest: str, day: str, nights: int) -> int:
        sql = "INSERT INTO bookings (item, guest, day, nights) VALUES (?, ?, ?, ?)"
        return self._world.write(sql, item, guest, day, nights)
