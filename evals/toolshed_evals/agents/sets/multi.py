"""Tasks in which a later call needs what an earlier one gave."""

from toolshed_evals.agents.checks import Holds, answers, file_is, gone, has, no_file
from toolshed_evals.agents.tasks import Earlier, Task

_TO_ANA = {"to": Earlier(0, "email"), "subject": "Keys", "body": "They are at the desk."}

MULTI = (
    Task(
        "move-dentist",
        'Look up the appointment "Dentist" in my calendar. Then reschedule it to 2026-03-06T08:30.',
        [
            ("find_event", {"title": "Dentist"}),
            ("move_event", {"event_id": Earlier(0, "event_id"), "start": "2026-03-06T08:30"}),
        ],
        [has("events", event_id=12, start="2026-03-06T08:30")],
    ),
    Task(
        "cancel-call",
        'Find the "Supplier call" in the calendar and cancel that appointment.',
        [("find_event", {"title": "Supplier call"}), ("cancel_event", {"event_id": Earlier(0, "event_id")})],
        [gone("events", event_id=14)],
    ),
    Task(
        "invite",
        'Look up the appointment "Sprint planning". Then invite zoe@example.com to it as a guest.',
        [
            ("find_event", {"title": "Sprint planning"}),
            ("invite_to_event", {"event_id": Earlier(0, "event_id"), "email": "zoe@example.com"}),
        ],
        [has("guests", event_id=15, email="zoe@example.com")],
    ),
    Task(
        "lunch-place",
        'The appointment "Team lunch" has no place yet: look it up, then set its place to "Trattoria Sole".',
        [
            ("find_event", {"title": "Team lunch"}),
            ("set_event_place", {"event_id": Earlier(0, "event_id"), "place": "Trattoria Sole"}),
        ],
        [has("events", event_id=13, place="Trattoria Sole")],
    ),
    Task(
        "mail-ana",
        'Find the email address of "Ana Sousa" in the address book. Then email her, subject "Keys", '
        'text "They are at the desk."',
        [("find_contact", {"name": "Ana Sousa"}), ("send_mail", _TO_ANA)],
        [has("mails", folder="sent", recipient="ana.sousa@example.com", subject="Keys", body=Holds("desk"))],
    ),
    Task(
        "new-phone",
        'Look up "Dmitri Wolf" in the address book, then change his phone number there to "+49 555 0777".',
        [
            ("find_contact", {"name": "Dmitri Wolf"}),
            ("update_contact_phone", {"contact_id": Earlier(0, "contact_id"), "phone": "+49 555 0777"}),
        ],
        [has("contacts", contact_id=24, phone="+49 555 0777")],
    ),
    Task(
        "forward-invoice",
        'Search the mailbox for "Invoice 7781". Then forward that email to books@example.com.',
        [
            ("search_mail", {"words": "Invoice 7781"}),
            ("forward_mail", {"mail_id": Earlier(0, "mail_id"), "to": "books@example.com"}),
        ],
        [has("mails", folder="sent", recipient="books@example.com", body=Holds("640 euros"))],
    ),
    Task(
        "archive-digest",
        'Find the mail "Weekly digest" and move it into the archive.',
        [("search_mail", {"words": "Weekly digest"}), ("archive_mail", {"mail_id": Earlier(0, "mail_id")})],
        [has("mails", mail_id=33, folder="archive")],
    ),
    Task(
        "read-carla",
        'Search my mails for "Offsite in May". Then read the text of that email to me.',
        [("search_mail", {"words": "Offsite in May"}), ("read_mail", {"mail_id": Earlier(0, "mail_id")})],
        [answers("Lake Orta")],
    ),
    Task(
        "pin",
        'Read the chat channel "releases". Then pin its latest message.',
        [("read_channel", {"channel": "releases"}), ("pin_post", {"post_id": Earlier(0, "post_id")})],
        [has("posts", post_id=41, is_pinned=1)],
    ),
    Task(
        "move-letter",
        "Copy drafts/letter.txt to sent/letter.txt. Then delete drafts/letter.txt.",
        [
            ("copy_file", {"path": "drafts/letter.txt", "new_path": "sent/letter.txt"}),
            ("delete_file", {"path": "drafts/letter.txt"}),
        ],
        [file_is("sent/letter.txt", Holds("roof leaks")), no_file("drafts/letter.txt")],
    ),
    Task(
        "report-mail",
        'Read the file report.txt. Then email its content to boss@example.com, subject "Quarter one".',
        [
            ("read_file", {"path": "report.txt"}),
            ("send_mail", {"to": "boss@example.com", "subject": "Quarter one", "body": Earlier(0)}),
        ],
        [has("mails", folder="sent", recipient="boss@example.com", body=Holds("rose by 8 percent"))],
    ),
    Task(
        "extend-note",
        'Look up the note "Gift ideas". Then add to it the sentence "A teapot for Mum."',
        [
            ("find_note", {"words": "Gift ideas"}),
            ("extend_note", {"note_id": Earlier(0, "note_id"), "text": "A teapot for Mum."}),
        ],
        [has("notes", note_id=52, text=Holds("teapot for Mum"))],
    ),
    Task(
        "plumber",
        'I have called the plumber: look up "Call the plumber" on the to-do list and tick it off.',
        [("find_todo", {"title": "Call the plumber"}), ("complete_todo", {"todo_id": Earlier(0, "todo_id")})],
        [has("todos", todo_id=62, is_done=1)],
    ),
    Task(
        "passport",
        'Find "Renew passport" on my to-do list. Then postpone it to 2026-04-01.',
        [
            ("find_todo", {"title": "Renew passport"}),
            ("postpone_todo", {"todo_id": Earlier(0, "todo_id"), "due": "2026-04-01"}),
        ],
        [has("todos", todo_id=61, due="2026-04-01")],
    ),
    Task(
        "lamp-price",
        'Look up the article "desk lamp" of the shop. Then change its price to 32 euros.',
        [
            ("find_product", {"product": "desk lamp"}),
            ("set_price", {"product_id": Earlier(0, "product_id"), "price": 32}),
        ],
        [has("products", product_id=72, price=32.0)],
    ),
    Task(
        "restock",
        'Look up the article "office chair". Then book 15 of it that came into the warehouse as stock.',
        [
            ("find_product", {"product": "office chair"}),
            ("restock_product", {"product_id": Earlier(0, "product_id"), "quantity": 15}),
        ],
        [has("products", product_id=73, stock=15)],
    ),
    Task(
        "buy-shelf",
        'Find the customer "Mira Koch". Look up the article "bookshelf". Then place an order of that article '
        "for the customer.",
        [
            ("find_customer", {"customer": "Mira Koch"}),
            ("find_product", {"product": "bookshelf"}),
            (
                "place_order",
                {"customer_id": Earlier(0, "customer_id"), "product_id": Earlier(1, "product_id")},
            ),
        ],
        [has("orders", customer_id=81, product_id=74, quantity=1), has("products", product_id=74, stock=11)],
    ),
    Task(
        "customer-orders",
        'Look up the customer "Tom Brandt". Then list all orders that he has placed.',
        [
            ("find_customer", {"customer": "Tom Brandt"}),
            ("orders_of_customer", {"customer_id": Earlier(0, "customer_id")}),
        ],
        [answers(1042, 1044)],
    ),
    Task(
        "ship",
        'Ship order 1041 with the carrier "Parcelwing". Then post to the channel "general" the text '
        '"Order 1041 is on its way."',
        [
            ("ship_order", {"order_id": 1041, "carrier": "Parcelwing"}),
            ("post_to_channel", {"channel": "general", "text": "Order 1041 is on its way."}),
        ],
        [has("orders", order_id=1041, status="shipped"), has("posts", channel="general", text=Holds("1041"))],
    ),
    Task(
        "vacation",
        'Look up the employee "Nora Lind". Then request vacation for her from 2026-04-06 to 2026-04-10.',
        [
            ("find_employee", {"employee": "Nora Lind"}),
            (
                "request_leave",
                {
                    "employee_id": Earlier(0, "employee_id"),
                    "first_day": "2026-04-06",
                    "last_day": "2026-04-10",
                },
            ),
        ],
        [has("leaves", employee_id=201, first_day="2026-04-06", last_day="2026-04-10")],
    ),
    Task(
        "approve",
        'Look up the employee "Ravi Nair". Find his requests for vacation. Then approve the request.',
        [
            ("find_employee", {"employee": "Ravi Nair"}),
            ("find_leave_requests", {"employee_id": Earlier(0, "employee_id")}),
            ("approve_leave", {"leave_id": Earlier(1, "leave_id")}),
        ],
        [has("leaves", leave_id=211, status="approved")],
    ),
    Task(
        "assign",
        'Find the ticket "Export takes minutes". Then assign it to "Sofia Blum".',
        [
            ("find_ticket", {"title": "Export takes minutes"}),
            ("assign_ticket", {"ticket_id": Earlier(0, "ticket_id"), "assignee": "Sofia Blum"}),
        ],
        [has("tickets", ticket_id=303, assignee="Sofia Blum")],
    ),
    Task(
        "flight",
        'Search for flights from "Lisbon" to "Oslo" on 2026-03-13. Then book a seat on it for "Carla Ruiz".',
        [
            ("search_flights", {"origin": "Lisbon", "destination": "Oslo", "day": "2026-03-13"}),
            ("book_flight", {"flight_id": Earlier(0, "flight_id"), "passenger": "Carla Ruiz"}),
        ],
        [has("bookings", item="TS402", guest="Carla Ruiz")],
    ),
    Task(
        "drop-flight",
        'Look up the booking of "Ana Sousa". Then cancel that booking.',
        [
            ("find_booking", {"guest": "Ana Sousa"}),
            ("cancel_booking", {"booking_id": Earlier(0, "booking_id")}),
        ],
        [gone("bookings", booking_id=501)],
    ),
    Task(
        "good-night",
        'Switch off the light in the "office". Then arm the burglar alarm.',
        [("turn_off_light", {"room": "office"}), ("arm_burglar_alarm", {})],
        [
            has("devices", device="light", room="office", state="off"),
            has("devices", device="alarm", state="armed"),
        ],
    ),
)
