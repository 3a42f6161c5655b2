"""What of a patient may leave bronze."""

import pytest

from pbm360.domain.privacy import age_band, pseudonym, publishable_zip3
from pbm360.domain.rules import sparse_zip3

KEY = "a-key-of-the-tests"


def test_a_pseudonym_is_the_hmac_of_the_id_with_the_key():
    # printf P1 | openssl dgst -sha256 -hmac a-key-of-the-tests
    assert pseudonym(KEY, "P1") == "598ad5870d04bced059993c6ba756822"


def test_a_pseudonym_tells_two_patients_and_two_keys_apart():
    assert pseudonym(KEY, "P1") == pseudonym(KEY, "P1")
    assert len({pseudonym(KEY, "P1"), pseudonym(KEY, "P2"), pseudonym(KEY + "!", "P1")}) == 3


def test_a_pseudonym_without_a_key_is_refused():
    with pytest.raises(ValueError, match="the pseudonym key is empty"):
        pseudonym("", "P1")


@pytest.mark.parametrize(
    ("zip_code", "published"),
    [("10012", "100"), ("03601", "000"), ("100", "100"), ("82190-1234", "000"), ("00501", "005")],
)
def test_a_zip_code_is_published_as_three_digits_or_as_000(zip_code, published):
    assert publishable_zip3(zip_code) == published


@pytest.mark.parametrize("zip_code", ["", "12", "A1234", "1 234", "１００12"])
def test_what_is_no_zip_code_is_refused_without_being_shown(zip_code):
    with pytest.raises(ValueError, match="must begin with three digits") as refusal:
        publishable_zip3(zip_code)
    assert not zip_code or zip_code not in str(refusal.value)


def test_the_sparse_areas_are_the_seventeen_of_the_2000_census():
    assert len(sparse_zip3()) == 17
    assert all(publishable_zip3(zip3 + "99") == "000" for zip3 in sparse_zip3())


@pytest.mark.parametrize(
    ("age_years", "band"), [(0, "0-9"), (9, "0-9"), (10, "10-19"), (89, "80-89"), (90, "90+"), (104, "90+")]
)
def test_an_age_is_published_in_bands_of_ten_years(age_years, band):
    assert age_band(age_years) == band


def test_a_negative_age_is_refused():
    with pytest.raises(ValueError, match="0 or more years; got -1"):
        age_band(-1)
