"""``python -m toolshed.cli``: the command line under the name that older scripts call."""

from toolshed.commands.main import main

if __name__ == "__main__":
    main()
