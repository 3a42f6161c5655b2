// Choose a past moment: a slider over the last days, in the viewer's zone with UTC at hand. Nothing is asked while it is dragged.

const STEP_MINUTES = 15;

function render({ model, el }) {
  el.classList.add("card", "look-back");
  el.dataset.testid = "look-back";
  const days = model.get("days");
  const most = (days * 24 * 60) / STEP_MINUTES;
  el.innerHTML = `<div class="card-head"><div class="card-words"><h2 class="card-title">What did we know at a past moment?</h2><p class="card-subtitle"></p></div>
    <div class="look-controls"><label><time class="look-time">now</time><input type="range" min="0" max="${most}" value="${most}" step="1" aria-label="Past moment"></label>
    <button type="button" class="clear" hidden>Back to now</button></div></div>`;
  const slider = el.querySelector("input");
  const label = el.querySelector(".look-time");
  const back = el.querySelector("button");
  const chosen = () => {
    const steps = most - Number(slider.value);
    return steps ? new Date(Math.floor(Date.now() / (STEP_MINUTES * 60000)) * STEP_MINUTES * 60000 - (steps - 1) * STEP_MINUTES * 60000) : null;
  };
  const tell = () => {
    const moment = chosen();
    label.textContent = moment ? window.pbm360.moment(moment) : "now";
    label.dateTime = moment?.toISOString() ?? "";
    slider.setAttribute("aria-valuetext", label.textContent);
    back.hidden = !moment;
  };
  const choose = () => {
    tell();
    model.set("moment", chosen()?.toISOString() ?? "");
    model.save_changes();
  };
  slider.addEventListener("input", tell);
  slider.addEventListener("change", choose);
  back.addEventListener("click", () => {
    slider.value = most;
    choose();
  });
  const note = () => {
    el.querySelector(".card-subtitle").textContent = model.get("note");
  };
  note();
  tell();
  model.on("change:note", note);
}

export default { render };
