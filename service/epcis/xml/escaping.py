"""Text as XML holds it."""

import re

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_ESCAPE = re.compile('[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|["\\\\]')
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


def holds(text: str) -> bool:
    """Whether XML 1.0 can hold the text (section 2.2: no control characters, no U+FFFE, no U+FFFF)."""
    return _ILLEGAL.search(text) is None


def in_text(text: str) -> str:
    """Character data that reads back as `text`."""
    return text.translate(_IN_TEXT)


def in_attribute(text: str) -> str:
    """What stands between the quotes of an attribute that reads back as `text`."""
    return text.translate(_IN_ATTRIBUTE)


def escaped(text: str) -> str:
    """Text with JSON's escapes for what XML cannot hold, and for these escapes' own characters."""
    return _TO_ESCAPE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    return f"\\{character}" if character in '"\\' else f"\\u{ord(character):04x}"


def shown(text: str) -> str:
    """Text with U+FFFD for each character that XML cannot hold; for messages, which need not be read back."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
