"""Run the command line as `python -m pbm360`."""

from pbm360.cli import main

main()
