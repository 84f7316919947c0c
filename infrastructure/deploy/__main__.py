"""Run `python -m infrastructure.deploy --stage dev`, which is `make deploy`."""

from infrastructure.deploy.command import main

main()
