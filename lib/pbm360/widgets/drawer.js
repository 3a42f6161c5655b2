// One order's story in a drawer at the side. The times are the viewer's, with UTC at hand.

const { duration, timeElement } = window.pbm360;

function span(className, text) {
  return Object.assign(document.createElement("span"), { className, textContent: text });
}

function makeEvent(row) {
  const item = document.createElement("li");
  if (row.wait_hours !== null && row.wait_hours >= 0) item.append(span("event-wait", `+ ${duration(row.wait_hours)}`));
  const line = document.createElement("div");
  line.className = "event-line";
  line.append(timeElement(row.event_at), span("event-what", row.what));
  if (row.stage) line.append(span("event-stage", `→ ${row.stage}`));
  item.append(line);
  const late = row.late_hours === null ? "" : ` · known ${duration(row.late_hours)} later`;
  item.append(span("event-source", `${row.source} · by ${row.came_by}${late}${row.detail ? ` · ${row.detail}` : ""}`));
  return item;
}

function render({ model, el }) {
  el.classList.add("drawer");
  el.dataset.testid = "drawer";
  el.innerHTML = `<aside role="dialog" aria-label="One order" tabindex="-1" hidden><div class="drawer-head"><div><h2></h2><p class="drawer-facts"></p></div>
    <button type="button" class="clear">Close</button></div><p class="drawer-note"></p><ol class="events"></ol></aside>`;
  const aside = el.querySelector("aside");
  let before = null;
  const facts = () => {
    const line = el.querySelector(".drawer-facts");
    line.replaceChildren(model.get("facts"));
    for (const { what, at } of model.get("moments")) line.append(` · ${what} `, timeElement(at));
  };
  const close = () => model.send({ kind: "close" });
  const show = () => {
    const order = model.get("order_id");
    const opens = order && aside.hidden;
    aside.hidden = !order;
    el.querySelector("h2").textContent = order ? `Order ${order}` : "";
    facts();
    el.querySelector(".drawer-note").textContent = model.get("note");
    const rows = JSON.stringify(model.get("rows"));
    const list = el.querySelector("ol");
    if (list.dataset.rows !== rows) {
      list.dataset.rows = rows;
      list.replaceChildren(...model.get("rows").map(makeEvent));
    }
    if (opens) {
      before = document.activeElement;
      aside.focus();
    } else if (!order && before) {
      before.focus?.();
      before = null;
    }
  };
  el.querySelector("button").addEventListener("click", close);
  aside.addEventListener("keydown", (event) => event.key === "Escape" && close());
  show();
  for (const name of ["order_id", "facts", "moments", "note", "rows"]) model.on(`change:${name}`, show);
}

export default { render };
