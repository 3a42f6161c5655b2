// One order's story in a drawer at the side. The times are the viewer's, with UTC at hand.

function duration(hours) {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}

function time(text) {
  const made = document.createElement("time");
  const date = new Date(text);
  made.dateTime = text;
  made.title = `${text.slice(0, 19).replace("T", " ")} UTC`;
  made.textContent = date.toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return made;
}

function span(className, text) {
  return Object.assign(document.createElement("span"), { className, textContent: text });
}

function makeEvent(row) {
  const item = document.createElement("li");
  if (row.wait_hours !== null && row.wait_hours >= 0) item.append(span("event-wait", `+ ${duration(row.wait_hours)}`));
  const line = document.createElement("div");
  line.className = "event-line";
  line.append(time(row.event_at), span("event-what", row.what));
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
  const close = () => model.send({ kind: "close" });
  const show = () => {
    const order = model.get("order_id");
    const opens = order && aside.hidden;
    aside.hidden = !order;
    el.querySelector("h2").textContent = order ? `Order ${order}` : "";
    el.querySelector(".drawer-facts").textContent = model.get("facts");
    el.querySelector(".drawer-note").textContent = model.get("note");
    el.querySelector("ol").replaceChildren(...model.get("rows").map(makeEvent));
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
  for (const name of ["order_id", "facts", "note", "rows"]) model.on(`change:${name}`, show);
}

export default { render };
