"""An audit as one readable PDF: what was found, in what, and on what grounds. The same audit gives the same bytes."""

import io
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import reportlab  # type: ignore[import-untyped]
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase.pdfmetrics import registerFont  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from service.audit.cells import clean
from service.findings import Finding, Severity
from service.findings.report import MOST_NAMED, Line, Report, summary, written

MOST_FINDINGS, MOST_STATEMENTS = 200, 300
"""In one PDF; what is left out is said, and the workbook has all."""
_MOST_TEXT = 1500
_INK, _PALE, _RULE = colors.HexColor("#1F3A5F"), colors.HexColor("#F3F6FA"), colors.HexColor("#C9D3DF")
_COLOURS: Final = {
    Severity.HIGH: colors.HexColor("#B3261E"),
    Severity.MEDIUM: colors.HexColor("#B26A00"),
    Severity.LOW: colors.HexColor("#3F6B3F"),
    Severity.INFO: colors.HexColor("#5A6472"),
}
_WIDTH = A4[0] - 36 * mm


def as_pdf(report: Report) -> bytes:
    """The report, on A4 pages."""
    styles = _styles()
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=_plain(f"Audit of {report.subject}"),
        author="Trailseal",
        invariant=1,
    )
    footer = _plain(f"{report.subject} as of {written(report.as_of)}", 110)

    def foot(canvas: Any, template: Any) -> None:
        canvas.setFont("Vera", 7)
        canvas.setFillColor(colors.grey)
        canvas.drawString(18 * mm, 10 * mm, footer)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"page {template.page}")

    document.build(list(_story(report, styles)), onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _story(report: Report, styles: dict[str, Any]) -> Iterable[Any]:
    yield Paragraph("Audit", styles["kind"])
    yield Paragraph(_text(report.subject), styles["title"])
    block = "" if report.block is None else f", block {report.block}"
    yield Paragraph(f"As of {written(report.as_of)}{block}", styles["plain"])
    yield Spacer(1, 4 * mm)
    if report.holds is not None:
        yield from _verdict(report, styles)
    yield _counts(report, styles)
    yield Spacer(1, 3 * mm)
    for line in summary(report)[1:]:
        yield Paragraph(_text(line), styles["plain"])
    yield Paragraph("Findings", styles["heading"])
    if not report.findings:
        yield Paragraph("None of the rules found anything in the statements that were looked at.", styles["plain"])
    for one in report.findings[:MOST_FINDINGS]:
        yield _card(one, styles)
        yield Spacer(1, 3 * mm)
    if len(report.findings) > MOST_FINDINGS:
        left = len(report.findings) - MOST_FINDINGS
        yield Paragraph(f"{left} more findings are in the workbook (format xlsx).", styles["plain"])
    yield Paragraph("Statements", styles["heading"])
    yield from _statements(report, styles)


def _verdict(report: Report, styles: dict[str, Any]) -> Iterable[Any]:
    colour = _COLOURS[Severity.LOW if report.holds else Severity.HIGH]
    word = "The bundle holds" if report.holds else "THE BUNDLE DOES NOT HOLD: what follows is proven by nothing"
    lines = "<br/>".join(_text(line, 300) for line in report.verdict if line)
    box = Table([[Paragraph(word, styles["strong"])], [Paragraph(lines, styles["small"])]], colWidths=[_WIDTH])
    box.setStyle(TableStyle([("LINEBEFORE", (0, 0), (0, -1), 3, colour), ("BACKGROUND", (0, 0), (-1, -1), _PALE)]))
    yield box
    yield Spacer(1, 4 * mm)


def _counts(report: Report, styles: dict[str, Any]) -> Any:
    words = list(report.counts.items())
    row = [Paragraph(f"<b>{count}</b> {word}", styles["count"]) for word, count in words]
    table = Table([row], colWidths=[_WIDTH / len(row)] * len(row))
    commands: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, -1), _PALE),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
    ]
    commands += [
        ("LINEABOVE", (at, 0), (at, 0), 2.5, _COLOURS[Severity[word.upper()]]) for at, (word, _) in enumerate(words)
    ]
    table.setStyle(TableStyle(commands))
    return table


