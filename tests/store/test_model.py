"""A store against a dictionary: whatever order things happen in, both hold the same."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from mailcatcher.errors import NotFound
from mailcatcher.store.base import Counts
from mailcatcher.store.sqlite import SqliteStore
from tests.store.posting import Post, arrival, mail, query, select

MAILBOXES = ("inbox", "other", "third")
WORDS = ("apple", "birch", "cedar", "daisy")


@dataclass
class Expected:
    mailbox: str
    word: str
    raw: bytes
    read: bool = False
    token: str | None = None  # hidden by this deletion


class StoreMachine(RuleBasedStateMachine):
    path = ":memory:"
    ids = Bundle("ids")
    tokens = Bundle("tokens")

    @initialize()
    def open(self):
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.known: dict[str, Expected] = {}
        self.dead_tokens: set[str] = set()
        self.runner.run(self._open())

    async def _open(self):
        path = self.path if self.path == ":memory:" else str(Path(self.folder.name) / self.path)
        self.post = Post(SqliteStore(path)).start()

    def teardown(self):
        if hasattr(self, "post"):
            self.runner.run(self.post.stop())
            self.runner.close()
            self.folder.cleanup()

    def visible(self, mailbox: str | None = None, word: str | None = None) -> list[str]:
        return [
            message_id
            for message_id, one in sorted(self.known.items())
            if one.token is None and mailbox in (None, one.mailbox) and word in (None, one.word)
        ]

    def by_mailbox(self, ids) -> dict[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for message_id in sorted(ids):
            grouped.setdefault(self.known[message_id].mailbox, []).append(message_id)
        return grouped

    @rule(
        target=ids,
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
        mailboxes=st.sets(st.sampled_from(MAILBOXES), min_size=1),
    )
    def add(self, words, mailboxes):
        filed = tuple(sorted(mailboxes))
        mails = [mail(word, f"body of {word}") for word in words]
        results = self.runner.run(self._send([arrival(raw, mailboxes=filed) for raw in mails]))
        for word, raw, ids in zip(words, mails, results, strict=True):
            for mailbox, message_id in zip(filed, ids, strict=True):
                assert all(message_id > before for before in self.known)
                self.known[message_id] = Expected(mailbox, word, raw)
        return multiple(*(message_id for ids in results for message_id in ids))

    async def _send(self, arrivals):
        return await self.post.send(*arrivals)

    @rule(ids=st.lists(ids, max_size=4), read=st.booleans())
    def mark_some(self, ids, read):
        self._mark(set(ids) & set(self.visible()), read, select(*ids) if ids else None)

    @rule(word=st.sampled_from(WORDS), mailbox=st.sampled_from((None, *MAILBOXES)), read=st.booleans())
    def mark_matches(self, word, mailbox, read):
        self._mark(self.visible(mailbox, word), read, select(text=word, mailbox=mailbox))

    def _mark(self, ids, read, selector):
        if selector is None:
            return
        changing = [message_id for message_id in ids if self.known[message_id].read is not read]
        touched = self.runner.run(self.post.store.mark(selector, read=read))
        assert touched.ids == self.by_mailbox(changing)
        for message_id in changing:
            self.known[message_id].read = read

    @rule(target=tokens, ids=st.lists(ids, min_size=1, max_size=4), undo=st.booleans())
    def delete_some(self, ids, undo):
        return self._delete(set(ids) & set(self.visible()), select(*ids), undo)

    @rule(target=tokens, word=st.sampled_from(("", *WORDS)), mailbox=st.sampled_from((None, *MAILBOXES)), undo=st.booleans())
    def delete_matches(self, word, mailbox, undo):
        return self._delete(self.visible(mailbox, word or None), select(text=word, mailbox=mailbox), undo)

    def _delete(self, ids, selector, undo):
        touched = self.runner.run(self.post.store.delete(selector, keep_seconds=1000 if undo else 0))
        assert touched.ids == self.by_mailbox(ids)
        assert (touched.token is not None) == (undo and bool(ids))
        for message_id in ids:
            if undo:
                self.known[message_id].token = touched.token
            else:
                del self.known[message_id]
        assert not ids or touched.everything == (not self.visible(selector.mailbox))
        return multiple() if touched.token is None else touched.token

    @rule(token=tokens)
    def restore(self, token):
        hidden = [message_id for message_id, one in self.known.items() if one.token == token]
        if token in self.dead_tokens:
            try:
                self.runner.run(self.post.store.restore(token))
            except NotFound:
                return
            raise AssertionError("a token worked twice")
        assert self.runner.run(self.post.store.restore(token)).ids == self.by_mailbox(hidden)
        self.dead_tokens.add(token)
        for message_id in hidden:
            self.known[message_id].token = None

    @rule()
    def purge(self):
        self.runner.run(self.post.purge())
        contents = len({one.raw for one in self.known.values()})
        ((rows, kept, indexed, folded),) = self.runner.run(
            self.post.rows(
                "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM content),"
                "(SELECT count(*) FROM (SELECT rowid FROM words)), (SELECT count(*) FROM folded)"
            )
        )
        assert rows == indexed == folded == len(self.known)
        assert contents <= kept <= rows

    @rule(keep=st.integers(0, 12))
    def prune(self, keep):
        ids = self.visible()[: max(0, len(self.visible()) - keep)]
        touched = self.runner.run(self.post.in_thread(lambda: self.post.store._thread.changer.prune(keep)))
        assert touched.ids == self.by_mailbox(ids)
        for message_id in ids:
            del self.known[message_id]

    @invariant()
    def same_messages(self):
        if not hasattr(self, "post"):
            return
        for mailbox in (None, *MAILBOXES):
            expected = self.visible(mailbox)
            unread = [message_id for message_id in expected if not self.known[message_id].read]
            size = sum(len(self.known[message_id].raw) for message_id in expected)
            assert self.post.store.counts(mailbox) == Counts(len(expected), len(unread), size)
        page = self.runner.run(self.post.find(oldest_first=True))
        assert [(one.id, one.mailbox, one.read) for one in page.messages] == [
            (message_id, self.known[message_id].mailbox, self.known[message_id].read) for message_id in self.visible()
        ]

    @rule(word=st.sampled_from(WORDS), mailbox=st.sampled_from((None, *MAILBOXES)), limit=st.integers(0, 3), offset=st.integers(0, 3))
    def find(self, word, mailbox, limit, offset):
        expected = self.visible(mailbox, word)[::-1]
        page = self.runner.run(self.post.find(word, mailbox=mailbox, limit=limit, offset=offset))
        assert [one.id for one in page.messages] == expected[offset : offset + limit]
        assert page.total == len(expected)
        assert page.unread == sum(not self.known[message_id].read for message_id in expected)

    @rule(message_id=ids)
    def get(self, message_id):
        one = self.known.get(message_id)
        if one is None or one.token is not None:
            try:
                self.runner.run(self.post.store.get(message_id))
            except NotFound:
                return
            raise AssertionError("a deleted message is still there")
        assert self.runner.run(self.post.store.raw(message_id)) == one.raw
        assert self.runner.run(self.post.store.get(message_id)).summary.read == one.read

    @rule()
    def latest(self):
        if self.visible():
            assert self.runner.run(self.post.store.latest(query(""), mailbox=None)) == self.visible()[-1]


class FileMachine(StoreMachine):
    path = "mail.db"

    @rule()
    def reopen(self):
        self.runner.run(self.post.stop())
        self.runner.run(self._open())


MODERATE = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestMemoryStore = StoreMachine.TestCase
TestMemoryStore.settings = MODERATE
TestFileStore = FileMachine.TestCase
TestFileStore.settings = settings(MODERATE, max_examples=20)
