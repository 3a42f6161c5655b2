"""The page of benchmarks: measuring one part leaves every other section as it is."""

from tests.benchmarks import run

FLINK = "## Flink\n\n29 November 2026, `make test-flink`.\n\n| what | measured |\n|---|---|\n| replayed | 400 s |\n"
SOAK = "## Soak\n\n28 November 2026.\n\n| what | measured |\n|---|---|\n| published | 7 |\n\nA remark.\n"


def test_a_part_measured_anew_leaves_the_others_and_those_of_other_programs(tmp_path, monkeypatch):
    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text(f"# Benchmarks\n\nOld words.\n\n{FLINK}\n{SOAK}")
    monkeypatch.setattr(run, "PAGE", page)
    monkeypatch.setitem(run.PARTS, "Fuzz", lambda: [("messages", "10,000")])
    assert run.main(["fuzz"]) == 0
    sections = run.read_sections(page.read_text())
    assert list(sections) == ["Fuzz", "Soak", "Flink"]
    assert (sections["Soak"], sections["Flink"]) == (SOAK, FLINK)
    assert "| messages | 10,000 |" in sections["Fuzz"] and page.read_text().startswith(run.HEAD)


def test_an_unknown_part_measures_nothing(capsys):
    assert run.main(["flinc"]) == 2
    assert "no such part: flinc" in capsys.readouterr().err
