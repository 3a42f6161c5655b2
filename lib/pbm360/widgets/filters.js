// Let the viewer narrow the page. The choice is kept in the address, so that a view can be shared; the kernel checks it.

function fromAddress() {
  return new Map(new URLSearchParams(location.hash.slice(1)));
}

function offers(filters, key, value) {
  return filters.some((filter) => filter.key === key && filter.options.some(([option]) => option === value));
}

function intoAddress(chosen) {
  const text = new URLSearchParams(chosen).toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

function fillOptions(select, filter, chosen) {
  const options = [["", filter.all_label], ...filter.options];
  if (select.dataset.options !== JSON.stringify(options)) {
    select.dataset.options = JSON.stringify(options);
    select.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
  }
  select.value = chosen[filter.key] ?? "";
}

function render({ model, el }) {
  el.classList.add("filters");
  el.setAttribute("role", "search");
  el.setAttribute("aria-label", "Filters");
  const selects = new Map();
  const clear = Object.assign(document.createElement("button"), { type: "button", className: "clear", textContent: "Clear filters" });
  const note = Object.assign(document.createElement("span"), { className: "filter-note" });
  note.setAttribute("role", "status");
  const choose = (chosen) => {
    model.set("chosen", chosen);
    model.save_changes();
  };
  const show = () => {
    const chosen = model.get("chosen");
    for (const filter of model.get("filters")) {
      if (!selects.has(filter.key)) {
        const label = document.createElement("label");
        const select = document.createElement("select");
        select.dataset.testid = `filter-${filter.key}`;
        label.append(Object.assign(document.createElement("span"), { textContent: filter.label }), select);
        el.insertBefore(label, clear.isConnected ? clear : null);
        selects.set(filter.key, select);
        select.addEventListener("change", () => {
          const { [filter.key]: _, ...rest } = model.get("chosen");
          choose(select.value ? { ...rest, [filter.key]: select.value } : rest);
        });
      }
      fillOptions(selects.get(filter.key), filter, chosen);
    }
    clear.hidden = Object.keys(chosen).length === 0;
  };
  // A kernel that was warmed before the first data offers nothing yet: what the address asks for waits until it does.
  let wanted = fromAddress();
  const restore = () => {
    const offered = [...wanted].filter(([key, value]) => offers(model.get("filters"), key, value));
    for (const [key] of offered) wanted.delete(key);
    if (offered.length) choose({ ...model.get("chosen"), ...Object.fromEntries(offered) });
    const asked = [...wanted].map(([key, value]) => `${key} ${value}`).join(", ");
    const text = asked && model.get("filters").length ? `The address asks for ${asked}: no order has that now, so it is left out` : "";
    if (note.textContent !== text) note.textContent = text;
  };
  show();
  el.append(clear, note);
  clear.addEventListener("click", () => choose({}));
  const readAddress = () => {
    wanted = fromAddress();
    model.set("chosen", {});
    restore();
    model.save_changes();
  };
  window.addEventListener("hashchange", readAddress); // another address in the same tab; our own changes raise no event
  model.on("change:filters", () => {
    show();
    restore();
  });
  model.on("change:chosen", () => {
    show();
    intoAddress(model.get("chosen"));
  });
  restore();
  return () => window.removeEventListener("hashchange", readAddress);
}

export default { render };
