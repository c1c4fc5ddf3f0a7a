"""Check digits and characters: of GS1 keys (General Specifications, 7.9.1 and 7.9.5), containers and vessels."""

_ZERO = ord("0")
_SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_SET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_OWNER = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (value for value in range(10, 39) if value % 11), strict=True))


def check_digit(digits: str) -> str:
    """The check digit for a key without it; `digits` are ASCII decimal digits, weighted 3, 1, 3 ... from the right."""
    codes = digits.encode("ascii")
    heavy, light = codes[::-2], codes[-2::-2]
    weighted = 3 * (sum(heavy) - _ZERO * len(heavy)) + sum(light) - _ZERO * len(light)
    return "0123456789"[-weighted % 10]


def check_characters(model: str) -> str:
    """The two check characters of a Global Model Number without them; `model` has at most 23 characters of set 82."""
    weighted = zip(reversed(model), _PRIMES, strict=False)
    total = sum(_SET_82.index(character) * weight for character, weight in weighted) % 1021
    return _SET_32[total >> 5] + _SET_32[total & 31]


def container_check_digit(code: str) -> str:
    """The check digit of a container code without it: four letters and six digits (ISO 6346)."""
    values = (_OWNER.get(sign) or int(sign) for sign in code)
    return str(sum(value << place for place, value in enumerate(values)) % 11 % 10)


def vessel_check_digit(digits: str) -> str:
    """The last digit of an IMO vessel number, from the six before it (IMO resolution A.1117(30))."""
    return str(sum(int(digit) * weight for digit, weight in zip(digits, range(7, 1, -1), strict=True)) % 10)
