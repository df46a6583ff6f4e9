"""Requests that no tool serves, and slips of the keyboard."""

import numpy as np

SMALL_TALK = tuple(
    """hello there
good morning, how are you today?
thanks, that was great
what do you think about cats?
tell me a joke
haha nice one
who made you?
are you a robot?
I feel a bit sad today
what is the meaning of life?
ok
never mind
you are funny
why is the sky blue?
do you dream?
I love rainy days
let's talk about something else
see you tomorrow
what's your favourite colour?
can you keep a secret?
sorry, my mistake
I am bored
that makes no sense
say something nice
how old are you?
good night
is there life on Mars?
my dog is asleep next to me
wow, really?
I don't agree with you
what would you do in my place?
sing me a song about love
hm, interesting
yes please
you did that well
do you believe in ghosts?
what should I name my goldfish?
I had pancakes for breakfast
the chicken or the egg?
no, thank you""".splitlines()
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def with_slips(text: str, random: np.random.Generator) -> str:
    """The text with a slip in about a fifth of its longer words."""
    return " ".join(
        _slip(word, random) if len(word) > 3 and word.isalpha() and random.random() < 0.2 else word
        for word in text.split(" ")
    )


def _slip(word: str, random: np.random.Generator) -> str:
    at = int(random.integers(1, len(word) - 1))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    kind = random.integers(4)
    if kind == 0:
        return before + after[:1] + letter + after[1:]
    if kind == 1:
        return before + letter + letter + after
    if kind == 2:
        return before + after
    return before + _LETTERS[int(random.integers(len(_LETTERS)))] + after
