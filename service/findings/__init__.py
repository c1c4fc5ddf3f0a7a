"""What an auditor should look at: rules over the disclosed statements of trails. Pure: no input, no output."""

from service.findings.find import find
from service.findings.finding import EventName, Finding, Severity
from service.findings.limits import Limits
from service.findings.rule import Rule
from service.findings.rules import RULES
from service.findings.statements import KeyFacts, MasterData, Statement

__all__ = [
    "RULES",
    "EventName",
    "Finding",
    "KeyFacts",
    "Limits",
    "MasterData",
    "Rule",
    "Severity",
    "Statement",
    "find",
]
