"""What all units of an audit have found, put together: the hits in one file, the tables, the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from filters.contamination.coverage import Coverage
from filters.contamination.items import shared
from manifests import Count, Flow, Receipt
from pipeline.benchmarks import BenchmarkFile, load_benchmark
from pipeline.driver import sum_flows
from pipeline.report.audit import Audited, as_json, counted, described
from pipeline.report.audit_page import write_page
from pipeline.stage import Bench, Unit
from pipeline.stages.audit import COVERAGE_FILE, HITS_FILE, HITS_STAGE, SAMPLE_STAGE, SELF_TEST_FILE
from pipeline.stages.audit_inputs import REASON, RULE

REPORT_STAGE = "audit/report"
AUDIT_FILE, PAGE_FILE = "audit.json", "report.html"


@dataclass(frozen=True)
class AuditReport:
    """One unit, which reads the hits file by file: its memory does not grow with the corpus."""

    benchmarks: tuple[BenchmarkFile, ...]

    @property
    def name(self) -> str:
        return REPORT_STAGE

    @property
    def stands_on(self) -> tuple[str, ...]:
        return (SAMPLE_STAGE, HITS_STAGE)

    def units(self, done: Mapping[str, tuple[Receipt, ...]]) -> Iterator[Unit]:
        yield Unit("all", upstream=tuple(receipt for stage in self.stands_on for receipt in done[stage]))

    def run(self, unit: Unit, bench: Bench) -> None:
        loaded = [load_benchmark(one) for one in self.benchmarks]
        flows = sum_flows(receipt for receipt in unit.upstream if receipt.stage == HITS_STAGE).values()
        flow = next(iter(flows), Flow())
        left_out = flow.dropped.get(f"{RULE}/{REASON}", Count()).documents
        found = Audited(
            benchmarks=described(loaded, self.benchmarks),
            shared=list(shared(loaded)),
            documents=flow.kept.documents,
            bytes=flow.kept.bytes,
            left_out=left_out,
            refused=flow.read.documents - flow.kept.documents - left_out,
            coverage=[Coverage(**row) for row in _json(unit, bench, COVERAGE_FILE)],
            self_test=_json(unit, bench, SELF_TEST_FILE),
            counts=counted(_hits(unit, bench)),
        )
        bench.path(AUDIT_FILE).write_text(as_json(found) + "\n", "utf-8")
        parts = (part for one in loaded for part in one.parts)
        with bench.path(PAGE_FILE).open("wb") as page:
            write_page(found, _hits(unit, bench), parts, page)
        with bench.path(HITS_FILE).open("wb") as hits:
            for listed in bench.files(unit, f"/{HITS_FILE}"):
                with bench.open(listed) as file:
                    shutil.copyfileobj(file, hits)


def _hits(unit: Unit, bench: Bench) -> Iterator[dict[str, Any]]:
    """All hits, in the order of the inputs."""
    for listed in bench.files(unit, f"/{HITS_FILE}"):
        with bench.open(listed) as file:
            yield from map(json.loads, file)


def _json(unit: Unit, bench: Bench, name: str) -> Any:
    with bench.open(next(bench.files(unit, f"/{name}"))) as file:
        return json.load(file)
