// The page's head and its pulse: beats to the kernel, tells how old the data are, and warns when they are stale,
// also where the kernel no longer answers, because the age is counted here.

const FIRST_PICTURE_SECONDS = 8;

function clock(date) {
  return date.toISOString().slice(11, 19);
}

function ago(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

function uncover() {
  document.getElementById("loading")?.remove();
}

function build(el, model) {
  el.classList.add("page-head");
  el.innerHTML = `<div class="head-row"><div class="head-title"><h1></h1><p></p></div>
    <div class="head-state"><p class="pulse" data-testid="as-of"><span class="dot" aria-hidden="true"></span><span class="pulse-text"></span></p>
    <p class="chips"></p></div></div><div class="banner" role="alert" data-testid="banner" hidden></div>`;
  el.querySelector("h1").textContent = model.get("title");
  el.querySelector(".head-title p").textContent = model.get("question");
}

function chip(entry) {
  const made = document.createElement("span");
  made.className = "chip";
  made.dataset.state = entry.state;
  made.dataset.testid = `chip-${entry.key}`;
  made.textContent = `${{ good: "●", quiet: "▲", bad: "■" }[entry.state] ?? ""} ${entry.text}`;
  made.title = entry.detail;
  return made;
}

function render({ model, el }) {
  build(el, model);
  let ageAtArrival = null;
  let arrived = performance.now();
  const opened = arrived;
  const age = () => (ageAtArrival === null ? null : ageAtArrival + (performance.now() - arrived) / 1000);

  const warning = (seconds) => {
    if (ageAtArrival === null) return (performance.now() - opened) / 1000 > FIRST_PICTURE_SECONDS ? "No data yet: the dashboards' kernel has not answered. Reload the page if this stays." : "";
    const failure = model.get("failure");
    if (model.get("as_of") === "") return failure || "Waiting for the first snapshot of the warehouse.";
    if (seconds <= model.get("stale_after_seconds")) return "";
    const moment = clock(new Date(model.get("as_of")));
    return `Stale: these numbers are ${ago(seconds)} old, as of ${moment} UTC. ${failure || "They will move again as soon as the data come back; reload the page if this stays."}`;
  };
  const tell = () => {
    const seconds = age();
    const text = warning(seconds);
    const banner = el.querySelector(".banner");
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = !text;
    document.body.classList.toggle("is-stale", Boolean(text));
    el.querySelector(".dot").dataset.state = text ? "bad" : "good";
    const asOf = model.get("as_of");
    const shown = seconds === null || !asOf ? "Connecting …" : `${text ? "Stopped" : "Live"} · data as of ${clock(new Date(asOf))} UTC · ${ago(seconds)} ago`;
    el.querySelector(".pulse-text").textContent = shown;
  };
  const arrive = () => {
    ageAtArrival = model.get("age_seconds");
    arrived = performance.now();
    document.body.dataset.tick = model.get("tick");
    if (model.get("as_of")) el.querySelector(".pulse").title = `${new Date(model.get("as_of")).toLocaleTimeString()} in your time zone`;
    el.querySelector(".chips").replaceChildren(...model.get("chips").map(chip));
    tell();
    requestAnimationFrame(uncover);
  };
  model.on("change:tick", arrive);
  const beat = () => model.send({ kind: "beat" });
  beat();
  const beats = setInterval(beat, 1000 * model.get("beat_seconds"));
  const second = setInterval(() => {
    tell();
    if (performance.now() - opened > 1000 * FIRST_PICTURE_SECONDS) uncover();
  }, 1000);
  document.addEventListener("visibilitychange", () => document.hidden || beat());
  return () => {
    clearInterval(beats);
    clearInterval(second);
  };
}

export default { render };
