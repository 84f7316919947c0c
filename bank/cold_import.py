"""Import time of the package that Lambda gets, in a new process.

python -m bank.cold_import

On Lambda the clock starts there. Memory, and with it the share of a processor, is another, so this
compares packages with each other on one machine.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from infrastructure.packing import lambda_package
from localcloud.services.lambda_ import uploaded

ROUNDS = 15
LAMBDAS = {"STAGE": "dev", "APP_NAME": "appvengers", "AWS_DEFAULT_REGION": "us-east-1"}
CLIENTS = "import boto3; [boto3.client(n) for n in ('dynamodb', 'stepfunctions')]"
PROGRAMS = {
    "Python alone": "",
    "import app": "import app",
    "import app, and the clients of POST /predict": f"import app; {CLIENTS}",
}


def milliseconds(program: str, folders: list[str]) -> float:
    """Return the processor time of a whole process that imports from these folders only."""
    command = [sys.executable, "-I", "-S", "-B", "-c", f"import sys; sys.path[:0] = {folders}\n"]
    command[-1] += program
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=LAMBDAS | {"PATH": os.defpath})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def main() -> None:
    built = lambda_package.build()
    mebibytes = built.stat().st_size / 2**20
    with tempfile.TemporaryDirectory() as folder:
        task = Path(folder) / "task"
        zipfile.ZipFile(built).extractall(task)
        uploaded.exchange_machine_code(task)
        folders = [str(task), str(uploaded.runtime(Path(folder) / "runtime"))]
        print(f"zip {mebibytes:.2f} MiB; processor time, median of {ROUNDS} processes:")
        for name, program in PROGRAMS.items():
            took = statistics.median(milliseconds(program, folders) for _ in range(ROUNDS))
            print(f"{took:6.0f} ms  {name}")


if __name__ == "__main__":
    main()
