// List the orders that need someone: two lists, one table. The kernel sends both, the viewer chooses.

const SIGNS = { breached: "■ Breached", at_risk: "▲ At risk", on_track: "● On track", untimed: "○ No limit" };
const COLUMNS = [
  ["order_id", "Order"],
  ["stage_label", "Stage"],
  ["risk", "State"],
  ["hours_to_breach", "To breach"],
  ["age_hours", "In stage for"],
  ["sla_hours", "Allowed"],
  ["pharmacy", "Pharmacy"],
  ["drug", "Drug"],
  ["carrier", "Carrier"],
];
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const NUMBERS = new Set(["age_hours", "sla_hours", "hours_to_breach"]);

function duration(hours) {
  const size = Math.abs(hours);
  const sign = hours < 0 ? "−" : "";
  if (size < 1) return `${sign}${Math.round(size * 60)} min`;
  if (size < 48) return `${sign}${size.toFixed(1)} h`;
  return `${sign}${size < 2400 ? (size / 24).toFixed(1) : WHOLE.format(size / 24)} d`;
}

function cellText(name, row) {
  if (name === "risk") return SIGNS[row.risk] ?? row.risk;
  if (name === "sla_hours") return `${row.sla_hours} h`;
  if (NUMBERS.has(name)) return duration(row[name]);
  return row[name] || "–";
}

function makeRow(row) {
  const line = document.createElement("tr");
  line.dataset.order = row.order_id;
  for (const [name, label] of COLUMNS) {
    const cell = document.createElement("td");
    cell.dataset.label = label;
    cell.dataset.column = name;
    if (NUMBERS.has(name)) cell.className = "number";
    if (name === "risk") {
      const pill = document.createElement("span");
      pill.className = "pill";
      pill.dataset.status = row.risk;
      pill.textContent = cellText(name, row);
      cell.append(pill);
    } else cell.textContent = cellText(name, row);
    if (name === "order_id" && row.priority === "urgent") {
      const mark = document.createElement("span");
      mark.className = "urgent";
      mark.textContent = "urgent";
      cell.append(mark);
    }
    line.append(cell);
  }
  return line;
}

function build(el, model) {
  el.classList.add("card", "table-card");
  el.dataset.testid = "order-table";
  el.innerHTML = `<div class="card-head"><div><h2 class="card-title"></h2><p class="card-subtitle"></p></div>
    <div class="switch" role="group" aria-label="Which orders">
    <button type="button" data-list="overdue">Longest overdue</button><button type="button" data-list="next">Next to breach</button></div></div>
    <div class="table-scroll" tabindex="0"><table><thead><tr></tr></thead><tbody></tbody></table><p class="empty-note"></p></div>`;
  el.querySelector("h2").textContent = model.get("title");
  for (const [name, label] of COLUMNS) {
    const head = document.createElement("th");
    head.scope = "col";
    head.textContent = label;
    if (NUMBERS.has(name)) head.className = "number";
    el.querySelector("thead tr").append(head);
  }
}

function render({ model, el }) {
  build(el, model);
  const body = el.querySelector("tbody");
  let list = "overdue";
  const show = () => {
    const rows = model.get(list === "overdue" ? "overdue_rows" : "next_rows");
    const total = model.get(list === "overdue" ? "overdue_count" : "next_count");
    body.replaceChildren(...rows.map(makeRow));
    const kind = list === "overdue" ? "over their limit" : "not yet over it";
    el.querySelector(".card-subtitle").textContent = `${WHOLE.format(rows.length)} of ${WHOLE.format(total)} open orders ${kind}`;
    el.querySelector(".empty-note").textContent = rows.length ? "" : "No open orders match";
    for (const button of el.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.list === list));
  };
  for (const button of el.querySelectorAll("button"))
    button.addEventListener("click", () => {
      list = button.dataset.list;
      show();
    });
  show();
  for (const name of ["overdue_rows", "next_rows", "overdue_count", "next_count"]) model.on(`change:${name}`, show);
}

export default { render };
