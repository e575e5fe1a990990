"""Wheel and sdist as a stranger meets them: ``python -m tests.installation [--extras] [--oldest] [--python 3.12]``.

It needs a package index. An empty environment without extras for every Python from 3.11 to 3.13 that is here; with
``--extras``, on the first of them and with the newest packages, a run and a listening test with [metrics,listen], then
[ray], [neural,encodec,jax] and [jax] (gigabytes for a while); with ``--oldest`` the fast tests of the core, and then
of the extras, on the oldest versions that pyproject.toml allows, for every Python. All is made in a temporary folder
that is removed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import ROOT

PYTHONS = ("3.11", "3.12", "3.13")

CORE_CONFIG = """
name: core
datasets: [embedded]
codecs: [passthrough, {name: opus, bitrates_bps: [12000]}]
metrics: [si_sdr, stoi]
"""

JAX_CONFIG = """
name: jax
datasets: [embedded]
codecs: [{{name: encodec_24khz_jax, bitrates_bps: [6000], options: {{weights: {weights}}}}}]
metrics: [si_sdr]
"""

RANDOM_ENCODEC = "import sys, pathlib, tests.codecs.models as m; m.saved(pathlib.Path(sys.argv[1]), 24_000)"

OLDEST_TESTS = (
    "tests/test_align.py", "tests/test_audio.py", "tests/test_registry.py", "tests/test_store.py",
    "tests/test_headers.py", "tests/test_untrusted.py", "tests/test_loading.py", "tests/stats", "tests/tables",
    "tests/curves", "tests/report/test_against.py",
)  # fmt: skip
"""What needs no extra."""

OLDEST_EXTRAS = ("metrics", "listen", "postgresql")
OLDEST_TESTS_OF_EXTRAS = (
    "tests/listening/analysis", "tests/listening/test_store.py", "tests/listening/test_sessions.py",
    "tests/listening/test_design.py", "tests/metrics/test_pesq.py", "tests/metrics/test_stoi.py",
    "tests/metrics/test_visqol_parts.py", "tests/metrics/test_visqol.py", "tests/metrics/test_distortion.py",
    "tests/stats/test_paired.py", "tests/stats/test_ratings.py",
)  # fmt: skip

RAY_TESTS = ("tests/test_engines.py",)
NEURAL_TESTS = (
    "tests/codecs/test_encodec.py", "tests/codecs/test_encodec_jax.py", "tests/codecs/test_encodec_streaming.py",
    "tests/codecs/test_rvq_models.py", "tests/codecs/test_torch_module.py", "tests/codecs/test_entropy.py",
    "tests/metrics/test_spectral.py", "tests/metrics/mos/test_nisqa.py", "tests/metrics/mos/test_squim.py",
    "tests/metrics/mos/test_utmos.py", "tests/metrics/sets/test_embeddings.py",
)  # fmt: skip


def interpreters() -> dict[str, Path]:
    """Pythons of this machine by version: on the PATH, and of pyenv.

    pyenv puts a program for every version on the PATH, which ends with an error where the version is not switched on.
    """
    found = {}
    for version in PYTHONS:
        named = shutil.which(f"python{version}")
        places = [*([Path(named)] if named else []), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
        for place in places:
            if subprocess.run([place, "--version"], capture_output=True, check=False).returncode == 0:
                found.setdefault(version, place)
    return found


def environment(python: Path, folder: Path, *packages: str) -> Path:
    """An environment with ``packages``; the folder of its programs."""
    run([python, "-m", "venv", folder])
    run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    return folder / "bin"


def run(command: list[str | Path], cwd: Path | None = None, code: int = 0) -> str:
    """stdout and stderr of a command that must end with ``code``, and never with a traceback."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, check=False)
    told = done.stdout + done.stderr
    if done.returncode != code or "Traceback" in told:
        raise SystemExit(f"{' '.join(map(str, command))}: expected exit code {code}, got {done.returncode}:\n{told}")
    return told


def check_core(programs: Path, work: Path) -> None:
    """What works without extras works, and what does not says in one message which extra it needs."""
    work.mkdir()
    command = programs / "codecbench"
    for arguments in (["--help"], ["list", "codecs"], ["list", "configs"], ["schema", "test"], ["doctor"]):
        run([command, *arguments], work)
    (work / "core.yaml").write_text(CORE_CONFIG, encoding="utf-8")
    run([command, "run", "core.yaml", "--workers", "1"], work)
    run([command, "report", "results/runs/core"], work)
    for arguments, code, extra in ((["run", "demo"], 2, "metrics"), (["listen", "serve", "x"], 1, "listen")):
        said = run([command, *arguments], work, code)
        if said.count("error:") != 1 or said.count(f"pip install 'codecbench[{extra}]'") != 1:
            raise SystemExit(f"{' '.join(arguments)}: expected one message that names [{extra}], got:\n{said}")
    said = run([command, "demo", "--workers", "1"], work)
    if "not measured: pesq_wb" not in said or not (work / "results/runs/demo/report.html").is_file():
        raise SystemExit(f"demo: expected a report, and the names of the metrics that are absent, got:\n{said}")


