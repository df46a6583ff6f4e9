"""``python -m toolshed``: the command line."""

from toolshed.commands.main import main

if __name__ == "__main__":
    main()
