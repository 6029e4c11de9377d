"""What was asked for (Manifest) and what came of it (Receipt). Imports nothing of ours."""

from manifests.load import ManifestError, check_known, load_manifest
from manifests.manifest import Manifest
from manifests.receipt import Count, File, Flow, Receipt, Total
from manifests.sections import Fetch

__all__ = [
    "Count",
    "Fetch",
    "File",
    "Flow",
    "Manifest",
    "ManifestError",
    "Receipt",
    "Total",
    "check_known",
    "load_manifest",
]
