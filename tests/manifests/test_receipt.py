"""A receipt cannot be built unless it adds up, and is the same bytes for the same work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from manifests import Count, Flow, Receipt

counts = st.builds(Count, documents=st.integers(0, 1000), bytes=st.integers(0, 10**9))


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    dropped = draw(st.dictionaries(st.sampled_from(["length/short", "url/banned", "read/corrupt"]), counts))
    kept = draw(counts)
    return Flow(read=sum(dropped.values(), kept), kept=kept, dropped=dropped)


@given(flows(), flows())
def test_sums_of_flows_add_up(one: Flow, other: Flow) -> None:
    both = one + other
    assert both.read == one.read + other.read
    assert sum(both.dropped.values(), both.kept) == both.read
    assert both == other + one


@pytest.mark.parametrize("lost", [Count(documents=1), Count(bytes=1)])
def test_what_does_not_add_up_cannot_be_built(lost: Count) -> None:
    kept = Count(documents=5, bytes=50)
    with pytest.raises(ValidationError, match="kept and dropped make"):
        Flow(read=kept + lost, kept=kept)


@given(flows())
def test_a_receipt_comes_back_from_its_bytes_and_none_of_its_beginnings_does(flow: Flow) -> None:
    receipt = Receipt(stage="documents/web", unit="a", recipe="r", upstream="u", flows={"web": flow})
    data = receipt.to_bytes()
    again = Receipt.model_validate_json(data)
    assert again == receipt
    assert again.to_bytes() == data
    for cut in range(0, len(data) - 2, 37):
        with pytest.raises(ValidationError):
            Receipt.model_validate_json(data[:cut])
