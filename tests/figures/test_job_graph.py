"""The graph of a pipeline's steps."""

from pbm360.figures.job_graph import job_graph, name_steps, place_steps

STEPS = [
    ("Read/Pull", ""),
    ("Land/ParDo(Append)", "Read/Pull"),
    ("Count/Find", "Land/ParDo(Append)"),
    ("Count/Recover", ""),
]
STEPS += [("Count/Unite", "Count/Find"), ("Count/Unite", "Count/Recover"), ("Beat", "Land/ParDo(Append)")]


def test_a_step_stands_behind_what_it_feeds_on_and_a_late_beginner_above_what_it_feeds():
    places = place_steps(STEPS)
    assert {name: depth for name, (_, depth) in places.items()} == {
        "Read/Pull": 0,
        "Land/ParDo(Append)": 1,
        "Count/Find": 2,
        "Count/Recover": 2,
        "Beat": 2,
        "Count/Unite": 3,
    }
    assert len(set(places.values())) == len(places), "two steps lie on each other"


def test_a_composite_is_named_once():
    assert list(name_steps(STEPS).values()) == [
        "Read:<br>  Pull",
        "Land",
        "Count:<br>  Find",
        "Recover",
        "Unite",
        "Beat",
    ]


def test_what_stores_and_what_commits_have_signs_of_their_own():
    figure = job_graph(STEPS, title="t", stores=["Count/Unite"], commits=["Land/ParDo(Append)"])
    names = {trace.name: list(trace.hovertext) for trace in figure.data}
    assert names["the runner stores here"] == ["Count/Unite"] and names["writes outside"] == ["Land/ParDo(Append)"]
    assert len({trace.marker.symbol for trace in figure.data}) == 3
    assert sum(bool(arrow.showarrow) for arrow in figure.layout.annotations) == 5
    assert job_graph([], title="t").layout.annotations
