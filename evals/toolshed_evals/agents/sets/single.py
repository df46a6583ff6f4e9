"""Tasks of one call."""

from toolshed_evals.agents.checks import Holds, answers, file_is, folder_is, gone, has, no_file
from toolshed_evals.agents.tasks import Task

SINGLE = (
    Task(
        "event",
        'Put "Eye test" into my calendar, it starts 2026-03-06T14:00.',
        [("create_event", {"title": "Eye test", "start": "2026-03-06T14:00"})],
        [has("events", title="Eye test", start="2026-03-06T14:00")],
    ),
    Task(
        "free-slot",
        "When on 2026-03-03 could I fit in a meeting of 90 minutes?",
        [("find_free_slot", {"day": "2026-03-03", "minutes": 90})],
        [answers("11:00")],
    ),
    Task(
        "contact",
        'Save "Elif Demir" in my address book, her email is elif.demir@example.com.',
        [("add_contact", {"name": "Elif Demir", "email": "elif.demir@example.com"})],
        [has("contacts", name="Elif Demir", email="elif.demir@example.com")],
    ),
    Task(
        "phone-of",
        'What is the phone number of "Ben Okafor"?',
        [("find_contact", {"name": "Ben Okafor"})],
        [answers("+44 555 0102")],
    ),
    Task(
        "colleagues",
        'Who do I know that works at "Lumen"?',
        [("list_contacts_of_company", {"company": "Lumen"})],
        [answers("Ana Sousa", "Carla Ruiz")],
    ),
    Task(
        "mail",
        'Email leo@example.com with the subject "Kite" and the text "It flies on Sunday."',
        [("send_mail", {"to": "leo@example.com", "subject": "Kite", "body": "It flies on Sunday."})],
        [has("mails", folder="sent", recipient="leo@example.com", subject="Kite", body=Holds("flies"))],
    ),
    Task(
        "draft",
        'Write to hr@example.com about "Contract", text "I have a question about clause 4.", but do not send '
        "it yet, keep it as a draft.",
        [("save_draft", {"to": "hr@example.com", "subject": "Contract", "body": "A question on clause 4."})],
        [has("mails", folder="drafts", recipient="hr@example.com", subject="Contract")],
    ),
    Task("unread", "How many mails have I not read yet?", [("count_unread_mail", {})], [answers(3)]),
    Task(
        "channel",
        'Open a new chat channel "offsite" for the team.',
        [("create_channel", {"channel": "offsite"})],
        [has("channels", channel="offsite")],
    ),
    Task(
        "post",
        'Tell the team in the channel "kitchen": "There is cake."',
        [("post_to_channel", {"channel": "kitchen", "text": "There is cake."})],
        [has("posts", channel="kitchen", text=Holds("there is cake"))],
    ),
    Task(
        "file",
        'Create a file plan.txt with the text "Paint first, then plant."',
        [("write_file", {"path": "plan.txt", "text": "Paint first, then plant."})],
        [file_is("plan.txt", "Paint first, then plant.")],
    ),
    Task(
        "append",
        'Add the line "- order a gate" to the end of todo.md.',
        [("append_to_file", {"path": "todo.md", "text": "- order a gate"})],
        [file_is("todo.md", "- paint the fence\n- buy soil\n- order a gate")],
    ),
    Task(
        "delete",
        "Please get rid of the file report.txt.",
        [("delete_file", {"path": "report.txt"})],
        [no_file("report.txt")],
    ),
    Task(
        "folder",
        'Make an empty folder called "archive".',
        [("make_folder", {"folder": "archive"})],
        [folder_is("archive")],
    ),
    Task(
        "sort",
        "Put the lines of names.txt into alphabetical order.",
        [("sort_lines", {"path": "names.txt"})],
        [file_is("names.txt", "Adam\nMila\nZoe")],
    ),
    Task(
        "csv",
        'Add up the column "km" of trips.csv.',
        [("sum_csv_column", {"path": "trips.csv", "column": "km"})],
        [answers(796)],
    ),
    Task(
        "replace",
        'In report.txt, write "spending" wherever it says "Costs".',
        [("replace_in_file", {"path": "report.txt", "old": "Costs", "new": "spending"})],
        [file_is("report.txt", Holds("spending fell"))],
    ),
    Task(
        "leaks",
        'Which of my files mention "the roof"?',
        [("search_files", {"text": "the roof"})],
        [answers("drafts/letter.txt")],
    ),
    Task(
        "wifi",
        'What did I write down about the "Wifi"?',
        [("find_note", {"words": "Wifi"})],
        [answers("blue-heron-88")],
    ),
    Task(
        "todo",
        'Remind me by the to-do list to "Clean the gutter", due 2026-03-21.',
        [("add_todo", {"title": "Clean the gutter", "due": "2026-03-21"})],
        [has("todos", title="Clean the gutter", due="2026-03-21")],
    ),
    Task(
        "order",
        "Has order 1042 left the warehouse, and what is its tracking number?",
        [("order_status", {"order_id": 1042})],
        [answers("PX-90417")],
    ),
    Task(
        "cancel-order",
        "Order 1043 is no longer wanted, call it off.",
        [("cancel_order", {"order_id": 1043})],
        [has("orders", order_id=1043, status="cancelled")],
    ),
    Task(
        "sold-out",
        "Which articles are sold out in our shop?",
        [("products_out_of_stock", {})],
        [answers("office chair")],
    ),
    Task(
        "revenue",
        "How much did the shop sell between 2026-02-01 and 2026-02-28?",
        [("revenue_between", {"first_day": "2026-02-01", "last_day": "2026-02-28"})],
        [answers(788)],
    ),
    Task(
        "ticket",
        'Report a new problem to support: "Search crashes on umlauts", severity high.',
        [("open_ticket", {"title": "Search crashes on umlauts", "severity": "high"})],
        [has("tickets", title="Search crashes on umlauts", severity="high")],
    ),
    Task(
        "close-ticket",
        "Ticket 302 is fixed, close it.",
        [("close_ticket", {"ticket_id": 302})],
        [has("tickets", ticket_id=302, status="closed")],
    ),
    Task(
        "yen",
        "How much is 250 EUR in JPY?",
        [("convert_currency", {"amount": 250, "source": "EUR", "target": "JPY"})],
        [answers(40000)],
    ),
    Task(
        "transfer",
        'Move 200 euros from my account "checking" to the account "holiday".',
        [("transfer_money", {"source": "checking", "target": "holiday", "amount": 200})],
        [
            has("accounts", account="checking", balance=2200.0),
            has("accounts", account="holiday", balance=550.0),
        ],
    ),
    Task(
        "food",
        'What have I spent on "food" so far?',
        [("total_expenses", {"category": "food"})],
        [answers(80)],
    ),
    Task(
        "mortgage",
        "What would I pay every month for a loan of 200000 at 3 percent over 20 years?",
        [("loan_payment", {"principal": 200000, "yearly_percent": 3, "years": 20})],
        [answers(1109.2)],
    ),
    Task(
        "split",
        "The bill is 138 and we are 4 people; what does each pay?",
        [("split_bill", {"amount": 138, "people": 4})],
        [answers(34.5)],
    ),
    Task(
        "light",
        'It is dark in the "kitchen", put the light on.',
        [("turn_on_light", {"room": "kitchen"})],
        [has("devices", device="light", room="kitchen", state="on")],
    ),
    Task(
        "heat",
        'Heat the "bedroom" to 20 degrees.',
        [("set_thermostat", {"room": "bedroom", "celsius": 20})],
        [has("devices", device="thermostat", room="bedroom", state="20")],
    ),
    Task(
        "door",
        'Make sure the "front door" is locked.',
        [("lock_door", {"door": "front door"})],
        [has("devices", device="lock", room="front door", state="locked")],
    ),
    Task(
        "vacuum",
        "The floor is dusty, let the robot clean it.",
        [("start_vacuum", {})],
        [has("devices", device="vacuum", state="cleaning")],
    ),
    Task(
        "wake", "Wake me at 06:45.", [("set_wake_up_alarm", {"time": "06:45"})], [has("alarms", time="06:45")]
    ),
    Task(
        "rain",
        'Do I need an umbrella in "Lisbon" on 2026-03-03?',
        [("weather_forecast", {"city": "Lisbon", "day": "2026-03-03"})],
        [answers("rain")],
    ),
    Task(
        "miles",
        "How many km are 26 mile?",
        [("convert_length", {"value": 26, "source": "mile", "target": "km"})],
        [answers(41.843)],
    ),
    Task(
        "days",
        "How many days are there between 2026-03-02 and 2026-12-24?",
        [("days_between", {"first_day": "2026-03-02", "last_day": "2026-12-24"})],
        [answers(297)],
    ),
    Task(
        "forget", "Throw away the note 52.", [("delete_note", {"note_id": 52})], [gone("notes", note_id=52)]
    ),
)