def _card(one: Finding, styles: dict[str, Any]) -> Any:
    named = [_text(str(name), 200) for name in one.events[:MOST_NAMED]]
    if len(one.events) > MOST_NAMED:
        named.append(f"and {len(one.events) - MOST_NAMED} more")
    facts = [
        ("Thing", _text(one.trail)),
        ("Events", "<br/>".join(named)),
        ("Source", _text(one.source)),
        ("Ask next", _text(one.ask)),
    ]
    if one.at is not None:
        facts.insert(1, ("When", written(one.at)))
    head = Paragraph(f"{one.severity.word.upper()} · {_text(one.title)}", _coloured(styles["strong"], one.severity))
    rows = [[head, ""], [Paragraph(_text(one.detail), styles["plain"]), ""]]
    rows += [[Paragraph(name, styles["label"]), Paragraph(value, styles["small"])] for name, value in facts]
    rows.append([Paragraph("Rule", styles["label"]), Paragraph(f"{one.rule}, finding {one.id}", styles["small"])])
    table = Table(rows, colWidths=[20 * mm, _WIDTH - 20 * mm])
    table.setStyle(
        TableStyle(
            [
                ("SPAN", (0, 0), (-1, 0)),
                ("SPAN", (0, 1), (-1, 1)),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBEFORE", (0, 0), (0, -1), 3, _COLOURS[one.severity]),
                ("BACKGROUND", (0, 0), (-1, -1), _PALE),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return KeepTogether([table])


def _statements(report: Report, styles: dict[str, Any]) -> Iterable[Any]:
    lines = report.lines
    by_trail: dict[str, list[Line]] = {}
    for line in lines[:MOST_STATEMENTS]:
        by_trail.setdefault(line.trail, []).append(line)
    for trail, told in by_trail.items():
        yield Paragraph(_text(trail), styles["label"])
        yield _lines(report, told, styles)
        yield Spacer(1, 3 * mm)
    if len(lines) > MOST_STATEMENTS:
        yield Paragraph(f"{len(lines) - MOST_STATEMENTS} more are in the workbook (format xlsx).", styles["plain"])


def _lines(report: Report, told: Sequence[Line], styles: dict[str, Any]) -> Any:
    header = [
        Paragraph(name, styles["header"]) for name in ("", "Happened", "Sealed", "Party", "Statement", "Place", "")
    ]
    rows = [header, *([Paragraph(cell, styles["tiny"]) for cell in _cells(line, report)] for line in told)]
    widths = [8, 22, 22, 38, 36, 34, 14]
    table = LongTable(rows, colWidths=[width * mm for width in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), _INK),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, _RULE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _cells(line: Line, report: Report) -> Sequence[str]:
    said = [
        line.biz_step or line.type or "",
        f"step {line.step}" if line.step != "observe" else "",
        line.disposition or "",
    ]
    if line.recipient:
        said.append(f"to {report.names.get(line.recipient, line.recipient)}")
    return (
        str(line.number),
        written(line.at).replace("T", " ") if line.at else "",
        written(line.sealed_at).replace("T", " "),
        _text(report.names.get(line.party, line.party), 120),
        "<br/>".join(_text(part, 120) for part in said if part),
        _text(line.place or "", 160),
        _text("disputed" if line.disputed else "" if line.state == "stands" else line.state),
    )


def _text(text: str, most: int = _MOST_TEXT) -> str:
    """Text as a paragraph takes it: markup escaped."""
    return escape(_plain(text, most))


def _plain(text: str, most: int = _MOST_TEXT) -> str:
    """Text that the font can show: other characters as their code points, and cut where it is too long for a page."""
    shown = clean(text if len(text) <= most else f"{text[:most]} …")
    known = _glyphs()
    return "".join(char if ord(char) in known else f"\\u{ord(char):04x}" for char in shown)


@lru_cache(1)
def _glyphs() -> frozenset[int]:
    """Registers the fonts that ReportLab brings along, and says which characters they have."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in ("Vera", "VeraBd"):
        registerFont(TTFont(name, folder / f"{name}.ttf"))
    return frozenset(TTFont("Vera", folder / "Vera.ttf").face.charToGlyph)


def _styles() -> dict[str, Any]:
    _glyphs()

    def style(name: str, size: float, **more: Any) -> Any:
        return ParagraphStyle(name, fontName="Vera", fontSize=size, leading=size * 1.35, wordWrap="CJK", **more)

    bold = {"fontName": "VeraBd"}
    made = {
        "kind": style("kind", 9, textColor=_INK),
        "title": style("title", 13, textColor=_INK, spaceAfter=3),
        "heading": style("heading", 11, textColor=_INK, spaceBefore=12, spaceAfter=5),
        "strong": style("strong", 9),
        "plain": style("plain", 8.5),
        "count": style("count", 9),
        "small": style("small", 7.5),
        "label": style("label", 7.5, textColor=_INK),
        "tiny": style("tiny", 6.3),
        "header": style("header", 6.5, textColor=colors.white),
    }
    for name in ("title", "heading", "strong", "label", "header"):
        made[name] = ParagraphStyle(f"{name}-bold", made[name], **bold)
    return made


def _coloured(style: Any, severity: Severity) -> Any:
    return ParagraphStyle(f"{style.name}-{severity.word}", style, textColor=_COLOURS[severity])
