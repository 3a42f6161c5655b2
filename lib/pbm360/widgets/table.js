// A table in a card: one list or several to switch between, cells by their kind. A row that can be opened is a button.

const SIGNS = {
  breached: "■ Breached", at_risk: "▲ At risk", on_track: "● On track", untimed: "○ No limit",
  critical: "■ Critical", high: "▲ High", medium: "● Medium",
  red: "■ Runs out first", amber: "▲ Under 3 days", none: "● Enough",
  good: "● As usual", quiet: "▲ Quiet", silent: "■ Silent", unknown: "○ No usual rate",
  better: "● Better", worse: "▲ Worse", noise: "○ No difference", hidden: "○ Too few to say",
};
const LOOKS = { critical: "breached", red: "breached", silent: "breached", high: "at_risk", amber: "at_risk", quiet: "at_risk", medium: "on_track", none: "on_track", good: "on_track", unknown: "untimed", better: "on_track", worse: "at_risk", noise: "untimed", hidden: "untimed" };
const RIGHT = new Set(["duration", "hours", "number", "signed", "days"]);
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export function duration(hours) {
  const size = Math.abs(hours);
  const sign = hours < 0 ? "−" : "";
  if (size < 1 / 60) return `${sign}${Math.round(size * 3600)} s`;
  if (size < 1) return `${sign}${Math.round(size * 60)} min`;
  if (size < 48) return `${sign}${size.toFixed(1)} h`;
  return `${sign}${size < 2400 ? (size / 24).toFixed(1) : Math.round(size / 24).toLocaleString("en-US")} d`;
}

function moment(text) {
  const date = new Date(text);
  return date.toLocaleString([], { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

function cellText(kind, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (kind === "pill") return SIGNS[value] ?? value;
  if (kind === "duration") return duration(value);
  if (kind === "hours") return `${value} h`;
  if (kind === "days") return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)} d`;
  if (kind === "number") return WHOLE.format(value);
  if (kind === "signed") return `${value < 0 ? "−" : "+"}${WHOLE.format(Math.abs(value))}`;
  if (kind === "time") return moment(value);
  return value;
}

function fillCell(cell, kind, row, value) {
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
  if (kind === "time" && value) cell.title = `${value.slice(0, 16).replace("T", " ")} UTC`;
  if (row.priority === "urgent" && kind === "open") {
    const mark = document.createElement("span");
    mark.className = "urgent";
    mark.textContent = "urgent";
    cell.append(mark);
  }
}

function makeRow(row, columns) {
  const line = document.createElement("tr");
  if (row.order_id) line.dataset.order = row.order_id;
  if (row.kind) line.dataset.kind = row.kind;
  if (row.status) line.dataset.status = row.status;
  for (const { name, label, kind } of columns) {
    const cell = document.createElement("td");
    cell.dataset.label = label;
    cell.dataset.column = name;
    if (RIGHT.has(kind)) cell.className = "number";
    fillCell(cell, kind, row, row[name]);
    line.append(cell);
  }
  return line;
}

function build(el, model) {
  el.classList.add("card", "table-card");
  el.dataset.testid = `table-${model.get("key")}`;
  el.innerHTML = `<div class="card-head"><div class="card-words"><h2 class="card-title"></h2><p class="card-subtitle"></p></div>
    <div class="switch" role="group" aria-label="Which list"></div></div>
    <div class="table-scroll" tabindex="0"><table><thead><tr></tr></thead><tbody></tbody></table><p class="empty-note"></p></div>`;
  el.querySelector("h2").textContent = model.get("title");
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
    body.replaceChildren(...list.rows.map((row) => makeRow(row, model.get("columns"))));
    el.querySelector(".card-subtitle").textContent = list.subtitle;
    el.querySelector(".empty-note").textContent = list.rows.length ? "" : list.empty;
    const labels = lists.length > 1 ? lists.map(({ key, label }) => [key, label]) : [];
    if (buttons.dataset.labels !== JSON.stringify(labels)) {
      buttons.dataset.labels = JSON.stringify(labels);
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
}

export default { render };
