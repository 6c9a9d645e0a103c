"""What the plugin costs, where it stays away, and what can be in its way."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

HEAVY = (
    "asyncio", "aiosmtpd", "sqlite3", "apsw", "starlette", "uvicorn", "ssl", "msgspec", "selectolax", "click", "email.message", "difflib",
)  # fmt: skip

MODULES = """
import json, sys
import pytest
before = set(sys.modules)
import pytest_mailcatcher.plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_loading_the_plugin_imports_only_itself():
    done = subprocess.run([sys.executable, "-c", MODULES], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["pytest_mailcatcher", "pytest_mailcatcher.plugin", "pytest_mailcatcher.settings"]


def test_run_that_does_not_use_it_imports_nothing_heavy(project):
    project.write(
        test_it=f"""
        import sys

        def test_it():
            loaded = [name for name in {HEAVY!r} if name in sys.modules]
            print("loaded", loaded, [name for name in sys.modules if name.startswith("mailcatcher")])
        """
    )
    with_plugin, without = project.run("-s"), project.run("-s", "-p", "no:mailcatcher")
    assert with_plugin.passed(1)
    assert without.passed(1)
    assert re.findall("loaded .*", with_plugin.out) == re.findall("loaded .*", without.out) != []


def test_in_process_means_without_a_web(project):
    project.write(
        test_it="""
        import sys

        def test_it(mailcatcher):
            unwanted = ("mailcatcher.server", "mailcatcher.web", "mailcatcher.cli", "starlette", "uvicorn", "click")
            assert not [name for name in unwanted if name in sys.modules]
        """
    )
    assert project.run().passed(1)


def test_it_can_be_switched_off(project):
    project.write(test_it="def test_it(mailcatcher): ...")
    outcome = project.run("-p", "no:mailcatcher")
    assert "fixture 'mailcatcher' not found" in outcome.out
    assert project.run("-p", "pytest_mailcatcher.plugin", env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}).passed(1)


def test_fixture_is_listed_with_what_it_is(project):
    assert "A running SMTP server, and the mail that this test sends to it." in project.run("--fixtures").out


def test_module_of_another_project_is_named(project):
    project.write(mailcatcher="", test_it="def test_it(mailcatcher): ...")
    outcome = project.run(env={"PYTHONPATH": str(project.path)})
    assert f"'mailcatcher' is {project.path / 'mailcatcher.py'}, which is not the package of pymailcatcher" in outcome.out
    assert "Traceback" not in outcome.out


def test_taken_port_is_one_clear_line(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = project.write(test_it="def test_it(mailcatcher): ...").run(f"--mailcatcher-port={port}")
    assert f"cannot listen on 127.0.0.1:{port}: the port is taken" in outcome.out
    assert "Traceback" not in outcome.out


def test_run_inside_a_run_has_a_server_of_its_own(project):
    project.write(
        inner="def test_inner(mailcatcher):\n    print('inner', mailcatcher.port)\n",
        test_it="""
        import smtplib
        import pytest

        def test_it(mailcatcher):
            assert pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "inner.py"]) == 0
            with smtplib.SMTP(mailcatcher.host, mailcatcher.port) as client:
                client.sendmail("a@b.example", ["c@d.example"], "Subject: outer\\r\\n\\r\\n")
            assert mailcatcher.one().subject == "outer"
        """,
    )
    assert project.run().passed(1)


def test_log_of_the_server_is_not_in_the_tests_log(mailcatcher, post, caplog):
    caplog.set_level(0)
    post()
    assert [record for record in caplog.records if record.name.startswith(("mailcatcher", "mail.log"))] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_child_gives_the_port_back(project):
    project.write(
        test_it="""
        import os
        import smtplib
        import pytest

        def in_child(check):
            child = os.fork()
            if not child:
                code = 1
                try:
                    check()
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0

        def test_it(mailcatcher, request):
            run = request.config.pluginmanager.get_plugin("mailcatcher-run")
            server = run._server

            def check():
                assert all(sock.fileno() == -1 for sock in server.sockets)
                with pytest.raises(RuntimeError, match="this process was forked"):
                    mailcatcher.wait_for(timeout=5)
                with smtplib.SMTP(mailcatcher.host, mailcatcher.port) as client:
                    client.sendmail("a@b.example", ["c@d.example"], "Subject: from the child\\r\\n\\r\\n")
                assert run._running is None
                own = run.handle(request.node)
                assert own.port != mailcatcher.port
                with smtplib.SMTP(own.host, own.port) as client:
                    client.sendmail("a@b.example", ["c@d.example"], "Subject: own\\r\\n\\r\\n")
                assert own.one().subject == "own"

            in_child(check)
            assert mailcatcher.one().subject == "from the child"

        def test_server_of_the_parent_goes_on(mailcatcher):
            with smtplib.SMTP(mailcatcher.host, mailcatcher.port) as client:
                client.sendmail("a@b.example", ["c@d.example"], "Subject: on\\r\\n\\r\\n")
            assert mailcatcher.one().subject == "on"
        """
    )
    # Python 3.12 warns of any fork beside threads.
    assert project.run("-W", "ignore::DeprecationWarning").passed(2)


def test_all_its_threads_end_with_the_run(project):
    project.write(
        conftest="""
        import threading

        def pytest_unconfigure(config):
            print("before", sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("mailcatcher")))
            config.add_cleanup(lambda: print("after", [thread.name for thread in threading.enumerate() if "mailcatcher" in thread.name]))
        """,
        test_it="def test_it(mailcatcher): ...",
    )
    outcome = project.run("-s")
    assert "before []" in outcome.out or "before ['mailcatcher', 'mailcatcher-store']" in outcome.out
    assert "after []" in outcome.out
