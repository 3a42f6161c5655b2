// Draw one plotly figure in a card and update it in place. plotly.js is loaded once a page, from the page's own server.
// A chart's numbers stand in a table beside it, which is hidden to the eye; without plotly.js it is shown instead.

const SCRIPT_ID = "plotly-script";
const STANDOFF = 4; // pixels between an axis and its labels
const MOST_ROWS = 60; // of a chart's table, its newest
const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const NARROW = 420; // pixels, below which an axis has room for a few numbers alone
const DARK = matchMedia("(prefers-color-scheme: dark)");
// The figures are drawn in the colours of the light page; on a dark one these take the place of ink, lines and late red.
const DARK_COLOURS = { "#1f2937": "#e5eaf1", "#64748b": "#9fb0c4", "#e8ecf2": "#2b3a4e", "#ffffff": "#172231", "#b3261e": "#f0857c", "#2f6fb3": "#6fa8dc", "#0d9488": "#3cc4b5", "#c9d1db": "#64748b", "#f0a81c": "#f0b84a" };

function inTheme(text) {
  return DARK.matches ? text.replace(/#[0-9a-f]{6}/g, (colour) => DARK_COLOURS[colour] ?? colour) : text;
}

// A figure whose meta says so has its hours in UTC: they are drawn in the viewer's zone, and UTC is told beside them.
function inZone(figure) {
  const { zone, offset, chartTime } = window.pbm360;
  if (figure.layout.meta?.hours !== "UTC" || zone === "UTC") return;
  const [first] = figure.data;
  first.customdata = first.x.map((text) => text.slice(-5));
  first.hovertemplate = first.hovertemplate.replace("<extra>", " (from %{customdata} UTC)<extra>");
  for (const trace of figure.data) trace.x = trace.x.map(chartTime);
  const { title } = figure.layout.xaxis;
  title.text = title.text.replace("UTC", `${zone}, ${offset}`);
}

const PEN = document.createElement("canvas").getContext("2d");

function textWidth(text, weight = 600) {
  PEN.font = `${weight} 12px ${getComputedStyle(document.body).fontFamily}`;
  return PEN.measureText(String(text).replace(/<[^>]*>/g, "")).width;
}

// The room for an axis' labels and title is reserved before plotly draws: where it has to find it, it draws twice.
function reserveMargins({ data, layout }, width) {
  const { xaxis, yaxis, margin } = layout;
  if (!margin || xaxis?.visible === false) return;
  const lines = (text) => (text ? text.split("<br>").length : 0);
  const names = yaxis?.ticktext ?? (data[0]?.orientation === "h" ? data.flatMap(({ y }) => y) : null);
  const digits = String(Math.round(Math.max(0, ...data.flatMap(({ y }) => y).filter(Number.isFinite)))).length;
  const left = names ? 13 + Math.ceil(Math.max(...names.map((name) => textWidth(name, 400)))) : 27 + 7 * digits;
  const title = xaxis?.title ?? {};
  if (title.text && textWidth(title.text, 400) > width - left - margin.r) title.text = title.text.replace("; ", ";<br>");
  const bottom = 10 + 16 * (lines(title.text) + Math.max(lines(xaxis?.tickformat), 1));
  layout.margin = { ...margin, l: Math.max(margin.l, left), b: Math.max(margin.b, bottom) };
  for (const axis of [xaxis, yaxis]) if (axis) axis.ticklabelstandoff = STANDOFF;
}

// Labels stand at the ends of lying bars: the axis goes on for as many pixels as they take, on a screen of any width.
// It begins at 0, or below where bars go both ways.
function makeRoom({ data, layout }, width) {
  const isLying = ({ type, orientation }) => type === "bar" && orientation === "h";
  const [low] = layout.xaxis?.range ?? [];
  if (!data.some(isLying) || !(low <= 0)) return;
  const labelled = data.filter((trace) => trace.mode === "text" || (isLying(trace) && trace.textposition === "outside"));
  const names = layout.yaxis?.ticktext ?? data.flatMap(({ y }) => y);
  const room = width - Math.max(...names.map((name) => textWidth(name))) - 32;
  const tops = labelled.flatMap(({ x, text }) => x.map((end, i) => low + ((end - low) * room) / Math.max(room - textWidth(text[i]), room / 4)));
  if (tops.length) layout.xaxis.range = [low, Math.max(...tops, Number.EPSILON)];
}

const plain = (text) => String(text ?? "").replace(/<br>/g, " ").replace(/<[^>]*>/g, "").trim();

function valueText(value, error, i, isShare) {
  if (value === null || value === undefined) return "–";
  const told = (number) => (isShare ? `${NUMBER.format(100 * number)} %` : NUMBER.format(number));
  if (!error?.array) return told(value);
  const [up, down] = [error.array[i], (error.symmetric === false ? error.arrayminus : error.array)[i]];
  return `${told(value)} (${told(value - down)} to ${told(value + up)})`;
}

// The numbers of a figure as [heads, rows]: a row for each category or moment, a column for each trace that says more
// than its own labels. Traces that share no category, each a bar of another colour, are one column.
function numbersOf({ data, layout }) {
  const told = data.filter((trace) => trace.mode !== "text" && trace.hoverinfo !== "skip" && trace.x?.length);
  const isLying = told.some(({ orientation, y }) => orientation === "h" || typeof y[0] === "string");
  const [along, across] = isLying ? ["y", "x"] : ["x", "y"];
  const axis = (trace) => layout[`${across}axis${(trace[`${across}axis`] ?? across).slice(1)}`] ?? {};
  const { tickvals, ticktext } = layout[`${along}axis`] ?? {};
  const name = (category) => plain(ticktext?.[tickvals?.indexOf(category)] ?? category);
  const rows = new Map();
  told.forEach((trace, column) => trace[along].forEach((category, i) => {
    if (!rows.has(category)) rows.set(category, new Array(told.length).fill("–"));
    const isShare = /%$/.test(axis(trace).tickformat ?? "");
    rows.get(category)[column] = valueText(trace[across][i], trace[`error_${across}`], i, isShare);
  }));
  const isOne = told.length > 1 && told.every((trace) => trace[along].length === 1) && rows.size === told.length;
  const heads = isOne || told.length === 1 ? [axis(told[0]).title?.text] : told.map((trace) => trace.name);
  const lines = [...rows].map(([category, values]) => [name(category), ...(isOne ? values.filter((value) => value !== "–") : values)]);
  const corner = layout[`${along}axis`]?.title?.text || "what";
  return [[corner, ...heads].map(plain), lines.slice(-MOST_ROWS)];
}

// Cells keep their place, so that nobody who reads the table loses theirs.
function fillLines(part, lines, scope) {
  while (part.rows.length > lines.length) part.deleteRow(-1);
  lines.forEach((texts, i) => {
    const line = part.rows[i] ?? part.insertRow();
    while (line.cells.length > texts.length) line.deleteCell(-1);
    texts.forEach((text, j) => {
      const cell = line.cells[j] ?? line.appendChild(document.createElement(scope === "col" || j === 0 ? "th" : "td"));
      if (cell.tagName === "TH") cell.scope = scope;
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
}

function fillTable(table, figure, caption) {
  const [heads, rows] = numbersOf(figure);
  table.caption.textContent = `The numbers of: ${caption}`;
  fillLines(table.tHead, rows.length ? [heads] : [], "col");
  fillLines(table.tBodies[0], rows, "row");
}

function loadPlotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.pbm360Plotly ??= new Promise((resolve, reject) => {
    let script = document.getElementById(SCRIPT_ID);
    if (!script || script.dataset.failed) { // the page's own request may have failed before anybody listened: once more
      script = Object.assign(document.createElement("script"), { id: SCRIPT_ID, src: address });
      document.head.append(script);
    }
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error(`no chart library at ${address}`)));
  });
  return window.pbm360Plotly;
}

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

// The legend stands in the card's head, as text that wraps: a sign or a stroke in the trace's colour, and its name.
function legendEntry(trace) {
  const entry = document.createElement("span");
  const mark = document.createElement("span");
  const colour = trace.line?.color ?? trace.marker?.color;
  const [sign, ...words] = trace.name.split(" ");
  const isSigned = /^[■▲●○]$/.test(sign);
  mark.className = isSigned ? "legend-sign" : `legend-${trace.type === "bar" ? "block" : (trace.line?.dash ?? "solid")}`;
  mark.style.color = colour;
  mark.textContent = isSigned ? sign : "";
  entry.append(mark, isSigned ? words.join(" ") : trace.name);
  return entry;
}

// Charts are drawn after the next paint: the numbers that came with them are seen first. A hidden page draws nothing.
function afterPaint(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => setTimeout(() => {
      isDue = false;
      work();
    }));
  };
}

