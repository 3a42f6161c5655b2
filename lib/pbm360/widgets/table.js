// A table in a card: one list or several to switch between, cells by their kind. A row that can be opened is a button.
// Rows keep their place in the page by what they are about, so that an update moves no focus and flickers nowhere.

const { duration, hoursSince, local, utc, withLocal } = window.pbm360;

const AS_OF = "pbm360:as-of"; // the page has a newer picture
const SIGNS = {
  breached: "■ Breached", at_risk: "▲ At risk", on_track: "● On track", untimed: "○ No limit",
  critical: "■ Critical", high: "▲ High", medium: "● Medium",
  red: "■ Runs out before", amber: "▲ Under 3 days", none: "● Enough",
  good: "● As usual", quiet: "▲ Quiet", silent: "■ Silent", loud: "● Far more than usual", unknown: "○ No usual rate",
  better: "● Better", worse: "▲ Worse", noise: "○ No difference", hidden: "○ Too few to say",
};
const LOOKS = { critical: "breached", red: "breached", silent: "breached", high: "at_risk", amber: "at_risk", quiet: "at_risk", medium: "on_track", none: "on_track", good: "on_track", loud: "on_track", unknown: "untimed", better: "on_track", worse: "at_risk", noise: "untimed", hidden: "untimed" };
const RIGHT = new Set(["duration", "since", "until", "hours", "number", "signed", "days", "percent"]);
const CLOCKS = new Set(["since", "until"]);
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

