"""An audit as a file."""

from service.audit import sheets
from service.audit.tables import as_csv, as_xlsx
from service.findings.report import Report


def written(report: Report, format_: str) -> bytes:
    """The audit as `csv`, `xlsx` or `pdf`."""
    if format_ == "csv":
        return as_csv(sheets.findings(report))
    if format_ == "xlsx":
        return as_xlsx(sheets.workbook(report), f"Audit of {report.subject}")
    from service.audit.pdf import as_pdf  # half a second of imports that most uses do not need

    return as_pdf(report)
