"""What the scanner finds."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolshed.catalog.visible_text import visible

Severity = Literal["error", "warning"]
SEVERITIES: Sequence[Severity] = ("error", "warning")
_EXCERPT_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """One kind of finding.

    Attributes:
        name: Its id, stable across releases.
        severity: How bad it is.
        help: What it finds.
        advice: What to do about it.
    """

    name: str
    severity: Severity
    help: str
    advice: str


_ASK = "ask whoever runs the server what this is for, and do not offer the tool to a model until then"
_HIDDEN = "show the text with its characters written out, and have the source leave them out"
SAFETY_RULES: Sequence[SafetyRule] = (
    SafetyRule("override", "error", "Tells a model to disregard its instructions, or to have others.", _ASK),
    SafetyRule("persona", "error", "Tells a model to be another one, without limits.", _ASK),
    SafetyRule("secrecy", "error", "Tells a model to keep something from its user.", _ASK),
    SafetyRule("consent", "error", "Tells a model to act without asking, or that all was agreed to.", _ASK),
    SafetyRule("secret-files", "error", "Asks for keys, passwords or files that hold them.", _ASK),
    SafetyRule("exfiltration", "error", "Asks for the conversation, the prompt or data of the user.", _ASK),
    SafetyRule("prompt-leak", "error", "Asks a model for its own instructions.", _ASK),
    SafetyRule("shadowing", "error", "Changes how tools of others are used.", _ASK),
    SafetyRule("preference", "error", "Claims to come before all other tools.", _ASK),
    SafetyRule("order", "error", "Wants to be called before, or with, whatever else is called.", _ASK),
    SafetyRule(
        "persistence", "error", "Wants to be remembered, or written where later sessions read it.", _ASK
    ),
    SafetyRule("reply", "error", "Puts words into what a model answers its user.", _ASK),
    SafetyRule("code", "error", "Has a program fetched and run, or a door opened.", _ASK),
    SafetyRule("loop", "error", "Has a tool called over and over.", _ASK),
    SafetyRule("addressed", "error", "Speaks to the model that reads it, and orders something.", _ASK),
    SafetyRule("wording", "error", "Reads like an order to a model, in words that no rule knows.", _ASK),
    SafetyRule("role-markup", "error", "Imitates the markup of system messages and chat roles.", _ASK),
    SafetyRule("encoded", "error", "Hides such instructions in an encoding.", _ASK),
    SafetyRule(
        "hidden-text", "error", "Holds text that people cannot see: tags, directions, escapes.", _HIDDEN
    ),
    SafetyRule("invisible-characters", "warning", "Holds characters without width or shape.", _HIDDEN),
    SafetyRule(
        "look-alike",
        "error",
        "Is spelt with letters of another script that look like Latin ones.",
        "compare it with the tool that it looks like; have the source spell it plainly",
    ),
    SafetyRule(
        "near-twin",
        "warning",
        "Is called almost as a tool of another source.",
        "make sure that the right one is meant; rename one of the two",
    ),
    SafetyRule(
        "secret",
        "error",
        "Holds a key or token.",
        "revoke it, and have the source leave it out: whoever finds the tool can read it",
    ),
    SafetyRule(
        "unscanned",
        "warning",
        "Is longer than what is read of one definition.",
        "have the source shorten it, or read the rest yourself",
    ),
)
RULES_BY_NAME: Mapping[str, SafetyRule] = {rule.name: rule for rule in SAFETY_RULES}


@dataclass(frozen=True, slots=True)
class SafetyFinding:
    """Something in a definition that may be meant to harm.

    Attributes:
        rule: Name of its rule, see :data:`SAFETY_RULES`.
        tool_id: The tool.
        place: Where in the definition: ``description``, ``parameters.properties.a.description``.
        excerpt: What stands there, safe to print; nothing of a secret.
        text_hash: SHA-256 of what stands there, for the allow list.
    """

    rule: str
    tool_id: str
    place: str
    excerpt: str
    text_hash: str

    @classmethod
    def of(cls, rule: str, tool_id: str, place: str, text: str, excerpt: str) -> "SafetyFinding":
        """A finding in a text.

        Args:
            rule: The rule.
            tool_id: The tool.
            place: Where the text stands.
            text: All of it.
            excerpt: The part to show.
        """
        return cls(rule, tool_id, place, shown(excerpt), hash_of(text))

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RULES_BY_NAME[self.rule].severity

    @property
    def advice(self) -> str:
        """What to do about it."""
        return RULES_BY_NAME[self.rule].advice

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "severity": self.severity,
            "rule": self.rule,
            "tool_id": self.tool_id,
            "place": self.place,
            "excerpt": self.excerpt,
            "text_hash": self.text_hash,
            "advice": self.advice,
        }


def hash_of(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shown(text: str) -> str:
    """A text as one line for people: short, and with what cannot be seen written out."""
    line = " ".join(visible(text[: 4 * _EXCERPT_CHARACTERS]).split())
    return line if len(line) <= _EXCERPT_CHARACTERS else line[: _EXCERPT_CHARACTERS - 1] + "…"
