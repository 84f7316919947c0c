"""Parts of a request that several views read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalice.app import Request

from chalicelib.foundation.text import Language
from chalicelib.governance.reviews.cases import shown
from chalicelib.governance.reviews.review_desk import OfferOf, ReviewDesk
from chalicelib.governance.rights.counterfactuals import taken_offers
from chalicelib.http.web import language
from chalicelib.people.caller import person_of, signed_in
from chalicelib.services import services


def language_of(request: Request) -> Language:
    """Return the language that the caller prefers, else the profile's."""
    return language(request, services().profile.product.language)


def query_of(request: Request) -> Mapping[str, str]:
    """Return the query's parameters, the last value of each."""
    return request.query_params or {}


def requested_by(request: Request) -> dict[str, str] | None:
    """Return the person who calls, by their verified token; None for a key."""
    person = person_of(request.context)
    return person.recorded() if person else None


def acting(request: Request) -> dict[str, str]:
    """Return the person who calls a route that keys can't call. Raises Unauthorized."""
    return signed_in(request.context).recorded()


def offer_of(now: datetime) -> OfferOf:
    """Return a function that says whether a decision's counter-offer was taken, by its acts."""
    return partial(taken_offers.standing, predictions=services().predictions, now=now)


def review_desk() -> ReviewDesk:
    using, now = services(), datetime.now(UTC)
    return ReviewDesk(using.predictions, using.reviews, offer_of(now), using.profile, now)


def acts_shown(request: Request, stored: dict[str, Any]) -> dict[str, Any]:
    """Return what people did about a decision, as its caller may see it."""
    predictions = services().predictions
    acts = predictions.acts(stored["clientId"], stored["predictionId"])
    taken = taken_offers.taken_by(stored, acts, predictions)
    to_people = person_of(request.context) is not None
    return shown(stored, acts, taken, language_of(request), to_people=to_people)


def case_shown(request: Request, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the open case of a decision to a person: who has claimed it, and why it is not theirs
    to decide.
    """
    person = person_of(request.context)
    if person is None:
        return {}
    case = review_desk().case_for(person.recorded(), stored, language_of(request))
    return {"case": case} if case else {}
