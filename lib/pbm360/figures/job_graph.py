"""Draw the steps of a pipeline and what each feeds on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import plotly.graph_objects as go

from pbm360.figures.style import INK, MUTED, empty_figure, standing_alone, styled

ROW_PIXELS = 44
Place = tuple[float, int]  # branch, steps behind the source
PLAIN, STORES, COMMITS = "#7ea3cc", "#0d9488", "#b3261e"
KINDS = {  # kind: name, colour, symbol
    "plain": ("works on what passes", PLAIN, "circle"),
    "stores": ("the runner stores here", STORES, "square"),
    "commits": ("writes outside", COMMITS, "diamond"),
}


def job_graph(
    steps: Sequence[tuple[str, str]], *, title: str, stores: Collection[str] = (), commits: Collection[str] = ()
) -> go.Figure:
    """Draw steps from top to bottom; `steps` has (name, name of the step that it feeds on, or none) in their order.

    `stores` and `commits` are names of steps that hold state, and that write outside.
    """
    if not steps:
        return empty_figure(title, "The pipeline has no steps")
    places = place_steps(steps)
    figure = go.Figure()
    _draw_arrows(figure, steps, places)
    _draw_steps(figure, name_steps(steps), places, {name: kind_of(name, stores, commits) for name in places})
    depth, width = (max(place[axis] for place in places.values()) for axis in (1, 0))
    styled(figure, title, "from top to bottom: what a step yields, the next one takes", height=130 + ROW_PIXELS * depth)
    standing_alone(figure)
    figure.update_xaxes(title_text="branches of the pipeline", range=[-0.2, width + 0.8], showgrid=False)
    figure.update_yaxes(title_text="steps behind the source", range=[depth + 0.5, -0.5], showgrid=False)
    return figure.update_xaxes(showticklabels=False).update_yaxes(dtick=1)


def _draw_arrows(figure: go.Figure, steps: Sequence[tuple[str, str]], places: Mapping[str, Place]) -> None:
    look = {"arrowhead": 2, "arrowwidth": 1.2, "arrowcolor": MUTED, "standoff": 8, "startstandoff": 7, "text": ""}
    look |= {"xref": "x", "yref": "y", "axref": "x", "ayref": "y", "showarrow": True}
    for name, source in steps:
        if source:
            (x0, y0), (x1, y1) = places[source], places[name]
            figure.add_annotation(x=x1, y=y1, ax=x0, ay=y0, **look)


def _draw_steps(
    figure: go.Figure, texts: Mapping[str, str], places: Mapping[str, Place], kinds: Mapping[str, str]
) -> None:
    for kind, (label, colour, symbol) in KINDS.items():
        names = [name for name in places if kinds[name] == kind]
        figure.add_scatter(
            x=[places[name][0] for name in names],
            y=[places[name][1] for name in names],
            mode="markers+text",
            name=label,
            text=[f"  {texts[name]}" for name in names],  # a long name takes two lines, or it meets the next branch
            textposition="middle right",
            textfont={"color": INK},
            marker={"size": 13, "color": colour, "symbol": symbol, "line": {"color": INK, "width": 0.6}},
            hovertext=names,
            hoverinfo="text",
            cliponaxis=False,
        )


def place_steps(steps: Sequence[tuple[str, str]]) -> dict[str, Place]:
    """Return (branch, steps behind the source) of each step; a step stands behind the last that it feeds on.

    A step that begins late (a timer, a recovery) stands just above the step that it feeds, in a branch of its own.
    """
    feeds: dict[str, list[str]] = {name: [] for name, _ in steps}
    behind: dict[str, list[str]] = {name: [] for name, _ in steps}
    for name, source in steps:
        if source:
            feeds[name].append(source)
            behind[source].append(name)
    depths = _depths(feeds, behind)
    branches: dict[str, float] = {}
    taken: set[Place] = set()
    for name in sorted(feeds, key=lambda each: depths[each]):
        beginning = float(bool(branches))  # the first step begins the first branch, a late one the second
        wanted = min((branches[source] for source in feeds[name] if source in branches), default=beginning)
        while (wanted, depths[name]) in taken:
            wanted += 1.0
        branches[name] = wanted
        taken.add((wanted, depths[name]))
    return {name: (branches[name], depths[name]) for name in feeds}


def _depths(feeds: Mapping[str, list[str]], behind: Mapping[str, list[str]]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for name in feeds:
        _place(name, feeds, depths)
    reached = {next(iter(feeds))}
    for name in sorted(feeds, key=lambda each: depths[each]):
        if reached & set(feeds[name]):
            reached.add(name)
    for name in sorted(feeds, key=lambda each: -depths[each]):
        if name not in reached and behind[name]:
            depths[name] = min(depths[follower] for follower in behind[name]) - 1
    return depths


def _place(name: str, feeds: Mapping[str, list[str]], depths: dict[str, int]) -> int:
    if name not in depths:
        depths[name] = 1 + max((_place(source, feeds, depths) for source in feeds[name]), default=-1)
    return depths[name]


def kind_of(name: str, stores: Collection[str], commits: Collection[str]) -> str:
    """Return what a step is drawn as."""
    return "stores" if name in stores else "commits" if name in commits else "plain"


def name_steps(steps: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return each step's name for people: that of its composite once, then those of the steps within it."""
    names: dict[str, str] = {}
    begun: set[str] = set()
    for name, _ in steps:
        composite, _, inner = name.partition("/")
        if not inner or inner.startswith("ParDo("):
            names[name] = composite
        elif name not in names:
            names[name] = inner if composite in begun else f"{composite}:<br>  {inner}"
        begun.add(composite)
    return names