def check_extras(python: Path, wheel: Path, work: Path) -> None:
    """A run with the core metrics and a listening test built from it."""
    programs = environment(python, work / "extras", f"{wheel}[metrics,listen]")
    command = programs / "codecbench"
    run([command, "run", "demo"], work)
    run([command, "listen", "build", "results/runs/demo", "mushra_demo"], work)
    run([command, "listen", "simulate", "results/tests/mushra_demo", "--listeners", "3"], work)
    run([command, "listen", "analyze", "results/tests/mushra_demo"], work)


def check_tests(
    python: Path, folder: Path, tests: Sequence[str], extras: Sequence[str] = (), resolution: str = "highest"
) -> None:
    """``tests`` with the dependencies of the core and of ``extras``: their newest versions, or their lower bounds.

    Made in ``folder``, and left there.
    """
    tools = environment(python, folder / "tools", "uv")
    pins, programs = folder / "pins.txt", folder / "env" / "bin"
    compile_ = [tools / "uv", "pip", "compile", "--quiet", "--python", python, "--resolution", resolution]
    run([*compile_, *(f"--extra={extra}" for extra in extras), ROOT / "pyproject.toml", "--output-file", pins])
    run([python, "-m", "venv", programs.parent])
    # Not pip: what uv has resolved it also installs, while pip refuses releases that name a newest Python.
    install = [tools / "uv", "pip", "install", "--quiet", "--python", programs / "python"]
    run([*install, "--requirement", pins, "pytest", "hypothesis", "playwright"])
    # An old package warns of what a newer one calls deprecated; the resolver keeps indirect packages new.
    quiet = ["-W", "ignore::DeprecationWarning"]
    print(run([programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *quiet, *tests], ROOT))


def check_jax_alone(python: Path, wheel: Path, work: Path, weights: Path) -> None:
    """EnCodec in JAX runs from a folder of ``weights`` where torch is not installed."""
    work.mkdir()
    programs = environment(python, work / "jax", f"{wheel}[jax]")
    if run([programs / "python", "-c", "import importlib.util as u; print(u.find_spec('torch'))"]) != "None\n":
        raise SystemExit("[jax]: expected an environment without torch")
    (work / "jax.yaml").write_text(JAX_CONFIG.format(weights=weights), encoding="utf-8")
    run([programs / "codecbench", "run", "jax.yaml", "--workers", "1"], work)


def check_newest_extras(python: Path, wheel: Path, work: Path) -> None:
    """One environment after another, for each has gigabytes."""
    check_extras(python, wheel, work)
    print("[metrics,listen]: a run and a listening test")
    check_tests(python, work / "ray", RAY_TESTS, ("ray",))
    shutil.rmtree(work / "ray")
    check_tests(python, work / "neural", NEURAL_TESTS, ("neural", "encodec", "jax"))
    weights = work / "weights"
    run([work / "neural" / "env" / "bin" / "python", "-c", RANDOM_ENCODEC, weights], ROOT)
    shutil.rmtree(work / "neural")
    check_jax_alone(python, wheel, work / "in jax", weights)
    print("[jax]: EnCodec without torch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extras", action="store_true")
    parser.add_argument("--oldest", action="store_true")
    parser.add_argument("--python", choices=PYTHONS, help="this one only")
    chosen = parser.parse_args()
    pythons = interpreters() or {"this": Path(sys.executable)}
    absent = sorted(set(PYTHONS) - set(pythons))
    if chosen.python:
        pythons = {version: place for version, place in pythons.items() if version == chosen.python}
        if not pythons:
            parser.error(f"Python {chosen.python} is not here: neither on the PATH nor in ~/.pyenv/versions")
    first = next(iter(pythons.values()))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        run([sys.executable, "-m", "build", "--outdir", work / "dist", ROOT])
        (wheel,), (sdist,) = (work / "dist").glob("*.whl"), (work / "dist").glob("*.tar.gz")
        for name, python, package in [*((v, p, wheel) for v, p in pythons.items()), ("sdist", first, sdist)]:
            check_core(environment(python, work / name, str(package)), work / f"in {name}")
            print(f"{name}: {package.name} works without extras")
            shutil.rmtree(work / name)
        if chosen.extras:
            check_newest_extras(first, wheel, work)
        for version, python in pythons.items() if chosen.oldest else ():
            for name, tests, extras in (("core", OLDEST_TESTS, ()), ("extras", OLDEST_TESTS_OF_EXTRAS, OLDEST_EXTRAS)):
                print(f"{version}: the oldest packages of the {name}")
                check_tests(python, work / f"{version} {name}", tests, extras, "lowest-direct")
                shutil.rmtree(work / f"{version} {name}")
    print(f"Pythons that are not here: {', '.join(absent) or 'none'}")


if __name__ == "__main__":
    main()
