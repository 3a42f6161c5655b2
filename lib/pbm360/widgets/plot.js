// Draw one plotly figure in a card and update it in place. plotly.js is loaded once a page, from the page's own server.

const SCRIPT_ID = "plotly-script";

function loadPlotly(address) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.pbm360Plotly ??= new Promise((resolve, reject) => {
    let script = document.getElementById(SCRIPT_ID);
    if (!script) {
      script = Object.assign(document.createElement("script"), { id: SCRIPT_ID, src: address });
      document.head.append(script);
    }
    script.addEventListener("load", () => resolve(window.Plotly));
    script.addEventListener("error", () => reject(new Error(`no chart library at ${address}`)));
  });
  return window.pbm360Plotly;
}

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

async function render({ model, el }) {
  el.classList.add("card", "plot-card");
  el.dataset.testid = `panel-${model.get("key")}`;
  const title = element("h2", "card-title", el);
  const subtitle = element("p", "card-subtitle", el);
  const drawing = element("div", "plot-area", el);
  drawing.setAttribute("role", "img");
  let plotly;
  try {
    plotly = await loadPlotly(model.get("plotly_address"));
  } catch (error) {
    drawing.textContent = `This chart can't be drawn: ${error.message}. Reload the page.`;
    return;
  }
  const draw = () => {
    const figure = JSON.parse(model.get("figure"));
    const { title: heading, ...layout } = figure.layout;
    title.textContent = heading?.text ?? "";
    subtitle.textContent = heading?.subtitle?.text ?? "";
    drawing.setAttribute("aria-label", `${title.textContent} ${subtitle.textContent}`);
    drawing.style.minHeight = `${layout.height}px`;
    return plotly.react(drawing, figure.data, layout, { displayModeBar: false, responsive: false });
  };
  await draw();
  drawing.on("plotly_click", (event) => {
    const [point] = event.points;
    model.set("clicked", { x: point.x, y: point.y, trace: point.data.name });
    model.save_changes();
  });
  model.on("change:figure", draw);
  const observer = new ResizeObserver(() => drawing.isConnected && plotly.Plots.resize(drawing));
  observer.observe(el);
  return () => {
    observer.disconnect();
    plotly.purge(drawing);
  };
}

export default { render };
