"""Money, and the sums that people do with it."""

from toolshed_evals.agents.world import Row, World


class Money:
    """Accounts, expenses and calculators."""

    def __init__(self, world: World) -> None:
        self._world = world

    def convert_currency(self, amount: float, source: str, target: str) -> float:
        """Convert an amount of money from one currency to another; currencies are codes such as EUR."""
        sql = "SELECT per_euro FROM rates WHERE currency = ?"
        into, out = (self._world.row(sql, code)["per_euro"] for code in (target, source))
        return float(round(amount / out * into, 2))

    def exchange_rate(self, currency: str) -> float:
        """How much of a currency one euro buys."""
        return float(self._world.row("SELECT per_euro FROM rates WHERE currency = ?", currency)["per_euro"])

    def add_expense(self, amount: float, category: str, note: str, day: str) -> Row:
        """Record money that was spent, in euros, under a category."""
        sql = "INSERT INTO expenses (amount, category, note, day) VALUES (?, ?, ?, ?)"
        return {"expense_id": self._world.write(sql, amount, category, note, day)}

    def total_expenses(self, category: str) -> float:
        """What was spent under a category so far, in euros."""
        sql = "SELECT SUM(amount) AS total FROM expenses WHERE category = ?"
        return float(round(self._world.row(sql, category)["total"] or 0, 2))

    def largest_expense(self) -> Row:
        """The dearest thing that money was spent on."""
        return self._world.row("SELECT * FROM expenses ORDER BY amount DESC")

    def delete_expense(self, expense_id: int) -> str:
        """Take a record of money that was spent out of the books."""
        self._world.write("DELETE FROM expenses WHERE expense_id = ?", expense_id)
        return "deleted"

    def set_budget(self, category: str, amount: float) -> str:
        """Set how much may be spent under a category, in euros."""
        self._world.write("INSERT OR REPLACE INTO budgets VALUES (?, ?)", category, amount)
        return "saved"

    def budget_left(self, category: str) -> float:
        """How much of the budget of a category is left, in euros."""
        budget = self._world.row("SELECT amount FROM budgets WHERE category = ?", category)
        return float(round(budget["amount"] - self.total_expenses(category), 2))

    def account_balance(self, account: str) -> float:
        """How much money is in a bank account, in euros."""
        return float(self._world.row("SELECT balance FROM accounts WHERE account = ?", account)["balance"])

    def transfer_money(self, source: str, target: str, amount: float) -> str:
        """Transfer money from one bank account to another, in euros."""
        if self.account_balance(source) < amount:
            raise ValueError(f"{source} holds less than {amount}")
        sql = "UPDATE accounts SET balance = balance + ? WHERE account = ?"
        self._world.write(sql, amount, target)
        self._world.write(sql, -amount, source)
        return "transferred"

    def add_standing_order(self, source: str, target: str, amount: float, day_of_month: int) -> str:
        """Transfer the same amount between bank accounts every month, on a day of the month."""
        self._world.write(
            "INSERT INTO standing_orders VALUES (?, ?, ?, ?)", source, target, amount, day_of_month
        )
        return "saved"

    def loan_payment(self, principal: float, yearly_percent: float, years: int) -> float:
        """The monthly payment of a loan or a mortgage."""
        rate, n = yearly_percent / 1200, years * 12
        return round(principal * rate / (1 - (1 + rate) ** -n), 2)

    def compound_interest(self, principal: float, yearly_percent: float, years: int) -> float:
        """What savings grow to with compound interest."""
        return float(round(principal * (1 + yearly_percent / 100) ** years, 2))

    def split_bill(self, amount: float, people: int) -> float:
        """What each of several people has to pay of a bill."""
        return round(amount / people, 2)

    def tip(self, amount: float, percent: float) -> float:
        """The tip on a bill in a restaurant, for a percentage."""
        return round(amount * percent / 100, 2)

    def price_without_tax(self, amount: float, percent: float) -> float:
        """The net price behind a gross one that contains value added tax."""
        return round(amount / (1 + percent / 100), 2)
