"""Literal signs of harm: markup of chat roles, files that hold keys, programs, hidden characters, secrets."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolshed.catalog.secrets import looks_generated
from toolshed.safety.plain_text import LOOK_ALIKES, undisguised


@dataclass(frozen=True, slots=True)
class Sign:
    """A rule that holds, and what shows it."""

    rule: str
    excerpt: str


_PLAIN: Sequence[tuple[str, re.Pattern[str]]] = (
    (
        "role-markup",
        re.compile(
            r"<\|?(?:im_start|im_end|system|endoftext|start_header_id|assistant|user)\|?>"
            r"|<important>(?!\s{0,20}<)|</?\s?(?:system|sys|instructions?|secret|hidden|admin|critical|override|urgent|thinking)"
            r"\s?/?>"
            r"|<<sys>>|\[/?inst\]|\[/?system\]"
            r"|(?:^|[.!?>\]\n]\s{0,3})(?:system|systemhinweis|note syst[eè]me|nota del sistema"
            r"|nota di sistema"
            r"|system note|system prompt|developer message|(?-i:assistant))\s?:\s(?=[a-z])"
            r"|(?:^|[.!?>\n]\s{0,3})(?:override|new instructions?|neue anweisungen|system override"
            r"|nuevas instrucciones"
            r"|nouvelles instructions|nuove istruzioni|system update|important system update)\s?:"
            r"|(?<![-=#])(?:-{3,80}|={3,80}|#{2,6})\s?(?:end|begin|new|system|note for)\b[^\n]{0,40}"
            r"(?:document|instructions?|prompt|context|agents?|system|user)"
            r"|\bnote (?:for|to) (?:the |any |all )?(?:llms?|ais?|bots?|models?|assistants?|agents?)\b"
            r"|\bas an ai\b"
            r"|<system-reminder|\[system directive|\bignore the above\b|(?:^|[.!?\n]\s{0,3})hidden\s?:"
            r"|\b(?:note|message|notice|order|instructions?) from (?:the |your )?(?:developers?|system"
            r"|admin(?:istrator)?s?"
            r"|operators?|security team|anthropic|openai|vendor|it department|platform)\b"
            r"|<!--[^>]{0,200}\b(?:agent|assistant|ai|llm|model|bot)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "secret-files",
        re.compile(
            r"~/\.|\.ssh\b|id_rsa|id_ed25519|id_ecdsa|authorized_keys|/etc/(?:passwd|shadow|sudoers)|\.aws/cred"
            r"|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.kube/config|\.docker/config|\.bash_history"
            r"|(?:[A-Z]{2,20}_(?:API_KEY|TOKEN|SECRET)[,; ]{1,3}(?:and )?){2,}"
            r"|(?<![\w.])\.env\b|mcp\.json|claude_desktop_config|\bprintenv\b|wallet\.dat|login\.keychain|\.gnupg",
            re.IGNORECASE,
        ),
    ),
    (
        "persistence",
        re.compile(
            r"CLAUDE\.md|AGENTS\.md|\.cursorrules|\.cursor/rules|copilot-instructions|autoApprove",
            re.IGNORECASE,
        ),
    ),
    (
        "code",
        re.compile(
            r"\b(?:curl|wget)\b[^|\n]{0,200}\|\s?(?:sudo\s)?(?:ba|z|da)?sh\b|\bchmod\s(?:-R\s)?0?[67]{3}|\bnc\s[^\n]{1,40}\s-e\b"
            r"|\bos\.system\(|\bsubprocess\.|\brm\s-rf\b|/dev/tcp/|\bbase64\s-d\b|\beval\(atob|powershell\s-enc"
            r"|git@[^\n]{1,80}--force|push[^\n]{1,80}--force",
            re.IGNORECASE,
        ),
    ),
    (
        "exfiltration",
        re.compile(
            r"169\.254\.169\.254|metadata\.google\.internal|!\[[^\]\n]{0,60}\]\(https?://[^)\n]{0,200}[?&][^)\n]{0,60}=(?:[A-Z_]{3,}|\{)"
        ),
    ),
)
_SECRETS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bAIza[0-9A-Za-z_-]{35}\b|\bglpat-[\w-]{20,}|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\b[rs]k_live_[0-9a-zA-Z]{20,}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bhf_[A-Za-z]{34}\b"
    r"|\bSG\.[\w-]{20,}\.[\w-]{20,}"
)
# Directions and tags are no part of any text that a tool needs; neither are the escapes of a terminal.
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}"
)
_INVISIBLE = re.compile("(?<=[A-Za-z])[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u034f](?=[A-Za-z])")
_WITHOUT_WIDTH = re.compile("[\u200b\u200e\u200f\u2060-\u2064\ufeff\u00ad\u034f\u115f\u1160\u3164\uffa0]")
_MIXED = re.compile(r"[A-Za-z\u0370-\u03ff\u0400-\u052f]{3,}")
# A name that is split often hides what it says.
_FEWEST_SPLITS = 3


def signs_in(text: str, *, is_name: bool = False) -> Iterator[Sign]:
    """What of a text is such a sign, one a rule."""
    plain = undisguised(text)
    for rule, pattern in _PLAIN:
        found = pattern.search(plain)
        if found:
            yield Sign(rule, plain[max(0, found.start() - 40) : found.end() + 80])
    secret = _SECRETS.search(text)
    if secret and looks_generated(secret[0].replace("/", ""), least=16):
        yield Sign("secret", f"{secret[0][:6]}… ({len(secret[0])} characters)")
    hidden = _HIDDEN.search(text)
    if hidden or len(_INVISIBLE.findall(text)) >= _FEWEST_SPLITS:
        at = hidden.start() if hidden else 0
        yield Sign("hidden-text", text[max(0, at - 20) : at + 80])
    elif _WITHOUT_WIDTH.search(text):
        found = _WITHOUT_WIDTH.search(text)
        assert found is not None
        yield Sign("invisible-characters", text[max(0, found.start() - 20) : found.end() + 20])
    mixed = next(filter(_is_mixed, (word[0] for word in _MIXED.finditer(text))), None)
    if mixed is not None:
        yield Sign("look-alike", mixed if not is_name else text)


def _is_mixed(word: str) -> bool:
    """Whether a word has Latin letters and others that look like them."""
    if word.isascii():
        return False
    has_latin = any(letter.isascii() for letter in word)
    return has_latin and any(
        not letter.isascii() and ord(letter) in LOOK_ALIKES and "LATIN" not in unicodedata.name(letter, "")
        for letter in word
    )
