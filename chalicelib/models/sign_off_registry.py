"""The registry of challengers: packages in SageMaker, and their sign-offs in the data bucket."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.models.challengers import Challenger, Challengers, Waiting
from chalicelib.models.model_packages import ModelPackages


@dataclass(frozen=True, slots=True)
class SignOffRegistry:
    """Both, and where the reports of challengers are."""

    packages: ModelPackages
    challengers: Challengers
    reports: str  # s3://bucket/prefix

    def report(self, challenger: Challenger) -> str:
        """Return the address of the page by which a person judges a challenger."""
        return f"{self.reports}{challenger.version}/{challenger.model}/report.html"

    def ask(self, challenger: Challenger, url: str, now: datetime) -> str:
        """Register a challenger, which waits from now on. Return its package's ARN."""
        facts: dict[str, str] = msgspec.structs.asdict(challenger)
        package = self.packages.register(challenger.model, challenger.version, url, facts)
        self.challengers.ask(Waiting(challenger, package, now))
        return package

    def approved(self, package: str) -> Challenger | None:
        """Return the challenger of a package that SageMaker calls approved now; None if it is not,
        or if it is none of promoteModel's.
        """
        facts = self.packages.signed_off(package)
        try:
            return msgspec.convert(facts, Challenger) if facts else None
        except msgspec.ValidationError:
            return None

    def is_signed_off(self, challenger: Challenger) -> bool:
        """Return whether a person's kept verdict promotes the challenger."""
        sign_off = self.challengers.sign_off(challenger.model, challenger.id)
        return sign_off is not None and sign_off.verdict == "APPROVE"
