"""How phone numbers are spelled on the wire."""

import pytest

from trunkline.services import spelling

pytestmark = pytest.mark.unit
NL, US, IT = "+31850835037", "+12015550123", "+390612345678"


@pytest.mark.parametrize(
    "spelled", [NL, "31850835037", "0031850835037", "+31 85 083-50.37", "%2B31850835037", f"{NL};npdi"]
)
def test_international_spellings_are_one_number(spelled: str) -> None:
    assert spelling.international(spelled) == NL


@pytest.mark.parametrize("spelled", ["", "ann", "+", "12", "+31x", "trunkline", "1" * 16, "٣١٨٥٠٨٣٥"])
def test_what_is_no_number_is_none(spelled: str) -> None:
    assert spelling.international(spelled) is None
    assert spelling.ending(spelled) is None


def test_a_number_is_known_as_it_is_dialled_at_home() -> None:
    assert spelling.is_national("0850835037", NL)
    assert spelling.is_national("850835037", NL)
    assert spelling.is_national("2015550123", US)
    assert spelling.is_national("0612345678", IT)
    for other in ("0850835038", "00850835037", "50835037", "+0850835037x", ""):
        assert not spelling.is_national(other, NL)
    assert spelling.ending("0850835037") == "835037"
    assert spelling.ending(NL) is None, "a whole number has no need of it"
    assert spelling.ending("37") is None


def test_a_caller_is_shown_in_e164_where_that_can_be() -> None:
    assert spelling.caller("+31612345678", NL) == "+31612345678"
    assert spelling.caller("0612345678", NL) == "+31612345678"
    assert spelling.caller("0031612345678", NL) == "+31612345678"
    assert spelling.caller("31612345678", NL) == "+31612345678"
    assert spelling.caller("2015550123", US) == "+12015550123"
    assert spelling.caller("105", NL) == "105"
    assert spelling.caller("reception\x00\n", NL) == "reception"
    assert len(spelling.caller("x" * 500, NL) or "") == 64


@pytest.mark.parametrize("hidden", ["", "anonymous", "Anonymous", "RESTRICTED", "unavailable"])
def test_a_caller_that_hides_is_nobody(hidden: str) -> None:
    assert spelling.caller(hidden, NL) is None
