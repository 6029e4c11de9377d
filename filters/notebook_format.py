"""What nbconvert asks of a notebook before it converts one: the schema of format 4, keys that it does not know allowed.

https://nbformat.readthedocs.io/en/latest/format_description.html, nbformat.v4.schema.json, but for cells' ids and the
times of their execution. Formats 2 and 3 are brought up to date first, which hardly fails if there are worksheets; a
notebook that names no format is taken to be of format 1, and refused.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_JSON = re.compile(r"application/(?:.*\+)?json\Z")


def _unique(tags: list[str]) -> list[str]:
    if len(set(tags)) < len(tags):
        raise ValueError("a tag stands there twice")
    return tags


def _all_text(bundle: dict[str, Any]) -> dict[str, Any]:
    """Whatever is not JSON must be text."""
    for kind, data in bundle.items():
        if not _JSON.match(kind):
            _LINES.validate_python(data)
    return bundle


Lines = str | list[str]
_LINES: TypeAdapter[Any] = TypeAdapter(Lines, config=ConfigDict(strict=True))
Count = Annotated[int, Field(ge=0)] | None
Bundle = Annotated[dict[str, Any], AfterValidator(_all_text)]
"""Data by media type."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Kernel(_Part):
    name: str
    display_name: str


class KernelLanguage(_Part):
    name: str
    codemirror_mode: str | dict[str, Any] = ""
    file_extension: str = ""
    mimetype: str = ""
    pygments_lexer: str = ""


class Metadata(_Part):
    """Of a notebook."""

    kernelspec: Kernel = Kernel(name="", display_name="")
    language_info: KernelLanguage = KernelLanguage(name="")


class CellMetadata(_Part):
    name: Annotated[str, Field(pattern=r"^[^\n]")] = "-"
    tags: Annotated[list[Annotated[str, Field(pattern=r"^[^,]+$")]], AfterValidator(_unique)] = []


class RawMetadata(CellMetadata):
    format: str = ""


class CodeMetadata(CellMetadata):
    collapsed: bool = False
    scrolled: bool | Literal["auto"] = False


class Markdown(_Part):
    cell_type: Literal["markdown"]
    metadata: CellMetadata
    source: Lines
    attachments: dict[str, Bundle] = {}


class Raw(_Part):
    cell_type: Literal["raw"]
    metadata: RawMetadata
    source: Lines
    attachments: dict[str, Bundle] = {}


class Stream(_Part):
    output_type: Literal["stream"]
    name: str
    text: Lines


class Display(_Part):
    output_type: Literal["display_data"]
    data: Bundle
    metadata: dict[str, Any]


class Result(_Part):
    output_type: Literal["execute_result"]
    data: Bundle
    metadata: dict[str, Any]
    execution_count: Count


class Failed(_Part):
    output_type: Literal["error"]
    ename: str
    evalue: str
    traceback: list[str]


class Code(_Part):
    cell_type: Literal["code"]
    metadata: CodeMetadata
    source: Lines
    outputs: list[Annotated[Stream | Display | Result | Failed, Field(discriminator="output_type")]]
    execution_count: Count


class Format4(_Part):
    nbformat: Literal[4]
    nbformat_minor: Annotated[int, Field(ge=0)]
    metadata: Metadata
    cells: list[Annotated[Markdown | Raw | Code, Field(discriminator="cell_type")]]


class Sheet(_Part):
    cells: list[dict[str, Any]]


class Format3(_Part):
    nbformat: Literal[2, 3]
    worksheets: list[Sheet]


def fault(text: str) -> str:
    """Why nbconvert would not take a notebook; empty if it would."""
    try:
        notebook = json.loads(text)
        if not isinstance(notebook, dict):
            return "no object"
        (Format3 if notebook.get("nbformat") in (2, 3) else Format4).model_validate(notebook)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"
    return ""
