"""The tables of an audit."""

from collections.abc import Sequence

from service.audit.tables import MISSING, Column, Table
from service.findings.fsma.sheets import Sheet, Spreadsheet
from service.findings.report import Report, summary
from service.findings.rules import RULES


def findings(report: Report) -> Table:
    """One row for each finding."""
    columns = [
        Column("Severity", 10),
        Column("Rule", 24),
        Column("Title", 34),
        Column("Finding", 70),
        Column("Thing", 44),
        Column("When (UTC)", 20),
        Column("Events", 60),
        Column("Source", 60),
        Column("Ask next", 60),
        Column("Id", 18),
    ]
    rows = [
        (
            one.severity.word,
            one.rule,
            one.title,
            one.detail,
            one.trail,
            one.at,
            "; ".join(str(name) for name in one.events),
            one.source,
            one.ask,
            one.id,
        )
        for one in report.findings
    ]
    return Table("Findings", columns, rows)


def statements(report: Report) -> Table:
    """One row for each statement that was looked at."""
    columns = [
        Column("Thing", 44),
        Column("No.", 6),
        Column("Happened (UTC)", 20),
        Column("Sealed (UTC)", 20),
        Column("Party", 40),
        Column("Party name", 24),
        Column("Step", 12),
        Column("Recipient", 40),
        Column("Event type", 20),
        Column("Business step", 20),
        Column("Disposition", 20),
        Column("Place", 44),
        Column("State", 12),
        Column("Disputed", 20),
        Column("eventID", 60),
        Column("Seal", 68),
    ]
    rows = [
        (
            line.trail,
            line.number,
            line.at,
            line.sealed_at,
            line.party,
            report.names.get(line.party),
            line.step,
            line.recipient,
            line.type,
            line.biz_step,
            line.disposition,
            line.place,
            line.state,
            line.disputed or None,
            line.event_id,
            f"0x{line.seal.hex()}",
        )
        for line in report.lines
    ]
    return Table("Statements", columns, rows)


def about(report: Report) -> Table:
    """What was looked at, what could not be, and the rules with their parameters."""
    rows: list[tuple[str, str]] = [("Audit of", report.subject), ("Newest block", str(report.block or "none"))]
    if report.holds is not None:
        rows.append(("Bundle", "holds" if report.holds else "DOES NOT HOLD: what it says is proven by nothing"))
        rows += [("Verification", line) for line in report.verdict if line]
    rows += [_pair(line) for line in summary(report)]
    rows += [(f"Trail ({one.relation})", f"{one.trail}: {one.statements} statements") for one in report.looked]
    for rule in RULES.values():
        given = ", ".join(f"{name} = {getattr(report.limits, name)}" for name in rule.parameters)
        rows.append(
            (f"Rule {rule.name}", f"{rule.title}. {rule.source}." + (f" Parameters: {given}." if given else ""))
        )
    return Table("About", [Column("What", 34), Column("Value", 120)], rows)


def workbook(report: Report) -> Sequence[Table]:
    """All tables, findings first."""
    return [findings(report), statements(report), about(report)]


def fsma204(spreadsheet: Spreadsheet) -> Sequence[Table]:
    """The sheets of the FDA's spreadsheet."""
    return [_table(sheet) for sheet in spreadsheet.sheets()]


def fsma204_rows(spreadsheet: Spreadsheet) -> Table:
    """All critical tracking events in one table, mandatory elements that are not told marked as missing."""
    table = _table(spreadsheet.together())
    rows = [
        [MISSING if (number, at) in table.missing else cell for at, cell in enumerate(row)]
        for number, row in enumerate(table.rows)
    ]
    return Table(table.name, table.columns, rows)


def _table(sheet: Sheet) -> Table:
    widths = [max(12, min(44, len(name))) for name in sheet.header]
    columns = [Column(name, width) for name, width in zip(sheet.header, widths, strict=True)]
    return Table(sheet.name, columns, sheet.rows, sheet.missing)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name, value
