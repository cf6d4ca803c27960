"""What gateways bring to the server."""

import sys
import textwrap

from fhirserver import gateways


def test_a_part_that_a_gateway_has_is_found_and_one_that_it_lacks_is_none(tmp_path, monkeypatch):
    package = tmp_path / "some_gateway"
    (package / "commands").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "commands" / "__init__.py").write_text("")
    (package / "commands" / "hear_me.py").write_text(
        textwrap.dedent("""
            import click

            @click.command()
            def command():
                "Hears."
                click.echo("heard")
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(gateways, "NAMES", ("some_gateway", "another_that_is_not_installed"))
    try:
        assert [p.__name__ for p in gateways.parts("commands")] == ["some_gateway.commands"]
        assert list(gateways.parts("web")) == []

        from click.testing import CliRunner

        from fhirserver.cli import main

        assert CliRunner().invoke(main, ["hear-me"]).output == "heard\n"
        assert "hear-me" in CliRunner().invoke(main, ["--help"]).output
    finally:
        for name in [n for n in sys.modules if n.startswith("some_gateway")]:
            del sys.modules[name]
