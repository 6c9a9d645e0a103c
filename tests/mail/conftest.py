from pathlib import Path

import pytest

from mailcatcher.mail.message import Message, parse

CORPUS = Path(__file__).parent.parent / "corpus"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`well_formed` and `any_mail` run over the corpus."""
    for name, pattern in (("well_formed", "good/*.eml"), ("any_mail", "*/*.eml")):
        if name in metafunc.fixturenames:
            files = sorted(CORPUS.glob(pattern))
            metafunc.parametrize(name, [file.read_bytes() for file in files], ids=[file.stem for file in files])


@pytest.fixture
def corpus():
    """Gives the parsed mail of the corpus with a name."""

    def load(name: str) -> Message:
        (file,) = CORPUS.glob(f"*/{name}.eml")
        return parse(file.read_bytes())

    return load


@pytest.fixture
def parsed():
    """Parses a mail written with LF, as it would come over the wire."""

    def build(text: str) -> Message:
        return parse(text.replace("\n", "\r\n").encode())

    return build


@pytest.fixture
def ids():
    """The ids of a mail's defects, without those for fields a short test mail lacks."""

    def of(message: Message) -> list[str]:
        missing = {"no_from", "no_date", "no_message_id"}
        return [defect.id for defect in message.defects if defect.id not in missing]

    return of
