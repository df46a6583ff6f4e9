-- What is there before a task begins. Everybody and everything in it is made up.
CREATE TABLE events (event_id INTEGER PRIMARY KEY, title TEXT, start TEXT, minutes INTEGER, place TEXT);
CREATE TABLE guests (event_id INTEGER, email TEXT);
INSERT INTO events VALUES
  (11, 'Budget review', '2026-03-03T10:00', 60, 'Room 4'),
  (12, 'Dentist', '2026-03-03T15:30', 45, 'Rua Nova 8'),
  (13, 'Team lunch', '2026-03-04T12:00', 90, ''),
  (14, 'Supplier call', '2026-03-05T09:00', 30, ''),
  (15, 'Sprint planning', '2026-03-05T11:00', 120, 'Room 2');
INSERT INTO guests VALUES (11, 'ana.sousa@example.com');

CREATE TABLE contacts (contact_id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, company TEXT);
INSERT INTO contacts VALUES
  (21, 'Ana Sousa', 'ana.sousa@example.com', '+351 555 0101', 'Lumen'),
  (22, 'Ben Okafor', 'ben.okafor@example.com', '+44 555 0102', 'Northwind'),
  (23, 'Carla Ruiz', 'carla.ruiz@example.com', '+34 555 0103', 'Lumen'),
  (24, 'Dmitri Wolf', 'dmitri.wolf@example.com', '+49 555 0104', 'Harbor');

CREATE TABLE mails (
  mail_id INTEGER PRIMARY KEY, folder TEXT, sender TEXT, recipient TEXT, subject TEXT, body TEXT, is_read INTEGER
);
INSERT INTO mails VALUES
  (31, 'inbox', 'ben.okafor@example.com', 'me@example.com', 'Invoice 7781', 'The invoice over 640 euros is due on 2026-03-20.', 0),
  (32, 'inbox', 'carla.ruiz@example.com', 'me@example.com', 'Offsite in May', 'Shall we take the cabin at Lake Orta for the offsite?', 0),
  (33, 'inbox', 'news@example.com', 'me@example.com', 'Weekly digest', 'Ten things you have missed.', 1),
  (34, 'inbox', 'dmitri.wolf@example.com', 'me@example.com', 'Container delayed', 'The container reaches Hamburg four days late.', 0);

CREATE TABLE channels (channel TEXT PRIMARY KEY, topic TEXT);
CREATE TABLE posts (post_id INTEGER PRIMARY KEY, channel TEXT, text TEXT, is_pinned INTEGER);
INSERT INTO channels VALUES ('general', ''), ('releases', 'What ships when'), ('kitchen', '');
INSERT INTO posts VALUES (41, 'releases', 'Version 4.2 ships on Friday.', 0), (42, 'kitchen', 'The coffee machine is back.', 0);

CREATE TABLE notes (note_id INTEGER PRIMARY KEY, title TEXT, text TEXT);
INSERT INTO notes VALUES (51, 'Wifi', 'The guest password is blue-heron-88.'), (52, 'Gift ideas', 'A kite for Leo.');
CREATE TABLE todos (todo_id INTEGER PRIMARY KEY, title TEXT, due TEXT, is_done INTEGER, priority TEXT);
INSERT INTO todos VALUES
  (61, 'Renew passport', '2026-03-10', 0, 'normal'),
  (62, 'Call the plumber', '2026-03-03', 0, 'normal'),
  (63, 'Pay the rent', '2026-03-03', 0, 'high');

CREATE TABLE products (product_id INTEGER PRIMARY KEY, product TEXT, price REAL, stock INTEGER);
INSERT INTO products VALUES
  (71, 'walnut desk', 420.0, 7), (72, 'desk lamp', 35.5, 40), (73, 'office chair', 189.0, 0), (74, 'bookshelf', 99.0, 12);
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, customer TEXT, email TEXT, city TEXT);
INSERT INTO customers VALUES
  (81, 'Mira Koch', 'mira.koch@example.com', 'Graz'), (82, 'Tom Brandt', 'tom.brandt@example.com', 'Leeds'),
  (83, 'Yuki Abe', 'yuki.abe@example.com', 'Osaka');
CREATE TABLE orders (
  order_id INTEGER PRIMARY KEY, customer_id INTEGER, product_id INTEGER, quantity INTEGER, total REAL, status TEXT,
  tracking TEXT, ordered_on TEXT
);
INSERT INTO orders VALUES
  (1041, 81, 71, 1, 420.0, 'paid', '', '2026-02-11'), (1042, 82, 72, 2, 71.0, 'shipped', 'PX-90417', '2026-02-14'),
  (1043, 83, 74, 3, 297.0, 'paid', '', '2026-02-27'), (1044, 82, 71, 1, 420.0, 'delivered', 'PX-88002', '2026-01-19');

