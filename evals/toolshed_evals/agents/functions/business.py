"""A shop, its people, and the tickets of its support."""

from typing import Literal

from toolshed_evals.agents.world import Row, World

Severity = Literal["low", "medium", "high"]


class Business:
    """A small company that sells furniture."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find_product(self, product: str) -> Row:
        """Look up an article of the shop by its name: product_id, price in euros, and stock."""
        return self._world.row("SELECT * FROM products WHERE product LIKE ?", f"%{product}%")

    def add_product(self, product: str, price: float, stock: int) -> Row:
        """Put a new article into the shop's assortment."""
        sql = "INSERT INTO products (product, price, stock) VALUES (?, ?, ?)"
        return {"product_id": self._world.write(sql, product, price, stock)}

    def set_price(self, product_id: int, price: float) -> str:
        """Change what an article of the shop costs, in euros."""
        self._world.write("UPDATE products SET price = ? WHERE product_id = ?", price, product_id)
        return "saved"

    def restock_product(self, product_id: int, quantity: int) -> Row:
        """Book goods that came into the warehouse, so that the stock rises."""
        self._world.write("UPDATE products SET stock = stock + ? WHERE product_id = ?", quantity, product_id)
        return self._world.row("SELECT product, stock FROM products WHERE product_id = ?", product_id)

    def products_out_of_stock(self) -> list[Row]:
        """Articles of the shop that are sold out."""
        return self._world.rows("SELECT product_id, product FROM products WHERE stock = 0")

    def find_customer(self, customer: str) -> Row:
        """Look up a customer of the shop by name: customer_id, email and city."""
        return self._world.row("SELECT * FROM customers WHERE customer LIKE ?", f"%{customer}%")

    def change_customer_email(self, customer_id: int, email: str) -> str:
        """Save another email address for a customer of the shop."""
        self._world.write("UPDATE customers SET email = ? WHERE customer_id = ?", email, customer_id)
        return "saved"

    def place_order(self, customer_id: int, product_id: int, quantity: int = 1) -> Row:
        """Order an article for a customer; takes it out of the stock."""
        product = self._world.row("SELECT * FROM products WHERE product_id = ?", product_id)
        self._world.row("SELECT * FROM customers WHERE customer_id = ?", customer_id)
        if product["stock"] < quantity:
            raise ValueError(f"only {product['stock']} of {product['product']} are left")
        self._world.write("UPDATE products SET stock = stock - ? WHERE product_id = ?", quantity, product_id)
        order = self._world.write(
            "INSERT INTO orders (customer_id, product_id, quantity, total, status, tracking, ordered_on) "
            "VALUES (?, ?, ?, ?, 'paid', '', '2026-03-02')",
            customer_id,
            product_id,
            quantity,
            product["price"] * quantity,
        )
        return {"order_id": order, "total": product["price"] * quantity}

    def order_status(self, order_id: int) -> Row:
        """Where an order of the shop is: paid, shipped or delivered, and its tracking number."""
        return self._world.row("SELECT status, tracking FROM orders WHERE order_id = ?", order_id)

    def orders_of_customer(self, customer_id: int) -> list[Row]:
        """All orders that a customer has placed."""
        return self._world.rows(
            "SELECT order_id, total, status FROM orders WHERE customer_id = ?", customer_id
        )

    def ship_order(self, order_id: int, carrier: str) -> Row:
        """Hand an order over to a carrier; gives the tracking number."""
        tracking = f"{carrier[:2].upper()}-{order_id * 7}"
        sql = "UPDATE orders SET status = 'shipped', tracking = ? WHERE order_id = ?"
        self._world.write(sql, tracking, order_id)
        return {"tracking": tracking}

    def cancel_order(self, order_id: int) -> str:
        """Cancel an order that was not shipped yet."""
        sql = "UPDATE orders SET status = 'cancelled' WHERE order_id = ? AND status = 'paid'"
        self._world.write(sql, order_id)
        return "cancelled"

    def refund_order(self, order_id: int, amount: float) -> str:
        """Pay money back to the customer of an order."""
        self._world.write(
            "UPDATE orders SET status = 'refunded', total = total - ? WHERE order_id = ?", amount, order_id
        )
        return "refunded"

    def revenue_between(self, first_day: str, last_day: str) -> float:
        """What the shop has sold between two days, in euros."""
        sql = "SELECT SUM(total) AS total FROM orders WHERE ordered_on BETWEEN ? AND ?"
        return float(self._world.row(sql, first_day, last_day)["total"] or 0)

    def find_employee(self, employee: str) -> Row:
        """Look up an employee: employee_id, department, manager, and days of leave that are left."""
        return self._world.row("SELECT * FROM employees WHERE employee LIKE ?", f"%{employee}%")

    def list_department(self, department: str) -> list[Row]:
        """Everybody who works in a department."""
        return self._world.rows("SELECT employee FROM employees WHERE department = ?", department)

    def request_leave(self, employee_id: int, first_day: str, last_day: str) -> Row:
        """Ask for vacation for an employee from one day to another."""
        self._world.row("SELECT * FROM employees WHERE employee_id = ?", employee_id)
        sql = "INSERT INTO leaves (employee_id, first_day, last_day, status) VALUES (?, ?, ?, 'requested')"
        return {"leave_id": self._world.write(sql, employee_id, first_day, last_day)}

    def find_leave_requests(self, employee_id: int) -> list[Row]:
        """Requests for vacation of an employee, with their leave_id and status."""
        return self._world.rows("SELECT * FROM leaves WHERE employee_id = ?", employee_id)

    def approve_leave(self, leave_id: int) -> str:
        """Approve a request for vacation."""
        self._world.write("UPDATE leaves SET status = 'approved' WHERE leave_id = ?", leave_id)
        return "approved"

    def change_manager(self, employee_id: int, manager: str) -> str:
        """Let an employee report to another manager."""
        self._world.write("UPDATE employees SET manager = ? WHERE employee_id = ?", manager, employee_id)
        return "saved"

    def open_ticket(self, title: str, severity: Severity = "medium") -> Row:
        """Report a bug or a problem to the support as a new ticket."""
        sql = "INSERT INTO tickets (title, severity, assignee, status) VALUES (?, ?, '', 'open')"
        return {"ticket_id": self._world.write(sql, title, severity)}

    def find_ticket(self, title: str) -> Row:
        """Look up a support ticket by words of its title; gives its ticket_id."""
        return self._world.row("SELECT * FROM tickets WHERE title LIKE ?", f"%{title}%")

    def assign_ticket(self, ticket_id: int, assignee: str) -> str:
        """Give a support ticket to somebody who takes care of it."""
        self._world.write("UPDATE tickets SET assignee = ? WHERE ticket_id = ?", assignee, ticket_id)
        return "assigned"

    def set_ticket_severity(self, ticket_id: int, severity: Severity) -> str:
        """Say how severe a support ticket is."""
        self._world.write("UPDATE tickets SET severity = ? WHERE ticket_id = ?", severity, ticket_id)
        return "saved"

    def comment_on_ticket(self, ticket_id: int, text: str) -> str:
        """Add a comment to a support ticket."""
        self._world.row("SELECT * FROM tickets WHERE ticket_id = ?", ticket_id)
        self._world.write("INSERT INTO comments VALUES (?, ?)", ticket_id, text)
        return "saved"

    def close_ticket(self, ticket_id: int) -> str:
        """Close a support ticket as solved."""
        self._world.write("UPDATE tickets SET status = 'closed' WHERE ticket_id = ?", ticket_id)
        return "closed"

    def add_webhook(self, url: str, topic: str) -> str:
        """Register a webhook: the address is called whenever something of the topic happens."""
        self._world.write("INSERT INTO webhooks VALUES (?, ?)", url, topic)
        return "registered"
