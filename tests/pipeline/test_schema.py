"""Every key of a manifest is documented, the thresholds of the filters among them."""

from __future__ import annotations

import pytest

from filters.filter import Filter
from pipeline.chains import CHAINS, thresholds
from pipeline.schema import filter_schema, schema

FILTERS = sorted({kind for chain in CHAINS.values() for kind in chain}, key=lambda kind: kind.rule)


@pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: kind.rule)
def test_every_threshold_has_type_default_and_meaning(kind: type[Filter]) -> None:
    properties = filter_schema(kind)["properties"]
    assert list(properties) == thresholds(kind)
    for name, about in properties.items():
        assert about["description"], name
        assert "default" in about, name
        assert about.keys() & {"type", "anyOf", "enum"}, name


@pytest.mark.parametrize("kind", FILTERS, ids=lambda kind: kind.rule)
def test_every_filter_says_what_it_does(kind: type[Filter]) -> None:
    assert len(filter_schema(kind)["description"]) > 20


def test_the_schema_knows_the_filters_of_each_kind_of_source() -> None:
    filters = schema()["$defs"]["Warc"]["properties"]["filters"]
    assert filters["properties"]["math-score"]["properties"]["limit_with_latex"]["default"] == 0.17
    assert "latex" not in filters["properties"]
