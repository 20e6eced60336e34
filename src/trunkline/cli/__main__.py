"""``python -m trunkline.cli`` is the command ``trunkline``."""

from trunkline.cli.main import main

main()
