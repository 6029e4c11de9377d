"""Other extractors, run in an environment of their own: paths of pages come in, JSON of text and CPU seconds goes out.

peers.py openwebmath FOLDER     the folder `text_extraction` of a checkout of OpenWebMath
peers.py trafilatura
peers.py resiliparse            its main content
"""

import json
import sys
import time
from contextlib import redirect_stdout

# The values that OpenWebMath's configs/randomized_all.yaml draws most often.
SETTINGS = {
    "markdown_headings": True,
    "markdown_code": True,
    "boilerplate_config": {"ratio_threshold": 0.18, "absolute_threshold": 10, "end_threshold": 15, "enable": True},
    "remove_buttons": True,
    "remove_image_figures": True,
    "remove_link_clusters": True,
    "table_config": {"min_rows": 2, "min_cols": 3, "format": "plain"},
    "remove_chinese": True,
    "remove_edit_buttons": True,
    "extract_latex": True,
}


def openwebmath(folder):
    sys.path.insert(0, folder)
    from text_extract.extract import extract_text

    return lambda html: (extract_text(html, SETTINGS, fast=True) or [""])[0]


def trafilatura():
    from trafilatura import extract

    return lambda html: extract(html, output_format="markdown", include_formatting=True) or ""


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html: extract_plain_text(html, main_content=True)


def main():
    with redirect_stdout(sys.stderr):
        extract = {"openwebmath": openwebmath, "trafilatura": trafilatura, "resiliparse": resiliparse}[sys.argv[1]](
            *sys.argv[2:]
        )
    for line in sys.stdin:
        with open(line.rstrip("\n"), encoding="utf-8") as file:
            html = file.read()
        start = time.process_time()
        try:
            with redirect_stdout(sys.stderr):
                text = extract(html)
        except Exception as error:  # a peer that fails on a page has extracted nothing from it
            print(f"{line.strip()}: {error!r}", file=sys.stderr)
            text = ""
        print(json.dumps([text, time.process_time() - start]))


if __name__ == "__main__":
    main()
