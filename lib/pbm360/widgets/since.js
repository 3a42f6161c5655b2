// What changed since a moment that the viewer chooses: the beginning of a shift, in the viewer's zone.

const SHIFTS = [6, 14, 22];
const LABELS = { shift: "this shift began", hour: "an hour ago", day: "yesterday, this time" };

function shiftStart(now) {
  const starts = [-1, 0].flatMap((day) => SHIFTS.map((hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, hour)));
  return starts.filter((start) => start <= now).at(-1);
}

function instant(choice) {
  const now = new Date();
  const minute = Math.floor(now / 300000) * 300000; // the counts come by five minutes
  if (choice === "day") return new Date(minute - 86400000);
  return choice === "hour" ? new Date(minute - 3600000) : shiftStart(now);
}

function render({ model, el }) {
  el.classList.add("card", "since");
  el.dataset.testid = "since";
  el.innerHTML = `<div class="card-head"><div class="card-words"><h2 class="card-title"></h2><p class="card-subtitle"></p></div>
    <label class="since-choice"><span>Since</span><select></select></label></div><ul></ul>`;
  el.querySelector("h2").textContent = model.get("title");
  const select = el.querySelector("select");
  select.append(...Object.entries(LABELS).map(([value, label]) => new Option(label, value)));
  select.value = "shift";
  const show = () => {
    const { first_at, step_minutes, rows } = model.get("changes");
    if (!rows) return;
    const moment = instant(select.value);
    const first = Math.max(Math.ceil((moment - new Date(first_at)) / (step_minutes * 60000)), 0);
    el.querySelector(".card-subtitle").textContent = `since ${window.pbm360.moment(moment)}`;
    el.querySelector("ul").replaceChildren(...rows.map((row) => {
      const count = row.counts.slice(first).reduce((sum, value) => sum + value, 0);
      const item = document.createElement("li");
      item.dataset.key = row.key;
      if (row.status && count) item.dataset.status = row.status;
      item.append(
        Object.assign(document.createElement("b"), { textContent: count.toLocaleString("en-US") }),
        Object.assign(document.createElement("span"), { textContent: row.what }),
      );
      return item;
    }));
  };
  select.addEventListener("change", show);
  show();
  model.on("change:changes", show);
}

export default { render };
