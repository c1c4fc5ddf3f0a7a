"""How a subscription runs (EPCIS 2.0, 8.2.5.2: SubscriptionControls), as webhooks and WebSockets give it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from service.epcis.rendering import EpcFormat
from service.epcis.times import InvalidTime, instant
from service.subscriptions.destination import Destination
from service.subscriptions.errors import SubscriptionControlsFault
from service.subscriptions.schedule import FIELDS, Schedule

MediaType = Literal["application/json", "application/xml"]
CbvXmlFormat = Literal["No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates"]
LONGEST_TOKEN = 1024
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "epcFormat": get_args(EpcFormat),
    "cbvXmlFormat": get_args(CbvXmlFormat),
    "format": get_args(MediaType),
}


@dataclass(frozen=True, slots=True)
class Controls:
    """When results are sent (`schedule`, or at once where that is None), which, and in what form.

    `report_if_empty`: a scheduled run that finds nothing says so. `initial_record_time`: only events recorded then or
    later; None for those captured from now on.
    """

    schedule: Schedule | None = None
    report_if_empty: bool = False
    initial_record_time: datetime | None = None
    media_type: MediaType = "application/json"
    epc_format: EpcFormat = "No_Preference"
    cbv_format: CbvXmlFormat = "No_Preference"

    @classmethod
    def read(cls, given: Mapping[str, Any], **defaults: Any) -> "Controls":
        """The controls in the members of a subscription; `defaults` are those that headers name, by our fields' names.

        Raises:
            SubscriptionControlsFault: exactly one of `schedule` and `stream` has to be there, and each as EPCIS says.
        """
        stream, schedule = _flag(given, "stream"), given.get("schedule")
        if stream == (schedule is not None):
            raise SubscriptionControlsFault(
                "give either a schedule or stream, not both" if stream else "give a schedule, or stream: true"
            )
        chosen = dict(defaults)
        for name, ours in (("epcFormat", "epc_format"), ("cbvXmlFormat", "cbv_format"), ("format", "media_type")):
            if given.get(name) is not None:
                chosen[ours] = _choice(given, name)
        return cls(
            schedule=None if stream else Schedule.read(schedule),
            report_if_empty=_flag(given, "reportIfEmpty"),
            initial_record_time=_time(given),
            **chosen,
        )

    @classmethod
    def of_url(cls, pairs: Iterable[tuple[str, str]], **defaults: Any) -> "Controls":
        """The controls in a URL's query, as WebSockets give them: `stream=true`, or `minute=5&hour=1`.

        Raises:
            SubscriptionControlsFault.
        """
        given: dict[str, Any] = {}
        for name, value in pairs:
            if name in given:
                raise SubscriptionControlsFault(f"give {name} once")
            given[name] = value
        for name in ("stream", "reportIfEmpty"):
            if name in given:
                given[name] = {"true": True, "false": False}.get(given[name], given[name])
        schedule = {name: given[name] for name in FIELDS if name in given}
        return cls.read({**given, "schedule": schedule or None}, **defaults)


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """A webhook that is asked for; `signature_token` is a secret that the client made."""

    dest: str
    controls: Controls
    signature_token: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, given: object, **defaults: Any) -> "SubscriptionRequest":
        """The request in the JSON object of a POST to `subscriptions`; what it does not know in it, it leaves alone.

        Raises:
            SubscriptionControlsFault: names the member that is wrong.
        """
        if not isinstance(given, Mapping):
            raise SubscriptionControlsFault("send a JSON object with dest, and schedule or stream")
        token = given.get("signatureToken", given.get("secret"))  # the OpenAPI requires `secret` and describes neither
        if token is not None and (not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN):
            raise SubscriptionControlsFault(
                f"a text of 1 to {LONGEST_TOKEN} characters, or leave it out", "/signatureToken"
            )
        if token is not None and not _encodes(token):
            raise SubscriptionControlsFault("use characters that UTF-8 has", "/signatureToken")
        Destination.read(given.get("dest"))
        return cls(given["dest"], Controls.read(given, **defaults), token)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise SubscriptionControlsFault("write true or false", f"/{name}")


def _choice(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if value not in _CHOICES[name]:
        raise SubscriptionControlsFault(f"choose one of {', '.join(_CHOICES[name])}", f"/{name}")
    return str(value)


def _time(given: Mapping[str, Any]) -> datetime | None:
    value = given.get("initialRecordTime")
    if value is None:
        return None
    if not isinstance(value, str):
        raise SubscriptionControlsFault("write a time with an offset, as a text", "/initialRecordTime")
    try:
        return instant(value)
    except InvalidTime as fault:
        raise SubscriptionControlsFault(str(fault), "/initialRecordTime") from None
