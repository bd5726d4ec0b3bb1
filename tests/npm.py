"""What a test needs of npm, at the versions of its lock file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path, product: str) -> Path:
    """Where a package of a folder's lock file is; installs it once where node and a package registry are at hand."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm")
    place = folder / "node_modules" / product
    if not place.exists():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            pytest.skip(f"npm could not install {product}: {done.stderr.strip()[-200:]}")
    return place
