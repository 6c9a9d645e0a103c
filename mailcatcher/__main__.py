"""`python -m mailcatcher`."""

from mailcatcher.cli.main import main

if __name__ == "__main__":
    main()
