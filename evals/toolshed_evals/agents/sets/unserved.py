"""Requests that no tool serves: an agent is right to say so, and to leave everything as it is."""

from toolshed_evals.agents.tasks import Task

UNSERVED = tuple(
    Task(task_id, request)
    for task_id, request in (
        ("print", "Print three copies of report.txt on the printer in the hall."),
        ("dog", "Walk the dog around the block at noon."),
        ("haircut", "Cut my hair a little shorter at the back."),
        ("photo", "Take a picture with the camera of my phone."),
        ("hum", "Hum the tune that I had in my head this morning."),
        ("piano", "Tune the old piano in the parlour."),
        ("parcel", "Carry the parcel on the porch up to the attic."),
        ("shoes", "Polish my brown shoes."),
        ("bell", "Ring the bell of the church tower."),
        ("candle", "Blow out the candles on the cake."),
        ("crease", "Iron the shirts in the basket."),
        ("lawn", "Mow the strip of grass behind the shed."),
    )
)