// Where a cell is narrow its moment breaks between day and time, and nowhere else.
function moment(text) {
  const told = local(new Date(text), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return told.replace(/\s/g, "\u00a0").replace(/,\u00a0(?=[^,]*$)/, ", ");
}

// Hours since an instant, or until it, as of the page's newest picture; a clock that runs ahead counts as now.
function clockText(kind, value) {
  const hours = hoursSince(value);
  if (hours === null) return "–";
  return duration(kind === "since" ? Math.max(hours, 0) : -hours);
}

function cellText(kind, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (kind === "pill") return SIGNS[value] ?? value;
  if (kind === "duration") return duration(value);
  if (CLOCKS.has(kind)) return clockText(kind, value);
  if (kind === "hours") return `${value} h`;
  if (kind === "days") return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)} d`;
  if (kind === "percent") return `${Math.round(value * 100)} %`;
  if (kind === "number") return WHOLE.format(value);
  if (kind === "signed") return `${value < 0 ? "−" : "+"}${WHOLE.format(Math.abs(value))}`;
  if (kind === "time") return moment(value);
  return value;
}

function fillCell(cell, kind, row, value) {
  cell.replaceChildren();
  if (kind === "pill") {
    const pill = document.createElement("span");
    pill.className = "pill";
    pill.dataset.status = LOOKS[value] ?? value;
    pill.textContent = cellText(kind, value);
    cell.append(pill);
  } else if (kind === "open") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "row-button";
    button.textContent = value;
    cell.append(button);
  } else cell.textContent = cellText(kind, value);
  if (CLOCKS.has(kind)) cell.instant = value;
  if ((kind === "time" || CLOCKS.has(kind)) && value) cell.title = utc(new Date(value));
  if (row.priority === "urgent" && kind === "open") {
    const mark = document.createElement("span");
    mark.className = "urgent";
    mark.textContent = "urgent";
    cell.append(mark);
  }
}

function makeRow(columns) {
  const line = document.createElement("tr");
  for (const { name, label, kind } of columns) {
    const cell = document.createElement("td");
    cell.dataset.label = label;
    cell.dataset.column = name;
    if (RIGHT.has(kind)) cell.className = "number";
    if (CLOCKS.has(kind)) cell.dataset.clock = kind;
    line.append(cell);
  }
  return line;
}

function fillRow(line, row, columns) {
  for (const name of ["order", "kind", "status"]) {
    const value = row[name === "order" ? "order_id" : name];
    if (value) line.dataset[name] = value;
  }
  columns.forEach(({ name, kind }, i) => {
    const cell = line.children[i];
    const shown = JSON.stringify([row[name], row.priority]);
    if (cell.shown !== shown) fillCell(cell, kind, row, row[name]);
    cell.shown = shown;
  });
}

// A row that goes is removed first, so that those below it need not move: a row that moves loses the focus. Where one
// has to, its focus comes back; where the focused row is gone, no other row may take its key strokes, but their list.
function fillBody(body, rows, columns) {
  const { activeElement } = document;
  const hadFocus = body.contains(activeElement);
  const keys = rows.map((row, i) => String(row.order_id ?? row.kind ?? row.source ?? i));
  const kept = new Set(keys);
  for (const line of [...body.children]) if (!kept.has(line.key)) line.remove();
  const before = new Map([...body.children].map((line) => [line.key, line]));
  rows.forEach((row, i) => {
    const line = before.get(keys[i]) ?? makeRow(columns);
    before.delete(keys[i]);
    line.key = keys[i];
    fillRow(line, row, columns);
    if (body.children[i] !== line) body.insertBefore(line, body.children[i] ?? null);
  });
  for (const line of before.values()) line.remove(); // of two rows of one key the second
  if (!hadFocus || document.activeElement === activeElement) return;
  (activeElement.isConnected ? activeElement : body.closest(".table-scroll")).focus({ preventScroll: true });
}

function moveClocks(body) {
  for (const cell of body.querySelectorAll("td[data-clock]")) {
    const text = cellText(cell.dataset.clock, cell.instant);
    if (cell.textContent !== text) cell.textContent = text;
  }
}

function build(el, model) {
  el.classList.add("card", "table-card");
  el.dataset.testid = `table-${model.get("key")}`;
  el.innerHTML = `<div class="card-head"><div class="card-words"><h2 class="card-title"></h2><p class="card-subtitle"></p></div>
    <div class="switch" role="group" aria-label="Which list" hidden></div></div>
    <div class="table-scroll" tabindex="0" role="region"><table><thead><tr></tr></thead><tbody></tbody></table><p class="empty-note"></p></div>`;
  el.querySelector("h2").textContent = model.get("title");
  el.querySelector(".table-scroll").setAttribute("aria-label", model.get("title"));
  for (const { label, kind } of model.get("columns")) {
    const head = document.createElement("th");
    head.scope = "col";
    head.textContent = label;
    if (RIGHT.has(kind)) head.className = "number";
    el.querySelector("thead tr").append(head);
  }
}

function render({ model, el }) {
  build(el, model);
  const body = el.querySelector("tbody");
  const buttons = el.querySelector(".switch");
  let chosen = "";
  const show = () => {
    const lists = model.get("lists");
    const list = lists.find(({ key }) => key === chosen) ?? lists[0] ?? { rows: [], subtitle: "", empty: "" };
    chosen = list.key ?? "";
    fillBody(body, list.rows, model.get("columns"));
    el.querySelector(".card-subtitle").textContent = withLocal(list.subtitle);
    el.querySelector(".empty-note").textContent = list.rows.length ? "" : list.empty;
    const labels = lists.length > 1 ? lists.map(({ key, label }) => [key, label]) : [];
    if (buttons.dataset.labels !== JSON.stringify(labels)) {
      buttons.dataset.labels = JSON.stringify(labels);
      buttons.hidden = !labels.length;
      buttons.replaceChildren(...labels.map(([key, label]) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
        button.dataset.list = key;
        return button;
      }));
    }
    for (const button of buttons.children) button.setAttribute("aria-pressed", String(button.dataset.list === chosen));
  };
  buttons.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    chosen = button.dataset.list;
    show();
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    const what = line?.dataset.order ?? line?.dataset.kind;
    if (what) model.send({ kind: "open", what });
  });
  show();
  model.on("change:lists", show);
  const tick = () => moveClocks(body);
  document.addEventListener(AS_OF, tick);
  return () => document.removeEventListener(AS_OF, tick);
}

export default { render };
