"""An example of every command, shown under its help. They are one story in one folder: tests run them from first to last."""

RECORD = "3800000012"
RUN, LATER = "2026-11-21T01-30-00-ab12", "2026-11-22T01-30-00-cd34"

EXAMPLES = {
    "demo": "demo --people 1000 --students 60 --teachers 20 --folder trial",
    "config show": "config show --origin",
    "load": "load education",
    "sync": 'sync --tinh "Thanh Hóa" --dry-run',
    "report": f"report {RUN} --published",
    "lists": 'lists lists --tinh "Thanh Hóa" --by school',
    "review export": 'review export lists --tinh "Thanh Hóa"',
    "review import": 'review import lists/unmatched-38.xlsx --reviewer "Lê Thị Hoa" --dry-run',
    "review sample": 'review sample lists --tinh "Thanh Hóa" --size 20',
    "review status": "review status",
    "review serve": "review serve --port 8765",
    "review user add": 'review user add hoa --name "Lê Thị Hoa" --tinh "Thanh Hóa" --password-file password.txt',
    "review user list": "review user list",
    "review user password": "review user password hoa --password-file password.txt",
    "review user disable": "review user disable hoa",
    "changes": "changes --dry-run",
    "residence": 'residence --tinh "Thanh Hóa" --grade 12 --dry-run',
    "enrich": 'enrich --tinh "Thanh Hóa" --school-year 2026-2027 --dry-run',
    "exam": 'exam --tinh "Thanh Hóa"',
    "index": "index registry registry.index",
    "link": "link education registry.index results",
    "explain": f"explain {RECORD} --run {RUN}",
    "runs list": "runs list",
    "runs show": f"runs show {RUN}",
    "runs diff": f"runs diff {RUN} {LATER}",
    "runs rollback": f"runs rollback {LATER} --dry-run",
    "runs prune": "runs prune --dry-run",
    "audit verify": "audit verify",
    "database status": "database status",
    "database upgrade": "database upgrade",
    "schedule": "schedule",
}
"""Command → what is typed after `identity-sync`."""
