// The page's head and its pulse: beats to the kernel, tells how old the data are, and warns when they are stale, also
// where the kernel no longer answers, because the age is counted here. A page whose kernel is gone loads itself anew.

const { clock, setAsOf, withLocal } = window.pbm360;
const FIRST_PICTURE_SECONDS = 8;
const SILENCE_SECONDS = 45; // a kernel that has not answered a heartbeat for so long is gone, and not only busy
const PATIENCE_SECONDS = 60; // and a first picture that has not come in so long will not come
const LEAST_RELOAD_SECONDS = 30;
const SPREAD_SECONDS = 10; // pages that lost one server come back one after another
const ALIVE = "voila/static/favicon.svg";
const TEXTS = {
  none: "No data yet: the dashboards' kernel has not answered.",
  first: "Waiting for the first snapshot of the warehouse.",
  offline: "This device is offline. The numbers move again once it is connected.",
  gone: "The dashboards' server does not answer; this page tries again by itself.",
  kernel: "This page has lost its connection and loads itself anew.",
  wait: "They move again as soon as the data come back.",
};

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
    <p class="chips"></p></div></div><div class="banner" role="alert" data-testid="banner" hidden><span class="banner-text"></span><span class="banner-age" aria-hidden="true"></span></div>`;
  el.querySelector("h1").textContent = model.get("title");
  el.querySelector(".head-title p").textContent = model.get("question");
}

function chip(entry) {
  const made = document.createElement("span");
  made.className = "chip";
  made.dataset.state = entry.state;
  made.dataset.testid = `chip-${entry.key}`;
  made.textContent = `${{ good: "●", quiet: "▲", bad: "■" }[entry.state] ?? ""} ${entry.text}`;
  made.title = withLocal(entry.detail);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Load the page anew where its server answers; a server that is gone, or a device without a network, is asked again.
async function comeBack(tell) {
  const base = document.body.dataset.baseUrl?.replace(/voila\/$/, "") ?? "/";
  const last = Number(sessionStorage.getItem("reloaded-at") ?? 0);
  if (Date.now() - last < 1000 * LEAST_RELOAD_SECONDS) return;
  try {
    const answer = await fetch(base + ALIVE, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
  } catch {
    tell(navigator.onLine ? TEXTS.gone : TEXTS.offline);
    return;
  }
  tell(TEXTS.kernel);
  sessionStorage.setItem("reloaded-at", String(Date.now()));
  setTimeout(() => location.reload(), 1000 * SPREAD_SECONDS * Math.random());
}

function render({ model, el }) {
  build(el, model);
  let ageAtArrival = null;
  let arrived = performance.now();
  let arrivedAt = Date.now(); // a machine that sleeps may stop the other clock, but not this one
  let heard = arrived;
  let trouble = "";
  const opened = arrived;
  const since = (moment) => (performance.now() - moment) / 1000;
  const age = () => (ageAtArrival === null ? null : ageAtArrival + Math.max(since(arrived), (Date.now() - arrivedAt) / 1000));

  const warning = (seconds) => {
    const why = navigator.onLine ? trouble : TEXTS.offline;
    if (ageAtArrival === null) return since(opened) > FIRST_PICTURE_SECONDS ? why || TEXTS.none : "";
    const failure = withLocal(model.get("failure"));
    if (model.get("as_of") === "") return why || failure || TEXTS.first;
    if (seconds <= model.get("stale_after_seconds")) return "";
    return `Stale: these numbers are of ${clock(new Date(model.get("as_of")))}. ${why || failure || TEXTS.wait}`;
  };
  const tell = () => {
    const seconds = age();
    const text = warning(seconds);
    setText(el.querySelector(".banner-text"), text);
    setText(el.querySelector(".banner-age"), text && model.get("as_of") ? ` ${ago(seconds)} old` : "");
    el.querySelector(".banner").hidden = !text;
    document.body.classList.toggle("is-stale", Boolean(text));
    el.querySelector(".dot").dataset.state = text ? "bad" : "good";
    const asOf = model.get("as_of");
    const shown = seconds === null || !asOf ? "Connecting …" : `${text ? "Stopped" : "Live"} · as of ${clock(new Date(asOf))} · ${ago(seconds)} ago`;
    setText(el.querySelector(".pulse-text"), shown);
  };
  const arrive = () => {
    ageAtArrival = model.get("age_seconds");
    arrived = heard = performance.now();
    arrivedAt = Date.now();
    trouble = "";
    document.body.dataset.tick = model.get("tick");
    setAsOf(model.get("as_of"));
    const chips = JSON.stringify(model.get("chips"));
    const line = el.querySelector(".chips");
    if (line.dataset.chips !== chips) {
      line.dataset.chips = chips;
      line.replaceChildren(...model.get("chips").map(chip));
    }
    tell();
    requestAnimationFrame(uncover);
  };
  const watch = () => {
    tell();
    if (since(opened) > FIRST_PICTURE_SECONDS) uncover();
    const patience = ageAtArrival === null ? PATIENCE_SECONDS : SILENCE_SECONDS;
    if (since(heard) > patience && !document.hidden) comeBack((text) => { trouble = text; });
  };
  const hear = () => {
    heard = performance.now();
    trouble = "";
  };
  const tellBusy = () => {
    document.body.classList.toggle("is-busy", model.get("busy"));
    document.querySelector(".columns")?.setAttribute("aria-busy", String(model.get("busy"))); // not of the head, whose banner must be heard
  };
  tellBusy();
  model.on("change:busy", tellBusy);
  setAsOf(model.get("as_of")); // of what the page opens with, until it is told anew
  model.on("change:tick", arrive);
  model.on("msg:custom", hear);
  const beat = async () => {
    try {
      await model.send({ kind: "beat" });
    } catch {
      // a kernel that is gone can't be told anything: its silence is noticed
    }
  };
  const wake = () => {
    if (document.hidden) return;
    heard = performance.now(); // a page that slept gives its kernel time to answer
    beat();
  };
  beat();
  const beats = setInterval(beat, 1000 * model.get("beat_seconds"));
  const second = setInterval(watch, 1000);
  document.addEventListener("visibilitychange", wake);
  return () => {
    clearInterval(beats);
    clearInterval(second);
    document.removeEventListener("visibilitychange", wake);
  };
}

export default { render };
