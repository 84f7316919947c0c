"""Write docs/openapi.json, the committed copy of what GET /openapi.json answers."""

from chalicelib import profile
from chalicelib.http.openapi.document import description
from infrastructure.project import ROOT

PLACE = ROOT / "docs" / "openapi.json"


def main() -> None:
    PLACE.write_text(description(profile.load()), encoding="utf-8")
    print(f"{PLACE.relative_to(ROOT)}: compare it with git diff; a lost field breaks callers.")


if __name__ == "__main__":
    main()