// Tables are written when nothing else is to be done: no eye waits for them.
function whenIdle(work) {
  let isDue = false;
  const run = () => {
    isDue = false;
    work();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    if (window.requestIdleCallback) requestIdleCallback(run, { timeout: 3000 });
    else setTimeout(run, 300);
  };
}

function build(el, key) {
  el.classList.add("card", "plot-card");
  el.dataset.testid = `panel-${key}`;
  const head = element("div", "card-head", el);
  const words = element("div", "card-words", head);
  const made = { title: element("h2", "card-title", words), subtitle: element("p", "card-subtitle", words) };
  const drawing = element("div", "plot-area", el);
  const table = element("table", "", element("div", "plot-numbers", el));
  table.id = `numbers-${key}`;
  table.append(...["caption", "thead", "tbody"].map((part) => document.createElement(part)));
  table.caption.id = `caption-${key}`;
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-details", table.id);
  return { ...made, legend: element("p", "legend", head), drawing, table };
}

async function render({ model, el }) {
  const { title, subtitle, legend, drawing, table } = build(el, model.get("key"));
  let newest;
  const read = () => {
    const figure = JSON.parse(inTheme(model.get("figure")));
    inZone(figure);
    const { title: heading, ...layout } = figure.layout;
    title.textContent = heading?.text ?? "";
    subtitle.textContent = heading?.subtitle?.text ?? "";
    drawing.setAttribute("aria-label", `${title.textContent} ${subtitle.textContent}`);
    newest = { data: figure.data, layout };
    return newest;
  };
  let tabled = "";
  const tell = whenIdle(() => {
    const text = model.get("figure");
    if (text !== tabled) fillTable(table, newest, title.textContent);
    tabled = text;
  });
  let plotly;
  try {
    plotly = await loadPlotly(model.get("plotly_address"));
  } catch (error) {
    drawing.removeAttribute("role"); // it is a text now, and the numbers stand below
    drawing.textContent = `This chart can't be drawn: ${error.message}. Here are its numbers; reload the page for the chart.`;
    el.classList.add("is-table");
    table.parentNode.tabIndex = 0; // it scrolls
    table.parentNode.setAttribute("role", "region");
    table.parentNode.setAttribute("aria-labelledby", table.caption.id);
    const list = () => model.get("figure") && (read(), tell());
    model.on("change:figure", list);
    list();
    return undefined;
  }
  let isListening = false; // plotly hears clicks once it has drawn for the first time
  const draw = () => {
    if (!model.get("figure") || !drawing.clientWidth) return undefined; // nothing told or not laid out yet: the observer draws once it is
    const figure = read();
    const { layout } = figure;
    tell();
    const named = figure.data.filter((trace) => trace.name && trace.showlegend !== false);
    legend.replaceChildren(...(named.length > 1 ? named.map(legendEntry) : []));
    drawing.style.minHeight = `${layout.height}px`;
    reserveMargins(figure, drawing.clientWidth);
    makeRoom(figure, drawing.clientWidth);
    if (drawing.clientWidth < NARROW && layout.xaxis && layout.xaxis.type !== "category") layout.xaxis.nticks = Math.min(layout.xaxis.nticks ?? 4, 4);
    const size = { width: drawing.clientWidth, height: Math.max(layout.height, drawing.clientHeight) };
    const drawn = plotly.react(drawing, figure.data, { ...layout, ...size, showlegend: false }, { displayModeBar: false });
    if (!isListening) {
      isListening = true;
      drawing.on("plotly_click", ({ points: [point] }) => model.send({ kind: "click", y: String(point.y) }));
    }
    return drawn;
  };
  const drawSoon = afterPaint(() => drawing.isConnected && draw());
  model.on("change:figure", drawSoon);
  DARK.addEventListener("change", draw);
  const observer = new ResizeObserver(() => drawing.isConnected && draw());
  observer.observe(drawing);
  return () => {
    observer.disconnect();
    DARK.removeEventListener("change", draw);
    plotly.purge(drawing);
  };
}

export default { render };