CREATE TABLE rates (currency TEXT PRIMARY KEY, per_euro REAL);
INSERT INTO rates VALUES ('EUR', 1.0), ('USD', 1.1), ('GBP', 0.85), ('JPY', 160.0), ('CHF', 0.95), ('PLN', 4.25);
CREATE TABLE expenses (expense_id INTEGER PRIMARY KEY, amount REAL, category TEXT, note TEXT, day TEXT);
INSERT INTO expenses VALUES
  (91, 48.2, 'food', 'market', '2026-02-20'), (92, 120.0, 'travel', 'train to Porto', '2026-02-21'),
  (93, 31.8, 'food', 'bakery and cheese', '2026-02-25'), (94, 15.0, 'office', 'pens', '2026-03-01');
CREATE TABLE budgets (category TEXT PRIMARY KEY, amount REAL);
INSERT INTO budgets VALUES ('food', 300.0), ('travel', 500.0);
CREATE TABLE accounts (account TEXT PRIMARY KEY, balance REAL);
INSERT INTO accounts VALUES ('checking', 2400.0), ('savings', 9100.0), ('holiday', 350.0);
CREATE TABLE standing_orders (source TEXT, target TEXT, amount REAL, day_of_month INTEGER);

CREATE TABLE devices (device TEXT, room TEXT, state TEXT);
INSERT INTO devices VALUES
  ('light', 'kitchen', 'off'), ('light', 'bedroom', 'on'), ('light', 'office', 'on'), ('thermostat', 'bedroom', '18'),
  ('thermostat', 'office', '21'), ('blinds', 'office', '0'), ('lock', 'front door', 'unlocked'),
  ('lock', 'garage', 'locked'), ('vacuum', 'hall', 'docked'), ('alarm', 'house', 'disarmed');
CREATE TABLE alarms (time TEXT, label TEXT);
CREATE TABLE weather (city TEXT, day TEXT, celsius REAL, sky TEXT);
INSERT INTO weather VALUES
  ('Lisbon', '2026-03-02', 17, 'sunny'), ('Lisbon', '2026-03-03', 14, 'rain'), ('Oslo', '2026-03-02', -3, 'snow'),
  ('Oslo', '2026-03-03', -6, 'clear'), ('Graz', '2026-03-02', 9, 'cloudy'), ('Graz', '2026-03-03', 11, 'fog');
CREATE TABLE flights (flight_id TEXT PRIMARY KEY, origin TEXT, destination TEXT, day TEXT, price REAL);
INSERT INTO flights VALUES
  ('TS401', 'Lisbon', 'Oslo', '2026-03-12', 210.0), ('TS402', 'Lisbon', 'Oslo', '2026-03-13', 145.0),
  ('TS510', 'Graz', 'Lisbon', '2026-03-12', 180.0);
CREATE TABLE hotels (hotel_id TEXT PRIMARY KEY, hotel TEXT, city TEXT, price REAL);
INSERT INTO hotels VALUES ('H7', 'Fjord House', 'Oslo', 130.0), ('H8', 'Casa Azul', 'Lisbon', 95.0);
CREATE TABLE bookings (booking_id INTEGER PRIMARY KEY, item TEXT, guest TEXT, day TEXT, nights INTEGER);
INSERT INTO bookings VALUES (501, 'TS510', 'Ana Sousa', '2026-03-12', 0);

CREATE TABLE employees (employee_id INTEGER PRIMARY KEY, employee TEXT, department TEXT, manager TEXT, leave_days INTEGER);
INSERT INTO employees VALUES
  (201, 'Nora Lind', 'design', 'Piet Maas', 12), (202, 'Piet Maas', 'design', '', 20),
  (203, 'Ravi Nair', 'support', 'Sofia Blum', 3), (204, 'Sofia Blum', 'support', '', 25);
CREATE TABLE leaves (leave_id INTEGER PRIMARY KEY, employee_id INTEGER, first_day TEXT, last_day TEXT, status TEXT);
INSERT INTO leaves VALUES (211, 203, '2026-03-16', '2026-03-17', 'requested');
CREATE TABLE tickets (ticket_id INTEGER PRIMARY KEY, title TEXT, severity TEXT, assignee TEXT, status TEXT);
INSERT INTO tickets VALUES
  (301, 'Login page is blank', 'high', '', 'open'), (302, 'Typo on the invoice', 'low', 'Ravi Nair', 'open'),
  (303, 'Export takes minutes', 'medium', '', 'open');
CREATE TABLE comments (ticket_id INTEGER, text TEXT);
CREATE TABLE webhooks (url TEXT, topic TEXT);
